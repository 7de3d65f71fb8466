//! Attempts that fail.

use expect_test::expect;

use crate::script::check;

#[test]
fn a_failed_task_is_tried_again_after_a_growing_pause_and_then_held_back() {
    check(expect![[r#"
        given register ada
        given task One files=a.py
        given ada starts T1
        ada fails T1 "no network"
            = T1 PENDING
              locks_released of ada: a.py, task ended
              task_failed T1 by ada "no network", again at 30s
              manus_scored ada 85
        show T1
            T1 PENDING, 0%, attempt 1, failed 1, error "no network" of ada at 0s, again at 30s, started 0s
        ada asks for work
            = nothing to do
        at 30s
            tick at 30s
              task_retry_due T1
              task_assigned T1 to ada
              message_sent 2 to ada: TASK_ASSIGNED T1, handoff at 0%, last error no network
        given ada starts T1
        ada fails T1 "no disk"
            = T1 PENDING
              locks_released of ada: a.py, task ended
              task_failed T1 by ada "no disk", again at 90s
              manus_scored ada 72.25
        at 90s
            tick at 90s
              task_retry_due T1
              task_assigned T1 to ada
              message_sent 3 to ada: TASK_ASSIGNED T1, handoff at 0%, last error no disk
        given ada starts T1
        ada fails T1
            = T1 BLOCKED
              locks_released of ada: a.py, task ended
              task_failed T1 by ada "no reason given", for good
              manus_scored ada 61.41
        show T1
            T1 BLOCKED, 0%, attempt 3, because it failed 3 times, last: no reason given, failed 3, error "no network" of ada at 0s, error "no disk" of ada at 30s, error "no reason given" of ada at 90s, started 90s
        ada starts T1
            ! task_blocked: T1 is BLOCKED: it failed 3 times, last: no reason given; unblock_task lets it go on
        # Unblocked, it starts counting anew; what went wrong is not forgotten.
        supervisor unblocks T1
            = T1 PENDING, ada's
              task_unblocked T1
              task_assigned T1 to ada
              message_sent 4 to ada: TASK_ASSIGNED T1, handoff at 0%, last error no reason given
        given ada starts T1
        ada fails T1 "again"
            = T1 PENDING
              locks_released of ada: a.py, task ended
              task_failed T1 by ada "again", again at 120s
              manus_scored ada 52.2
        show T1
            T1 PENDING, 0%, attempt 4, failed 1, error "no network" of ada at 0s, error "no disk" of ada at 30s, error "no reason given" of ada at 90s, error "again" of ada at 90s, again at 120s, started 90s
    "#]]);
}

#[test]
fn pauses_grow_to_ten_minutes() {
    check(expect![[r#"
        settings fails=99 backoff=4m timeout=24h
        given register ada
        given task One
        given ada starts T1
        ada fails T1
            = T1 PENDING
              task_failed T1 by ada "no reason given", again at 240s
              manus_scored ada 85
        given at 4m
        given ada starts T1
        ada fails T1
            = T1 PENDING
              task_failed T1 by ada "no reason given", again at 720s
              manus_scored ada 72.25
        given at 12m
        given ada starts T1
        ada fails T1
            = T1 PENDING
              task_failed T1 by ada "no reason given", again at 1320s
              manus_scored ada 61.41
    "#]]);
}

#[test]
fn a_failed_task_goes_to_somebody_else_who_can() {
    check(expect![[r#"
        given register ada
        given register bo
        given task One
        given ada starts T1
        given ada fails T1 "I do not understand it"
        why T1
            nothing
            bo could, 30, done at 1800s: has a free hand
            ada could, 70.588, done at 4235280ms: has a free hand; has a performance score of 85; failed at it before
        at 30s
            tick at 30s
              task_retry_due T1
              task_assigned T1 to bo
              message_sent 2 to bo: TASK_ASSIGNED T1, handoff at 0%, last error I do not understand it
    "#]]);
}

#[test]
fn whoever_failed_gets_it_again_when_nobody_else_can() {
    check(expect![[r#"
        given register ada can=rust
        given register bo
        given task One needs=rust
        given ada starts T1
        given ada fails T1 "it broke"
        at 30s
            tick at 30s
              task_retry_due T1
              task_assigned T1 to ada
              message_sent 2 to ada: TASK_ASSIGNED T1, handoff at 0%, last error it broke
    "#]]);
}

#[test]
fn only_who_works_on_a_task_can_fail_it() {
    check(expect![[r#"
        given register ada
        given register bo
        given task One
        given task Two after=T1
        ada fails T1
            ! task_not_started: T1 is PENDING, not IN_PROGRESS; start_task first
        bo fails T1
            ! task_not_assigned_to_you: T1 is assigned to ada, not to bo; take your own task, or have it moved with assign_task
        ada fails T2
            ! task_blocked: T2 is BLOCKED until T1 is completed; take another task meanwhile
        ada fails T9
            ! task_not_found: there is no task T9; list_tasks shows the ids
        cy fails T1
            ! manus_not_found: no agent cy is registered; call register_manus first, or check the name with list_manus
    "#]]);
}

#[test]
fn a_person_may_give_a_failed_task_to_somebody_at_once() {
    check(expect![[r#"
        given register ada
        given register bo
        given task One
        given ada starts T1
        given ada fails T1 "it broke"
        assign T1 to bo
            = T1 PENDING, bo's
              task_assigned T1 to bo by hand
              message_sent 2 to bo: TASK_ASSIGNED T1, handoff at 0%, last error it broke
        show T1
            T1 PENDING, bo's, 0%, attempt 1, pinned, failed 1, error "it broke" of ada at 0s, started 0s
        bo starts T1
            = T1 IN_PROGRESS, bo's
              task_started T1 by bo
        at 30s
    "#]]);
}

#[test]
fn a_failure_frees_the_agent_for_other_work() {
    check(expect![[r#"
        settings queue=1
        given register ada
        given task One
        given task Two
        given ada starts T1
        ada fails T1
            = T1 PENDING
              task_failed T1 by ada "no reason given", again at 30s
              manus_scored ada 85
              task_assigned T2 to ada
              message_sent 2 to ada: TASK_ASSIGNED T2
    "#]]);
}

#[test]
fn only_the_newest_errors_are_kept() {
    check(expect![[r#"
        settings fails=99 backoff=1s timeout=24h
        given register ada
        given task One
        given ada starts T1
        given ada fails T1 "1"
        given at 1s
        given ada starts T1
        given ada fails T1 "2"
        given at 3s
        given ada starts T1
        given ada fails T1 "3"
        given at 7s
        given ada starts T1
        given ada fails T1 "4"
        given at 15s
        given ada starts T1
        given ada fails T1 "5"
        given at 31s
        given ada starts T1
        given ada fails T1 "6"
        given at 63s
        given ada starts T1
        given ada fails T1 "7"
        given at 127s
        given ada starts T1
        given ada fails T1 "8"
        given at 255s
        given ada starts T1
        given ada fails T1 "9"
        given at 511s
        given ada starts T1
        given ada fails T1 "10"
        given at 1111s
        given ada starts T1
        given ada fails T1 "11"
        show T1
            T1 PENDING, 0%, attempt 11, failed 11, error "2" of ada at 1s, error "3" of ada at 3s, error "4" of ada at 7s, error "5" of ada at 15s, error "6" of ada at 31s, error "7" of ada at 63s, error "8" of ada at 127s, error "9" of ada at 255s, error "10" of ada at 511s, error "11" of ada at 1111s, again at 1711s, started 1111s
    "#]]);
}
