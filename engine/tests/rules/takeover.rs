//! Queued work moves to whoever can begin it sooner, by itself or on asking for it.

use expect_test::expect;

use crate::script::check;

#[test]
fn an_idle_agent_takes_over_what_waits_behind_a_busy_one() {
    check(expect![[r#"
        given register ada
        given task One
        given task Two
        given task Three prio=HIGH needs=rust
        given ada starts T1
        register bo
            = bo is IDLE
              manus_registered bo
              task_assigned T2 to bo
              message_sent 3 to bo: TASK_ASSIGNED T2
              message_sent 4 to ada: TASK_REASSIGNED T2, assigned_to bo
        show T2
            T2 PENDING, bo's, 0%, attempt 0
        given bo starts T2
        # Nothing waits for bo's hands: ada's only task is running.
        bo completes T2
            = T2 COMPLETED, bo's
              task_completed T2
              manus_scored bo 103.75
    "#]]);
}

#[test]
fn what_could_begin_at_once_is_not_taken_over() {
    check(expect![[r#"
        given register ada parallel=2
        given task One
        given task Two
        register bo
            = bo is IDLE
              manus_registered bo
        given task Three
        ada beats
            = 2 unread, T1, T2, at 0s
              heartbeats_seen ada
    "#]]);
}

#[test]
fn a_newcomer_with_several_hands_fills_them() {
    check(expect![[r#"
        given register ada
        given task One
        given task Two
        given task Three
        given task Four
        given ada starts T1
        register bo parallel=2
            = bo is IDLE
              manus_registered bo
              task_assigned T2 to bo
              message_sent 5 to bo: TASK_ASSIGNED T2
              message_sent 6 to ada: TASK_REASSIGNED T2, assigned_to bo
              task_assigned T3 to bo
              message_sent 7 to bo: TASK_ASSIGNED T3
              message_sent 8 to ada: TASK_REASSIGNED T3, assigned_to bo
    "#]]);
}

#[test]
fn what_was_given_by_hand_stays_where_it_is() {
    check(expect![[r#"
        given register ada
        given task One
        given task Two
        given task Three
        # It is ada's already; now it is so by hand.
        assign T2 to ada
            = T2 PENDING, ada's
              task_assigned T2 to ada by hand
        assign T2 to ada
            = T2 PENDING, ada's
        given ada starts T1
        register bo
            = bo is IDLE
              manus_registered bo
              task_assigned T3 to bo
              message_sent 4 to bo: TASK_ASSIGNED T3
              message_sent 5 to ada: TASK_REASSIGNED T3, assigned_to bo
        show T2
            T2 PENDING, ada's, 0%, attempt 0, pinned
        bo asks for work
            = T3 IN_PROGRESS, bo's
              task_started T3 by bo
        bo asks for work
            ! at_capacity: bo already works on 1 of 1 tasks (T3); complete or release one first, or register with a larger max_parallel
    "#]]);
}

#[test]
fn work_pushed_back_in_a_queue_goes_to_somebody_idle() {
    check(expect![[r#"
        given register ada can=rust
        given task One
        given register bo
        # Bo cannot do this, but what it pushes back.
        task Urgent prio=HIGH needs=rust
            = T2 PENDING, ada's
              task_created T2
              task_assigned T2 to ada
              message_sent 2 to ada: TASK_ASSIGNED T2
              task_assigned T1 to bo
              message_sent 3 to bo: TASK_ASSIGNED T1
              message_sent 4 to ada: TASK_REASSIGNED T1, assigned_to bo
    "#]]);
}

#[test]
fn work_passed_over_goes_to_somebody_idle() {
    check(expect![[r#"
        given register ada can=rust
        given task One
        given task Two needs=rust
        given register bo
        ada starts T2
            = T2 IN_PROGRESS, ada's
              task_started T2 by ada
              task_assigned T1 to bo
              message_sent 3 to bo: TASK_ASSIGNED T1
              message_sent 4 to ada: TASK_REASSIGNED T1, assigned_to bo
    "#]]);
}

#[test]
fn an_agent_relieved_by_hand_gets_something_else() {
    check(expect![[r#"
        settings queue=1
        given register ada can=rust
        given register bo
        given task One
        given task Two needs=rust
        given task Three needs=rust
        # Bo has T1, ada has T2, and T3 waits for room.
        assign T2 to bo
            = T2 PENDING, bo's
              task_assigned T2 to bo by hand
              message_sent 3 to bo: TASK_ASSIGNED T2
              message_sent 4 to ada: TASK_REASSIGNED T2, assigned_to bo
              task_assigned T3 to ada
              message_sent 5 to ada: TASK_ASSIGNED T3
    "#]]);
}

#[test]
fn whoever_holds_the_file_takes_over_what_is_stuck_behind_it() {
    check(expect![[r#"
        given register ada
        given register bo
        given task One files=a.py
        # Now ada cannot begin T1, and bo could.
        given bo claims a.py
        bo asks for work
            = T1 IN_PROGRESS, bo's with a.py #1
              task_assigned T1 to bo, who took it
              locks_granted to bo: a.py #1
              task_started T1 by bo
              message_sent 2 to ada: TASK_REASSIGNED T1, assigned_to bo
    "#]]);
}

#[test]
fn next_task_takes_the_best_of_queue_and_pool() {
    check(expect![[r#"
        settings queue=2
        given register ada
        given register bo
        given task One prio=LOW
        given task Two prio=LOW
        given task Three
        given task Four
        given task Five prio=HIGH
        show ada
            SPEED_DEVELOPER IDLE, 0%, seen 0s, tasks: T3, T1, files: nothing, can: nothing
        # The queues are full, but what is most urgent starts first all the same.
        ada asks for work
            = T5 IN_PROGRESS, ada's
              task_assigned T5 to ada, who took it
              task_started T5 by ada
        bo asks for work
            = T4 IN_PROGRESS, bo's
              task_started T4 by bo
        show ada
            SPEED_DEVELOPER ACTIVE at T5, 0%, seen 0s, tasks: T5, T3, T1, files: nothing, can: nothing
    "#]]);
}

#[test]
fn next_task_takes_what_was_given_back() {
    check(expect![[r#"
        given register ada
        given task One
        given task Two prio=LOW
        given ada gives back T1
        # From the pool, since it is better than what waits in the queue.
        ada asks for work
            = T1 IN_PROGRESS, ada's
              task_assigned T1 to ada, who took it
              task_started T1 by ada
    "#]]);
}

#[test]
fn next_task_takes_over_what_waits_behind_somebody() {
    check(expect![[r#"
        given register ada
        given register bo
        given task One
        given task Two files=b.py
        given task Three
        # What bo has is locked, and what ada has second would wait.
        given ada claims b.py
        show ada
            SPEED_DEVELOPER IDLE, 0%, seen 0s, tasks: T1, T3, files: b.py, can: nothing
        show bo
            SPEED_DEVELOPER IDLE, 0%, seen 0s, tasks: T2, files: nothing, can: nothing
        bo asks for work
            = T3 IN_PROGRESS, bo's
              task_assigned T3 to bo, who took it
              task_started T3 by bo
              message_sent 4 to ada: TASK_REASSIGNED T3, assigned_to bo
        given bo completes T3
        # Nothing to do is an answer, too.
        bo asks for work
            = nothing to do
    "#]]);
}

#[test]
fn next_task_brings_a_lost_agent_back() {
    check(expect![[r#"
        settings timeout=10s
        given register ada
        given task One
        given at 11s
        ada asks for work
            = T1 IN_PROGRESS, ada's
              manus_revived ada
              task_assigned T1 to ada
              message_sent 3 to ada: TASK_ASSIGNED T1
              task_started T1 by ada
    "#]]);
}

#[test]
fn next_task_passes_over_what_is_locked() {
    check(expect![[r#"
        given register ada
        given register bo
        given task One files=a.py prio=HIGH
        given task Two
        given task Three files=c.py
        given bo claims a.py
        show ada
            SPEED_DEVELOPER IDLE, 0%, seen 0s, tasks: T1, T3, files: nothing, can: nothing
        ada asks for work
            = T3 IN_PROGRESS, ada's with c.py #2 for T3
              locks_granted to ada: c.py #2 for T3
              task_started T3 by ada
    "#]]);
}

#[test]
fn a_queued_task_goes_to_somebody_idle_when_its_file_comes_free() {
    check(expect![[r#"
        given register ada
        given register cy
        given drain cy
        given task One
        given task Two files=a.py
        given task Three files=a.py
        given assign T3 to ada
        given ada starts T1
        given cy claims a.py
        # Nothing here that bo could begin now.
        register bo
            = bo is IDLE
              manus_registered bo
        cy frees a.py
            = released a.py
              locks_released of cy: a.py, given back
              task_assigned T2 to bo
              message_sent 4 to bo: TASK_ASSIGNED T2
              message_sent 5 to ada: TASK_REASSIGNED T2, assigned_to bo
        # What was given by hand stays.
        show ada
            SPEED_DEVELOPER ACTIVE at T1, 0%, seen 0s, tasks: T1, T3, files: nothing, can: nothing
    "#]]);
}
