//! Alive is not progressing.

use expect_test::expect;

use crate::script::check;

#[test]
fn the_agent_is_told_first_and_then_the_person() {
    check(expect![[r#"
        settings timeout=24h
        given register ada
        given task One est=10
        given ada starts T1
        at 10m
            tick at 600s
              task_stalled T1, level 1
              message_sent 2 to ada: TASK_STALLED T1, assigned_to ada
        show T1
            T1 IN_PROGRESS, ada's, 0%, attempt 1, stalled 1, started 0s
        at 20m
            tick at 1200s
              task_stalled T1, level 2
              message_sent 3 to supervisor: TASK_STALLED T1, assigned_to ada
        at 60m
        show T1
            T1 IN_PROGRESS, ada's, 0%, attempt 1, stalled 2, started 0s
        ada reports T1 0%
            = T1 IN_PROGRESS, ada's
              task_progressed T1 0%
        show T1
            T1 IN_PROGRESS, ada's, 0%, attempt 1, started 0s
        # And all over again.
        at 70m
            tick at 4200s
              task_stalled T1, level 1
              message_sent 4 to ada: TASK_STALLED T1, assigned_to ada
    "#]]);
}

#[test]
fn reports_put_it_off() {
    check(expect![[r#"
        settings timeout=24h
        given register ada
        given task One est=10
        given ada starts T1
        given at 9m
        given ada reports T1 20%
        at 18m
        given ada beats 40%
        at 27m
        at 28m
            tick at 1680s
              task_stalled T1, level 1
              message_sent 2 to ada: TASK_STALLED T1, assigned_to ada
    "#]]);
}

#[test]
fn a_beat_that_says_nothing_new_is_no_progress() {
    check(expect![[r#"
        settings timeout=24h
        given register ada
        given task One est=10
        given ada starts T1
        given ada reports T1 20%
        given at 9m
        given ada beats 20%
        at 10m
            tick at 600s
              task_stalled T1, level 1
              message_sent 2 to ada: TASK_STALLED T1, assigned_to ada
    "#]]);
}

#[test]
fn long_work_gets_half_its_estimate() {
    check(expect![[r#"
        settings timeout=24h
        given register ada
        given task One est=120
        given ada starts T1
        at 59m
        at 60m
            tick at 3600s
              task_stalled T1, level 1
              message_sent 2 to ada: TASK_STALLED T1, assigned_to ada
    "#]]);
}

#[test]
fn if_so_configured_it_goes_to_somebody_else() {
    check(expect![[r#"
        settings timeout=24h reassign=yes
        given register ada
        given register bo
        given task One files=a.py est=10
        given ada starts T1
        given ada reports T1 30% "the form is there"
        given at 20m
        at 30m
            tick at 1800s
              task_stalled T1, level 3
              locks_released of ada: a.py, task ended
              task_returned T1, stalled
              task_assigned T1 to bo
              message_sent 4 to bo: TASK_ASSIGNED T1, handoff at 30%: nothing moved for too long at 30%: the form is there
              message_sent 5 to ada: TASK_REASSIGNED T1, assigned_to bo
        show locks
            nothing
        ada reports T1 40%
            ! task_not_assigned_to_you: T1 is assigned to bo, not to ada; take your own task, or have it moved with assign_task
    "#]]);
}

#[test]
fn what_nobody_else_can_do_becomes_nobodys() {
    check(expect![[r#"
        settings timeout=24h reassign=yes
        given register ada
        given task One est=10
        given task Two est=10
        given ada starts T1
        given at 20m
        at 30m
            tick at 1800s
              task_stalled T1, level 3
              task_returned T1, stalled
              message_sent 5 to ada: TASK_REASSIGNED T1, reason nothing moved for too long
        show ada
            SPEED_DEVELOPER IDLE, 0%, seen 0s, tasks: T2, files: nothing, can: nothing
    "#]]);
}

#[test]
fn two_tasks_stalled_at_once_are_not_handed_back_either() {
    check(expect![[r#"
        settings timeout=24h reassign=yes
        given register ada parallel=2
        given task One est=10
        given task Two est=10
        given ada starts T1
        given ada starts T2
        given at 20m
        at 30m
            tick at 1800s
              task_stalled T1, level 3
              task_returned T1, stalled
              message_sent 7 to ada: TASK_REASSIGNED T1, reason nothing moved for too long
              task_stalled T2, level 3
              task_returned T2, stalled
              message_sent 8 to ada: TASK_REASSIGNED T2, reason nothing moved for too long
    "#]]);
}

#[test]
fn a_server_that_was_down_for_long_does_not_raise_everything_at_once() {
    check(expect![[r#"
        settings timeout=24h reassign=yes
        given register ada
        given task One est=10
        given ada starts T1
        jump 5h
        server starts
              server_started
        tick
              task_stalled T1, level 1
              message_sent 2 to ada: TASK_STALLED T1, assigned_to ada
        at 310m
            tick at 18600s
              task_stalled T1, level 2
              message_sent 3 to supervisor: TASK_STALLED T1, assigned_to ada
    "#]]);
}

#[test]
fn a_task_that_is_not_in_progress_does_not_stall() {
    check(expect![[r#"
        settings timeout=24h
        given register ada
        given register bo
        given task One est=10
        given task Two est=10
        given ada starts T1
        given ada completes T1 for review
        given bo starts T2
        given bo blocks T2
        at 60m
    "#]]);
}
