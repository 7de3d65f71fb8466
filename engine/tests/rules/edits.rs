//! Changes to what a task is.

use expect_test::expect;

use crate::script::check;

#[test]
fn a_more_urgent_task_moves_forward_in_the_queue() {
    check(expect![[r#"
        given register ada
        given task One
        given task Two
        given task Three
        show ada
            SPEED_DEVELOPER IDLE, 0%, seen 0s, tasks: T1, T2, T3, files: nothing, can: nothing
        update T3 prio=CRITICAL
            = T3 PENDING, ada's
              task_updated T3
              message_sent 4 to ada: TASK_UPDATED T3
        show ada
            SPEED_DEVELOPER IDLE, 0%, seen 0s, tasks: T3, T1, T2, files: nothing, can: nothing
        ada asks for work
            = T3 IN_PROGRESS, ada's
              task_started T3 by ada
    "#]]);
}

#[test]
fn an_estimate_moves_the_longest_chain_forward() {
    check(expect![[r#"
        given register ada
        given task One est=30
        given task Two est=30
        given task Three after=T2 est=10
        show ada
            SPEED_DEVELOPER IDLE, 0%, seen 0s, tasks: T2, T1, files: nothing, can: nothing
        update T3 after=T1 est=60
            = T3 BLOCKED by T1
              task_updated T3 waits for T1
        show ada
            SPEED_DEVELOPER IDLE, 0%, seen 0s, tasks: T1, T2, files: nothing, can: nothing
    "#]]);
}

#[test]
fn what_is_pushed_back_goes_to_somebody_idle() {
    check(expect![[r#"
        given register ada can=rust
        given register bo
        given task One needs=rust
        given task Two needs=rust
        show ada
            SPEED_DEVELOPER IDLE, 0%, seen 0s, tasks: T1, T2, files: nothing, can: rust
        # bo could do it now.
        update T2 needs=none
            = T2 PENDING, bo's
              task_updated T2
              message_sent 3 to ada: TASK_UPDATED T2
              task_assigned T2 to bo
              message_sent 4 to bo: TASK_ASSIGNED T2
              message_sent 5 to ada: TASK_REASSIGNED T2, assigned_to bo
    "#]]);
}

#[test]
fn a_new_dependency_blocks_and_dropping_it_unblocks() {
    check(expect![[r#"
        given register ada
        given task One
        given task Two
        update T2 after=T1
            = T2 BLOCKED by T1
              task_updated T2 waits for T1
              task_unassigned T2
              message_sent 3 to ada: TASK_REASSIGNED T2, reason it waits for other tasks now
        update T2 after=none
            = T2 PENDING, ada's
              task_updated T2
              task_assigned T2 to ada
              message_sent 4 to ada: TASK_ASSIGNED T2
        given update T2 after=T1
        given ada starts T1
        ada completes T1
            = T1 COMPLETED, ada's
              task_completed T1
              task_unblocked T2
              manus_scored ada 103.75
              task_assigned T2 to ada
              message_sent 6 to ada: TASK_ASSIGNED T2
        # Waiting for what is done is no waiting.
        update T2 after=T1
            = T2 PENDING, ada's
              task_updated T2
    "#]]);
}

#[test]
fn cycles_are_spelled_out() {
    check(expect![[r#"
        given task One
        given task Two after=T1
        given task Three after=T2
        given task Four
        update T1 after=T3
            ! dependency_cycle: these tasks would wait for each other: T1 -> T3 -> T2 -> T1; leave out one of the dependencies
        update T1 after=T4,T2
            ! dependency_cycle: these tasks would wait for each other: T1 -> T2 -> T1; leave out one of the dependencies
        update T1 after=T1
            ! dependency_cycle: these tasks would wait for each other: T1 -> T1; leave out one of the dependencies
        update T1 after=T9
            ! task_not_found: there is no task T9; list_tasks shows the ids
        given cancel T4
        update T1 after=T4
            ! task_closed: T4 is CANCELLED; nothing more can be done with it, and no task can wait for it; create another task instead
        # Nothing was changed.
        show T1
            T1 PENDING, 0%, attempt 0
    "#]]);
}

#[test]
fn a_dependency_named_twice_counts_once() {
    check(expect![[r#"
        given register ada
        given task One
        given task Two
        update T2 after=T1,T1
            = T2 BLOCKED by T1
              task_updated T2 waits for T1
              task_unassigned T2
              message_sent 3 to ada: TASK_REASSIGNED T2, reason it waits for other tasks now
        given ada starts T1
        ada completes T1
            = T1 COMPLETED, ada's
              task_completed T1
              task_unblocked T2
              manus_scored ada 103.75
              task_assigned T2 to ada
              message_sent 4 to ada: TASK_ASSIGNED T2
    "#]]);
}

#[test]
fn other_needs_move_a_queued_task_to_somebody_who_can() {
    check(expect![[r#"
        given register ada
        given register bo can=rust
        given task One
        update T1 needs=rust
            = T1 PENDING, bo's
              task_updated T1
              task_unassigned T1
              message_sent 2 to ada: TASK_REASSIGNED T1, reason it needs somebody else now
              task_assigned T1 to bo
              message_sent 3 to bo: TASK_ASSIGNED T1
        # What was given by hand stays.
        given task Two
        given assign T2 to ada
        update T2 needs=rust
            = T2 PENDING, ada's
              task_updated T2
              message_sent 5 to ada: TASK_UPDATED T2
        # Nobody can: it is nobody's.
        given task Three
        update T3 needs=python
            = T3 PENDING
              task_updated T3
              task_unassigned T3
              message_sent 7 to ada: TASK_REASSIGNED T3, reason it needs somebody else now
        register cy can=python
            = cy is IDLE
              manus_registered cy
              task_assigned T3 to cy
              message_sent 8 to cy: TASK_ASSIGNED T3
    "#]]);
}

#[test]
fn other_files_may_bring_a_task_behind_a_lock_or_out_of_it() {
    check(expect![[r#"
        given register ada
        given register bo
        given ada claims a.py
        given drain ada
        given task One files=a.py
        update T1 files=b.py
            = T1 PENDING, bo's
              task_updated T1
              task_assigned T1 to bo
              message_sent 1 to bo: TASK_ASSIGNED T1
        given task Two files=c.py
        given bo claims c.py
        given drain bo
        update T2 files=a.py
            = T2 PENDING
              task_updated T2
              task_parked T2 behind ada's a.py
    "#]]);
}

#[test]
fn what_a_started_task_needs_is_settled() {
    check(expect![[r#"
        given register ada
        given task One files=a.py est=30
        given task Two
        given ada starts T1
        update T1 files=b.py
            ! task_under_way: T1 is IN_PROGRESS; its files_involved can only be changed before it is started: release the task first
        update T1 after=T2
            ! task_under_way: T1 is IN_PROGRESS; its dependencies can only be changed before it is started: release the task first
        update T1 needs=rust
            ! task_under_way: T1 is IN_PROGRESS; its required_capabilities can only be changed before it is started: release the task first
        update T1 "Another title" prio=LOW est=60 description="at length"
            = T1 IN_PROGRESS, ada's
              task_updated T1
              message_sent 3 to ada: TASK_UPDATED T1
        given ada completes T1
        update T1 prio=HIGH
            ! task_closed: T1 is COMPLETED; nothing more can be done with it; create another task instead
        update T9 prio=HIGH
            ! task_not_found: there is no task T9; list_tasks shows the ids
    "#]]);
}

#[test]
fn what_somebody_chose_by_hand_survives_an_edit() {
    check(expect![[r#"
        given register ada
        given register bo
        given task One
        given task Two after=T1
        given assign T2 to bo
        update T2 "Another title"
            = T2 BLOCKED by T1, bo's
              task_updated T2 waits for T1
              message_sent 3 to bo: TASK_UPDATED T2
        show T2
            T2 BLOCKED by T1, bo's, 0%, attempt 0, pinned
        update T2 after=none
            = T2 PENDING, bo's
              task_updated T2
              message_sent 4 to bo: TASK_UNBLOCKED T2
              message_sent 5 to bo: TASK_UPDATED T2
    "#]]);
}

#[test]
fn an_edit_that_makes_ready_what_was_promised_to_somebody_away() {
    check(expect![[r#"
        given register ada
        given task One
        given task Two after=T1
        given assign T2 to ada
        given at 60s
        given register bo
        given at 120s
        show T2
            T2 BLOCKED by T1, ada's, 0%, attempt 0, pinned
        update T2 after=none
            = T2 PENDING, bo's
              task_updated T2
              task_unassigned T2
              message_sent 5 to ada: TASK_REASSIGNED T2, reason you were away when it became ready
              task_assigned T2 to bo
              message_sent 6 to bo: TASK_ASSIGNED T2
    "#]]);
}

#[test]
fn a_held_task_can_be_changed_and_stays_held() {
    check(expect![[r#"
        given register ada
        given task One
        given ada blocks T1 "not yet"
        update T1 files=b.py needs=rust
            = T1 BLOCKED, ada's
              task_updated T1
              message_sent 2 to ada: TASK_UPDATED T1
        show T1
            T1 BLOCKED, ada's, 0%, attempt 0, because not yet
    "#]]);
}
