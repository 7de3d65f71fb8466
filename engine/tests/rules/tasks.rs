//! A task's life: created, reported on, completed, given back, cancelled; and every way in which that is refused.

use expect_test::expect;

use crate::script::check;

#[test]
fn from_creation_to_completion() {
    check(expect![[r#"
        given register ada
        task "Build login" files=src/auth.py est=45 prio=HIGH
            = T1 PENDING, ada's
              task_created T1
              task_assigned T1 to ada
              message_sent 1 to ada: TASK_ASSIGNED T1
        at 10s
        ada starts T1
            = T1 IN_PROGRESS, ada's with src/auth.py #1 for T1
              locks_granted to ada: src/auth.py #1 for T1
              task_started T1 by ada
        at 20s
        ada reports T1 50% "the form is there"
            = T1 IN_PROGRESS, ada's
              task_progressed T1 50% "the form is there"
        show T1
            T1 IN_PROGRESS, ada's, 50%, attempt 1, note "the form is there", started 10s
        at 30s
        ada completes T1 "merged as 4f2a"
            = T1 COMPLETED, ada's
              locks_released of ada: src/auth.py, task ended
              task_completed T1
              manus_scored ada 103.75
        show T1
            T1 COMPLETED, ada's, 100%, attempt 1, note "the form is there", result merged as 4f2a, started 10s, closed 30s
        show ada
            SPEED_DEVELOPER IDLE, 0%, seen 30s, tasks: nothing, files: nothing, can: nothing
        show locks
            nothing
    "#]]);
}

#[test]
fn a_task_without_anybody_waits_for_somebody() {
    check(expect![[r#"
        task One
            = T1 PENDING
              task_created T1
        task Two
            = T2 PENDING
              task_created T2
        register ada
            = ada is IDLE
              manus_registered ada
              task_assigned T1 to ada
              message_sent 1 to ada: TASK_ASSIGNED T1
              task_assigned T2 to ada
              message_sent 2 to ada: TASK_ASSIGNED T2
    "#]]);
}

#[test]
fn a_batch_is_created_all_or_none() {
    check(expect![[r#"
        tasks Schema est=10 | Api after=Schema est=20 | Page after=Api,Schema files=page.html
            = T1 PENDING; T2 BLOCKED by T1; T3 BLOCKED by T1, T2
              task_created T1
              task_created T2 waits for T1
              task_created T3 waits for T2, T1
        # Order within the batch does not matter.
        tasks Last after=First | First
            = T4 BLOCKED by T5; T5 PENDING
              task_created T5
              task_created T4 waits for T5
        tasks Good | Bad after=T9
            ! task_not_found: there is no task T9; list_tasks shows the ids
        tasks Good | Bad after=#7
            ! invalid_argument: a dependency names task 7 of a batch of 2
        task Next
            = T6 PENDING
              task_created T6
        # Nothing asked, nothing done.
        tasks
            = nothing
    "#]]);
}

#[test]
fn progress_does_not_go_back() {
    check(expect![[r#"
        given register ada
        given task One
        ada reports T1 10%
            ! task_not_started: T1 is PENDING, not IN_PROGRESS; start_task first
        given ada starts T1
        ada reports T1 50%
            = T1 IN_PROGRESS, ada's
              task_progressed T1 50%
        ada reports T1 50% "still at it"
            = T1 IN_PROGRESS, ada's
              task_progressed T1 50% "still at it"
        ada reports T1 40%
            ! progress_would_go_back: T1 is at 50% and progress does not go back; report 50 or more, or release the task
        ada reports T1 101%
            ! progress 101 is out of range: use a whole number from 0 to 100
        ada reports T1 100%
            = T1 IN_PROGRESS, ada's
              task_progressed T1 100%
        show T1
            T1 IN_PROGRESS, ada's, 100%, attempt 1, note "still at it", started 0s
    "#]]);
}

#[test]
fn only_the_assignee_reports_and_completes() {
    check(expect![[r#"
        given register ada
        given register bo
        given task One
        given task Two after=T1
        bo reports T1 10%
            ! task_not_assigned_to_you: T1 is assigned to ada, not to bo; take your own task, or have it moved with assign_task
        bo completes T1
            ! task_not_assigned_to_you: T1 is assigned to ada, not to bo; take your own task, or have it moved with assign_task
        bo gives back T1
            ! task_not_assigned_to_you: T1 is assigned to ada, not to bo; take your own task, or have it moved with assign_task
        ada completes T1
            ! task_not_started: T1 is PENDING, not IN_PROGRESS; start_task first
        complete T1
            ! task_not_started: T1 is PENDING, not IN_PROGRESS; start_task first
        complete T2
            ! task_blocked: T2 is BLOCKED until T1 is completed; take another task meanwhile
        complete T9
            ! task_not_found: there is no task T9; list_tasks shows the ids
        given ada starts T1
        bo completes T1
            ! task_not_assigned_to_you: T1 is assigned to ada, not to bo; take your own task, or have it moved with assign_task
        # Without a name it counts as the assignee's own call.
        complete T1 "done by script"
            = T1 COMPLETED, ada's
              task_completed T1
              task_unblocked T2
              manus_scored ada 103.75
              task_assigned T2 to ada
              message_sent 2 to ada: TASK_ASSIGNED T2
    "#]]);
}

#[test]
fn nothing_more_happens_to_a_closed_task() {
    check(expect![[r#"
        settings closed=1
        given register ada
        given task One
        given task Two
        given ada starts T1
        given ada completes T1
        given cancel T2 "not needed"
        # T1 has left memory; how it ended has not.
        ada starts T1
            ! task_closed: T1 is COMPLETED; nothing more can be done with it; create another task instead
        ada starts T2
            ! task_closed: T2 is CANCELLED; nothing more can be done with it, and no task can wait for it; create another task instead
        ada reports T1 10%
            ! task_closed: T1 is COMPLETED; nothing more can be done with it; create another task instead
        ada completes T2
            ! task_closed: T2 is CANCELLED; nothing more can be done with it, and no task can wait for it; create another task instead
        complete T1
            ! task_closed: T1 is COMPLETED; nothing more can be done with it; create another task instead
        ada gives back T2
            ! task_closed: T2 is CANCELLED; nothing more can be done with it, and no task can wait for it; create another task instead
        assign T2 to ada
            ! task_closed: T2 is CANCELLED; nothing more can be done with it, and no task can wait for it; create another task instead
        cancel T1
            ! task_closed: T1 is COMPLETED; nothing more can be done with it; create another task instead
        cancel T2
            ! task_closed: T2 is CANCELLED; nothing more can be done with it, and no task can wait for it; create another task instead
        show T2
            T2 CANCELLED, ada's, 0%, attempt 0, because not needed, closed 0s
    "#]]);
}

#[test]
fn a_task_given_back_goes_to_somebody_else() {
    check(expect![[r#"
        given register ada
        given register bo
        given task One files=a.py
        given ada starts T1
        given ada reports T1 30%
        ada gives back T1 "I do not know the old parser"
            = T1 PENDING, bo's
              locks_released of ada: a.py, task ended
              task_returned T1, given back "I do not know the old parser"
              task_assigned T1 to bo
              message_sent 2 to bo: TASK_ASSIGNED T1, handoff at 30%: given back at 30%: I do not know the old parser
        show T1
            T1 PENDING, bo's, 30%, attempt 1, note "given back at 30%: I do not know the old parser", started 0s
        bo starts T1
            = T1 IN_PROGRESS, bo's with a.py #2 for T1
              locks_granted to bo: a.py #2 for T1
              task_started T1 by bo
        show T1
            T1 IN_PROGRESS, bo's, 0%, attempt 2, note "given back at 30%: I do not know the old parser", started 0s
    "#]]);
}

#[test]
fn a_task_given_back_is_not_handed_straight_back() {
    check(expect![[r#"
        given register ada
        given task One
        given task Two
        # Before starting it.
        ada gives back T1 "not now"
            = T1 PENDING
              task_unassigned T1 "not now"
        show T1
            T1 PENDING, 0%, attempt 0, note "given back: not now"
        # It is there when ada asks for it, or when somebody else comes.
        register bo
            = bo is IDLE
              manus_registered bo
              task_assigned T1 to bo
              message_sent 3 to bo: TASK_ASSIGNED T1, handoff at 0%: given back: not now
        given bo starts T1
        given ada gives back T2
        ada asks for work
            = T2 IN_PROGRESS, ada's
              task_assigned T2 to ada, who took it
              task_started T2 by ada
              message_sent 5 to bo: TASK_REASSIGNED T2, assigned_to ada
    "#]]);
}

#[test]
fn the_note_of_a_task_stays_short_however_often_it_returns() {
    check(expect![[r#"
        given register ada
        given task One
        given ada starts T1
        given ada reports T1 30% "half of the form"
        given ada gives back T1
        given assign T1 to ada
        given ada starts T1
        given ada gives back T1
        show T1
            T1 PENDING, 0%, attempt 2, note "given back at 0%: given back at 30%: half of the form", started 0s
    "#]]);
}

#[test]
fn cancelling_frees_the_files_and_tells_the_assignee() {
    check(expect![[r#"
        given register ada
        given task One files=a.py
        given task Two
        given ada starts T1
        cancel T1 "the customer left"
            = T1 CANCELLED, ada's
              locks_released of ada: a.py, task ended
              task_cancelled T1 "the customer left"
              message_sent 3 to ada: TASK_CANCELLED T1, reason the customer left
        show T1
            T1 CANCELLED, ada's, 0%, attempt 1, because the customer left, started 0s, closed 0s
        show locks
            nothing
        cancel T9
            ! task_not_found: there is no task T9; list_tasks shows the ids
    "#]]);
}

#[test]
fn only_the_newest_closed_tasks_stay_in_memory() {
    check(expect![[r#"
        settings closed=2
        given register ada parallel=4
        given tasks One | Two | Three | Four | Five
        given ada starts T2
        given ada completes T2
        given ada starts T1
        given ada completes T1
        given at 1s
        given ada starts T3
        # Of those closed in the same moment, the older one goes first.
        given ada completes T3
        show T1
            no T1
        show T2
            T2 COMPLETED, ada's, 100%, attempt 1, started 0s, closed 0s
        show T3
            T3 COMPLETED, ada's, 100%, attempt 1, started 1s, closed 1s
    "#]]);
}

#[test]
fn a_cancelled_task_stays_in_memory_while_others_wait_for_it() {
    check(expect![[r#"
        settings closed=1
        given tasks One | Two after=One | Three | Four
        given cancel T1 "too dear"
        given cancel T3
        given cancel T4
        show T1
            T1 CANCELLED, 0%, attempt 0, because too dear, closed 0s
        show T2
            T2 BLOCKED by T1, 0%, attempt 0, because it depends on T1, which was cancelled; take that out with update_task, or cancel this task too
        show T3
            no T3
        given cancel T2
        show T1
            no T1
        show T2
            T2 CANCELLED, 0%, attempt 0, closed 0s
    "#]]);
}

#[test]
fn a_parked_task_may_be_cancelled_or_given_by_hand() {
    check(expect![[r#"
        given register ada
        given register bo can=rust
        given ada claims a.rs b.rs
        given task One files=a.rs needs=rust
        given task Two files=b.rs needs=rust
        cancel T1
            = T1 CANCELLED
              task_cancelled T1
        assign T2 to bo
            = T2 PENDING, bo's
              task_assigned T2 to bo by hand
              message_sent 1 to bo: TASK_ASSIGNED T2
        bo starts T2
            ! file_locked: b.rs is held by ada; work on something else, or ask ada with send_message to release it
        ada frees a.rs b.rs
            = released a.rs, b.rs
              locks_released of ada: a.rs, b.rs, given back
        bo starts T2
            = T2 IN_PROGRESS, bo's with b.rs #3 for T2
              locks_granted to bo: b.rs #3 for T2
              task_started T2 by bo
    "#]]);
}
