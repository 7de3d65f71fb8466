//! Tasks that are held back by hand.

use expect_test::expect;

use crate::script::check;

#[test]
fn a_blocked_task_stays_with_its_agent_and_frees_hands_and_files() {
    check(expect![[r#"
        settings queue=1
        given register ada
        given register bo
        given task One files=a.py
        given task Two files=b.py
        given task Three
        given ada starts T1
        ada blocks T1 "the key is missing"
            = T1 BLOCKED, ada's
              locks_released of ada: a.py, task ended
              task_held T1 "the key is missing"
              task_assigned T3 to ada
              message_sent 3 to ada: TASK_ASSIGNED T3
        show T1
            T1 BLOCKED, ada's, 0%, attempt 1, because the key is missing, started 0s
        show locks
            nothing
        ada starts T1
            ! task_blocked: T1 is BLOCKED: the key is missing; unblock_task lets it go on
        ada completes T1
            ! task_blocked: T1 is BLOCKED: the key is missing; unblock_task lets it go on
        ada unblocks T1
            = T1 PENDING, ada's
              task_unblocked T1
              message_sent 4 to ada: TASK_UNBLOCKED T1
        ada starts T1
            = T1 IN_PROGRESS, ada's with a.py #2 for T1
              locks_granted to ada: a.py #2 for T1
              task_started T1 by ada
    "#]]);
}

#[test]
fn a_task_can_be_held_back_before_it_is_started() {
    check(expect![[r#"
        given register ada
        given task One
        given task Two after=T1
        supervisor blocks T1 "not before Monday"
            = T1 BLOCKED, ada's
              task_held T1 "not before Monday"
              message_sent 2 to ada: TASK_BLOCKED T1, reason not before Monday
        ada asks for work
            = nothing to do
        # What waits for others can be held back besides.
        supervisor blocks T2
            = T2 BLOCKED by T1
              task_held T2 "supervisor blocked it"
        show T2
            T2 BLOCKED by T1, 0%, attempt 0, because supervisor blocked it
        supervisor unblocks T1
            = T1 PENDING, ada's
              task_unblocked T1
              message_sent 3 to ada: TASK_UNBLOCKED T1
        given ada starts T1
        ada completes T1
            = T1 COMPLETED, ada's
              task_completed T1
              manus_scored ada 103.75
        show T2
            T2 BLOCKED, 0%, attempt 0, because supervisor blocked it
        supervisor unblocks T2
            = T2 PENDING, ada's
              task_unblocked T2
              task_assigned T2 to ada
              message_sent 4 to ada: TASK_ASSIGNED T2
    "#]]);
}

#[test]
fn letting_go_on_what_still_waits_leaves_it_waiting() {
    check(expect![[r#"
        given register ada
        given task One
        given task Two after=T1
        given supervisor blocks T2 "not yet"
        supervisor unblocks T2
            = T2 BLOCKED by T1
              task_unblocked T2
        show T2
            T2 BLOCKED by T1, 0%, attempt 0
        supervisor unblocks T2
            ! task_not_held: T2 is BLOCKED and nothing holds it back by hand, it waits for T1; block_task does that
        supervisor unblocks T1
            ! task_not_held: T1 is PENDING and nothing holds it back by hand; block_task does that
    "#]]);
}

#[test]
fn only_its_agent_or_the_person_holds_a_task_back() {
    check(expect![[r#"
        given register ada
        given register bo
        given task One
        bo blocks T1
            ! task_not_assigned_to_you: T1 is assigned to ada, not to bo; take your own task, or have it moved with assign_task
        cy blocks T1
            ! manus_not_found: no agent cy is registered; call register_manus first, or check the name with list_manus
        bo blocks T9
            ! task_not_found: there is no task T9; list_tasks shows the ids
        supervisor blocks T9
            ! task_not_found: there is no task T9; list_tasks shows the ids
        # Anybody who is here may let it go on.
        given ada blocks T1
        cy unblocks T1
            ! manus_not_found: no agent cy is registered; call register_manus first, or check the name with list_manus
        bo unblocks T1
            = T1 PENDING, ada's
              task_unblocked T1
              message_sent 2 to ada: TASK_UNBLOCKED T1
    "#]]);
}

#[test]
fn what_is_let_go_on_while_its_agent_is_away_is_anybodys() {
    check(expect![[r#"
        given register ada
        given task One
        given ada starts T1
        given ada blocks T1 "the key is missing"
        given at 60s
        given register bo
        at 120s
            tick at 120s
              manus_lost ada
        show T1
            T1 BLOCKED, ada's, 0%, attempt 1, because the key is missing, started 0s
        supervisor unblocks T1
            = T1 PENDING, bo's
              task_unblocked T1
              task_unassigned T1
              message_sent 2 to ada: TASK_REASSIGNED T1, reason you were away when it became ready
              task_assigned T1 to bo
              message_sent 3 to bo: TASK_ASSIGNED T1, handoff at 0%
    "#]]);
}

#[test]
fn what_is_let_go_on_behind_other_work_goes_to_somebody_idle() {
    check(expect![[r#"
        settings queue=2
        given register ada
        given task One
        given task Two
        given ada starts T1
        given ada blocks T1
        given ada starts T2
        given register bo
        supervisor unblocks T1
            = T1 PENDING, bo's
              task_unblocked T1
              message_sent 3 to ada: TASK_UNBLOCKED T1
              task_assigned T1 to bo
              message_sent 4 to bo: TASK_ASSIGNED T1, handoff at 0%
              message_sent 5 to ada: TASK_REASSIGNED T1, assigned_to bo
    "#]]);
}
