//! Tasks behind locks: whose they are meanwhile, and what wakes them.

use expect_test::expect;

use crate::script::check;

#[test]
fn a_task_behind_somebodys_lock_goes_to_the_holder() {
    check(expect![[r#"
        given register ada
        given register bo
        given bo claims src/
        task One files=src/a.rs
            = T1 PENDING, bo's
              task_created T1
              task_assigned T1 to bo
              message_sent 1 to bo: TASK_ASSIGNED T1
        # Until it is busy, and beyond: nobody else may.
        task Two files=src/b.rs
            = T2 PENDING, bo's
              task_created T2
              task_assigned T2 to bo
              message_sent 2 to bo: TASK_ASSIGNED T2
        ada asks for work
            = nothing to do
    "#]]);
}

#[test]
fn a_task_behind_a_lock_is_dealt_out_when_the_lock_ends() {
    check(expect![[r#"
        given register ada can=rust
        given register bo
        given bo claims src/ "formatting"
        # Ada may not, and bo cannot.
        task One files=src/a.rs needs=rust
            = T1 PENDING
              task_created T1
              task_parked T1 behind bo's src/
        given task Two needs=rust
        show T1
            T1 PENDING, 0%, attempt 0
        bo frees src/
            = released src/
              locks_released of bo: src/, given back
              task_assigned T1 to ada
              message_sent 2 to ada: TASK_ASSIGNED T1
    "#]]);
}

#[test]
fn a_task_behind_two_holders_goes_to_the_one_who_remains() {
    check(expect![[r#"
        given register ada
        given register bo
        given ada claims a.py
        given bo claims b.py
        task One files=a.py,b.py
            = T1 PENDING
              task_created T1
              task_parked T1 behind ada's a.py, bo's b.py
        bo frees b.py
            = released b.py
              locks_released of bo: b.py, given back
              task_assigned T1 to ada
              message_sent 1 to ada: TASK_ASSIGNED T1
    "#]]);
}

#[test]
fn a_task_behind_shared_locks_goes_to_the_last_who_reads() {
    check(expect![[r#"
        given register ada
        given register bo
        given ada claims a.py shared
        given bo claims a.py shared
        task One files=a.py
            = T1 PENDING
              task_created T1
              task_parked T1 behind ada's a.py, bo's a.py
        bo frees a.py
            = released a.py
              locks_released of bo: a.py, given back
              task_assigned T1 to ada
              message_sent 1 to ada: TASK_ASSIGNED T1
    "#]]);
}

#[test]
fn a_later_holder_in_the_way_is_noticed_too() {
    check(expect![[r#"
        given register ada
        given register bo
        given ada claims a.py
        # Only ada may, and cannot.
        task One files=a.py,b.py needs=rust
            = T1 PENDING
              task_created T1
              task_parked T1 behind ada's a.py
        given bo claims b.py
        # Now ada can, and may not.
        register ada can=rust takeover
            = ada is IDLE
              manus_registered ada
              task_parked T1 behind ada's a.py, bo's b.py
        bo frees b.py
            = released b.py
              locks_released of bo: b.py, given back
              task_assigned T1 to ada
              message_sent 1 to ada: TASK_ASSIGNED T1
    "#]]);
}

#[test]
fn holding_most_of_a_folder_is_not_holding_it() {
    check(expect![[r#"
        given register ada
        given register bo
        given ada claims src/1 src/2 src/3 src/4 src/5 src/6 src/7 src/8 src/9
        given bo claims src/zero
        task One files=src/
            = T1 PENDING
              task_created T1
              task_parked T1 behind ada's src/1, ada's src/2, ada's src/3, ada's src/4, ada's src/5, ada's src/6, ada's src/7, ada's src/8, ada's src/9, bo's src/zero
        bo frees src/zero
            = released src/zero
              locks_released of bo: src/zero, given back
              task_assigned T1 to ada
              message_sent 1 to ada: TASK_ASSIGNED T1
    "#]]);
}

#[test]
fn a_lock_that_came_later_counts_from_the_next_start_on() {
    check(expect![[r#"
        given register ada can=rust
        given register bo
        given bo claims src/a.rs
        task One files=src/a.rs,src/b.rs needs=rust
            = T1 PENDING
              task_created T1
              task_parked T1 behind bo's src/a.rs
        given bo claims src/b.rs
        given server starts
        bo frees src/b.rs
            = released src/b.rs
              locks_released of bo: src/b.rs, given back
              task_parked T1 behind bo's src/a.rs
    "#]]);
}
