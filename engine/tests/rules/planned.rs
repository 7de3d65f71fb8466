//! What the rules make of a plan.

use expect_test::expect;

use crate::script::check;

#[test]
fn a_plan_is_kept_in_mind_and_moves_nothing_by_itself() {
    check(expect![[r#"
        settings timeout=24h stall=24h
        given register ada
        given register bo
        given task One est=30
        given task Two est=30
        given ada starts T1
        given bo starts T2
        given task Three est=60
        given task Four est=60 after=T1
        plan T3 by bo 30m-90m, T4 by ada 30m-90m
              tasks_planned T3 by bo 1800s to 5400s, T4 by ada 1800s to 5400s
        show T3
            T3 PENDING, ada's, 0%, attempt 0, planned for bo 1800s to 5400s
        show T4
            T4 BLOCKED by T1, 0%, attempt 0, planned for ada 1800s to 5400s
        show bo
            SPEED_DEVELOPER ACTIVE at T2, 0%, seen 0s, tasks: T2, files: nothing, can: nothing
    "#]]);
}

#[test]
fn a_task_goes_where_it_is_planned_when_that_agent_can_begin_it() {
    check(expect![[r#"
        settings timeout=24h stall=24h
        given register ada
        given register bo
        given task One est=30
        given task Two est=40
        given ada starts T1
        given bo starts T2
        given task Three
        show T3
            T3 PENDING, ada's, 0%, attempt 0
        given plan T3 by bo 30m-60m
        bo completes T2
            = T2 COMPLETED, bo's
              task_completed T2
              manus_scored bo 103.75
              task_assigned T3 to bo as planned
              message_sent 4 to bo: TASK_ASSIGNED T3
              message_sent 5 to ada: TASK_REASSIGNED T3, assigned_to bo
        show ada
            SPEED_DEVELOPER ACTIVE at T1, 0%, seen 0s, tasks: T1, files: nothing, can: nothing
    "#]]);
}

#[test]
fn what_becomes_ready_goes_to_the_agent_planned() {
    check(expect![[r#"
        settings timeout=24h stall=24h
        given register ada
        given register bo can=rust,sql
        given task One est=30
        given task Two after=T1
        given ada starts T1
        given plan T2 by bo 30m-60m
        given at 29m
        ada completes T1
            = T1 COMPLETED, ada's
              task_completed T1
              task_unblocked T2
              manus_scored ada 100.52
              task_assigned T2 to bo
              message_sent 2 to bo: TASK_ASSIGNED T2
    "#]]);
}

#[test]
fn a_queue_is_worked_off_in_the_order_planned() {
    check(expect![[r#"
        settings timeout=24h stall=24h
        given register ada
        given task One est=30
        given task Two est=20
        given task Three est=10
        given task Urgent est=10 prio=CRITICAL
        given plan T3 by ada 10m-20m, T1 by ada 20m-50m, T2 by ada 50m-70m, T4 by ada 70m-80m
        # What is more urgent goes first, whatever a plan says.
        show ada
            SPEED_DEVELOPER IDLE, 0%, seen 0s, tasks: T4, T3, T1, T2, files: nothing, can: nothing
        given ada asks for work
        given ada completes T4
        ada asks for work
            = T3 IN_PROGRESS, ada's
              task_started T3 by ada
    "#]]);
}

#[test]
fn an_agent_is_kept_free_for_a_moment_for_what_is_due_soon() {
    check(expect![[r#"
        settings timeout=24h stall=24h
        given register ada
        given register bo
        given task One est=10
        given task Two after=T1 est=60
        given task Three est=60
        given ada starts T1
        given plan T2 by bo 10m-70m, T3 by bo 70m-130m
        show bo
            SPEED_DEVELOPER IDLE, 0%, seen 0s, tasks: T3, files: nothing, can: nothing
        bo asks for work
            = nothing to do
        # By now that should have begun, and nobody waits longer for it.
        given at 11m
        bo asks for work
            = T3 IN_PROGRESS, bo's
              task_started T3 by bo
    "#]]);
}

#[test]
fn nobody_is_kept_free_for_long() {
    check(expect![[r#"
        settings timeout=24h stall=24h
        given register ada
        given register bo
        given task One est=20
        given task Two after=T1 est=60
        given task Three est=60
        given ada starts T1
        given plan T2 by bo 20m-80m, T3 by bo 80m-140m
        bo asks for work
            = T3 IN_PROGRESS, bo's
              task_started T3 by bo
    "#]]);
}

#[test]
fn what_does_not_hold_any_more_is_dropped() {
    check(expect![[r#"
        settings timeout=24h stall=24h
        given register ada
        given register bo can=rust
        given register cy
        given cy leaves
        given task One needs=rust
        given task Two
        given task Three
        given task Four
        given task Five
        given assign T3 to ada
        given ada starts T2
        given bo blocks T1 "no"
        # Not able, gone, given by hand to somebody else, in progress elsewhere, held back, unknown, nonsense.
        plan T4 by cy 0m-30m, T3 by bo 0m-30m, T2 by bo 0m-30m, T1 by bo 0m-30m, T9 by bo 0m-30m, T4 by dee 0m-30m, T5 by bo 30m-0m
        plan ends T4, T2, T9
        given drain bo
        plan T5 by bo 0m-30m
        # The first of two steps counts, and what is known is not told again.
        plan T3 by ada 30m-60m, T3 by ada 40m-70m
              tasks_planned T3 by ada 1800s to 3600s
        plan T3 by ada 30m-60m
        plan ends T3
              tasks_planned T3 no more
    "#]]);
}

#[test]
fn what_was_expected_ends_with_what_it_was_about() {
    check(expect![[r#"
        settings timeout=24h stall=24h
        given register ada
        given register bo
        given task One
        given plan T1 by bo 0m-30m
        given assign T1 to ada
        show T1
            T1 PENDING, ada's, 0%, attempt 0, pinned
        given plan T1 by ada 10m-40m
        show T1
            T1 PENDING, ada's, 0%, attempt 0, pinned, planned for ada 600s to 2400s
        given ada starts T1
        show T1
            T1 IN_PROGRESS, ada's, 0%, attempt 1, pinned, started 0s
        given ada gives back T1
        show T1
            T1 PENDING, bo's, 0%, attempt 1, note "given back at 0%", started 0s
    "#]]);
}

#[test]
fn an_idle_agent_leaves_a_task_to_whoever_finishes_it_sooner() {
    check(expect![[r#"
        settings timeout=24h stall=24h
        given register ada
        given register bo
        given drain bo
        given task One est=10
        given task Two est=40
        given ada starts T1
        # Ada will be quick, and done before bo could be.
        given plan T2 by ada 10m-35m
        drain bo off
            = bo is IDLE
              manus_draining bo no more
        bo asks for work
            = nothing to do
        given plan T2 by ada 10m-50m
        bo asks for work
            = T2 IN_PROGRESS, bo's
              task_assigned T2 to bo, who took it
              task_started T2 by bo
              message_sent 3 to ada: TASK_REASSIGNED T2, assigned_to bo
    "#]]);
}

#[test]
fn a_task_is_as_urgent_as_what_waits_for_it() {
    check(expect![[r#"
        settings timeout=24h stall=24h
        given register ada
        given task Before prio=LOW
        given task Usual
        given task Urgent prio=CRITICAL after=T1
        show ada
            SPEED_DEVELOPER IDLE, 0%, seen 0s, tasks: T1, T2, files: nothing, can: nothing
        given cancel T3
        show ada
            SPEED_DEVELOPER IDLE, 0%, seen 0s, tasks: T2, T1, files: nothing, can: nothing
    "#]]);
}

#[test]
fn nobody_gets_back_by_a_plan_what_was_given_back_while_others_can_do_it() {
    check(expect![[r#"
        settings timeout=24h stall=24h
        given register ada
        given register bo
        given task One
        given ada starts T1
        ada gives back T1 "I cannot do this"
            = T1 PENDING, bo's
              task_returned T1, given back "I cannot do this"
              task_assigned T1 to bo
              message_sent 2 to bo: TASK_ASSIGNED T1, handoff at 0%: given back at 0%: I cannot do this
        show T1
            T1 PENDING, bo's, 0%, attempt 1, note "given back at 0%: I cannot do this", started 0s
        plan T1 by ada 0m-60m
        show T1
            T1 PENDING, bo's, 0%, attempt 1, note "given back at 0%: I cannot do this", started 0s
        given bo leaves
        plan T1 by ada 0m-60m
              tasks_planned T1 by ada 0s to 3600s
        given ada starts T1
        show T1
            T1 IN_PROGRESS, ada's, 0%, attempt 2, note "given back at 0%: I cannot do this", started 0s
    "#]]);
}

#[test]
fn what_was_given_back_from_a_queue_is_planned_for_somebody_else_too() {
    check(expect![[r#"
        settings timeout=24h stall=24h
        given register ada
        given register bo
        given task One est=30
        given task Two est=30
        given task Three est=30
        given ada starts T1
        given bo starts T2
        show T3
            T3 PENDING, ada's, 0%, attempt 0
        ada gives back T3
            = T3 PENDING, bo's
              task_unassigned T3
              task_assigned T3 to bo
              message_sent 4 to bo: TASK_ASSIGNED T3
        plan T3 by ada 30m-60m
        show T3
            T3 PENDING, bo's, 0%, attempt 0
    "#]]);
}
