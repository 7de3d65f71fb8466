//! A person or coordinator decides who does a task.

use expect_test::expect;

use crate::script::check;

#[test]
fn a_waiting_task_is_moved() {
    check(expect![[r#"
        given register ada
        given register bo
        given task One
        assign T1 to bo
            = T1 PENDING, bo's
              task_assigned T1 to bo by hand
              message_sent 2 to bo: TASK_ASSIGNED T1
              message_sent 3 to ada: TASK_REASSIGNED T1, assigned_to bo
        show T1
            T1 PENDING, bo's, 0%, attempt 0, pinned
        # Once more changes nothing.
        assign T1 to bo
            = T1 PENDING, bo's
    "#]]);
}

#[test]
fn a_running_task_is_moved_with_what_was_done() {
    check(expect![[r#"
        given register ada
        given register bo
        given task One files=a.py
        given ada starts T1
        given ada reports T1 70% "only the tests are missing"
        assign T1 to bo
            = T1 PENDING, bo's
              locks_released of ada: a.py, task ended
              task_returned T1, reassigned
              task_assigned T1 to bo by hand
              message_sent 2 to bo: TASK_ASSIGNED T1, handoff at 70%: given to somebody else at 70%: only the tests are missing
              message_sent 3 to ada: TASK_REASSIGNED T1, assigned_to bo
        show T1
            T1 PENDING, bo's, 70%, attempt 1, pinned, note "given to somebody else at 70%: only the tests are missing", started 0s
        show locks
            nothing
        ada completes T1
            ! task_not_assigned_to_you: T1 is assigned to bo, not to ada; take your own task, or have it moved with assign_task
        bo starts T1
            = T1 IN_PROGRESS, bo's with a.py #2 for T1
              locks_granted to bo: a.py #2 for T1
              task_started T1 by bo
        # To whom it already belongs, and who is at it, nothing changes.
        assign T1 to bo
            = T1 IN_PROGRESS, bo's
    "#]]);
}

#[test]
fn nobodys_task_is_given_to_whoever_is_named() {
    check(expect![[r#"
        given register ada
        given task One needs=rust
        assign T1 to ada
            = T1 PENDING, ada's
              task_assigned T1 to ada by hand
              message_sent 1 to ada: TASK_ASSIGNED T1
        ada starts T1
            = T1 IN_PROGRESS, ada's
              task_started T1 by ada
    "#]]);
}

#[test]
fn nothing_is_assigned_to_who_is_not_there() {
    check(expect![[r#"
        settings timeout=10s
        given register ada
        given task One
        given register gone
        given gone leaves
        assign T1 to gone
            ! manus_unavailable: gone is INACTIVE and cannot take a task now; choose an agent that is ACTIVE or IDLE
        assign T1 to nobody
            ! manus_not_found: no agent nobody is registered; call register_manus first, or check the name with list_manus
        assign T9 to ada
            ! task_not_found: there is no task T9; list_tasks shows the ids
        given at 11s
        assign T1 to ada
            ! manus_unavailable: ada is LOST and cannot take a task now; choose an agent that is ACTIVE or IDLE
    "#]]);
}

#[test]
fn a_task_by_hand_of_a_lost_agent_is_anybodys() {
    check(expect![[r#"
        settings timeout=10s
        given register ada
        given task One
        given assign T1 to ada
        given at 5s
        given register bo
        at 12s
            tick at 10s
              manus_lost ada
              task_unassigned T1
              message_sent 2 to ada: TASK_REASSIGNED T1, reason you were silent for too long
              task_assigned T1 to bo
              message_sent 3 to bo: TASK_ASSIGNED T1
        show T1
            T1 PENDING, bo's, 0%, attempt 0
    "#]]);
}
