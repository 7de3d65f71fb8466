//! Agents that finish what they have and get nothing new.

use expect_test::expect;

use crate::script::check;

#[test]
fn a_drained_agents_queue_goes_to_others() {
    check(expect![[r#"
        given register ada
        given register bo
        given task Long est=300
        given assign T1 to bo
        given bo starts T1
        given task Two
        given task Three
        given task Four
        given assign T4 to ada
        given ada starts T2
        show ada
            SPEED_DEVELOPER ACTIVE at T2, 0%, seen 0s, tasks: T2, T3, T4, files: nothing, can: nothing
        drain ada
            = ada is ACTIVE
              manus_draining ada
              task_unassigned T3
              message_sent 7 to ada: TASK_REASSIGNED T3, reason you get nothing new to do
              task_assigned T3 to bo
              message_sent 8 to bo: TASK_ASSIGNED T3
        show ada
            SPEED_DEVELOPER ACTIVE at T2, 0%, seen 0s, tasks: T2, T4, files: nothing, can: nothing, draining
        # What it has begun, and what was given to it by hand, it does.
        ada completes T2
            = T2 COMPLETED, ada's
              task_completed T2
              manus_scored ada 103.75
        ada asks for work
            = T4 IN_PROGRESS, ada's
              task_started T4 by ada
        ada completes T4
            = T4 COMPLETED, ada's
              task_completed T4
              manus_scored ada 106.94
        task Five
            = T5 PENDING, bo's
              task_created T5
              task_assigned T5 to bo
              message_sent 9 to bo: TASK_ASSIGNED T5
        ada asks for work
            = nothing to do
        show ada
            SPEED_DEVELOPER IDLE, 0%, seen 0s, tasks: nothing, files: nothing, can: nothing, draining
    "#]]);
}

#[test]
fn a_drained_agent_gets_nothing_new() {
    check(expect![[r#"
        given register ada
        drain ada
            = ada is IDLE
              manus_draining ada
        drain ada
            = ada is IDLE
        task One
            = T1 PENDING
              task_created T1
        ada asks for work
            = nothing to do
        health
            92 healthy
            -8 no_eligible_manus of T1: 1 task waits for any agent, and none is here; register one (T1 first)
        drain ada off
            = ada is IDLE
              manus_draining ada no more
              task_assigned T1 to ada
              message_sent 1 to ada: TASK_ASSIGNED T1
        drain bo
            ! manus_not_found: no agent bo is registered; call register_manus first, or check the name with list_manus
    "#]]);
}

#[test]
fn a_drained_agent_takes_over_nothing() {
    check(expect![[r#"
        given register bo
        given task One
        given task Two
        given bo starts T1
        given register ada
        given ada gives back T2
        given drain ada
        ada asks for work
            = nothing to do
    "#]]);
}

#[test]
fn registering_again_lifts_it() {
    check(expect![[r#"
        given register ada
        given drain ada
        given task One
        register ada takeover
            = ada is IDLE
              manus_registered ada
              task_assigned T1 to ada
              message_sent 1 to ada: TASK_ASSIGNED T1
        show ada
            SPEED_DEVELOPER IDLE, 0%, seen 0s, tasks: T1, files: nothing, can: nothing
    "#]]);
}
