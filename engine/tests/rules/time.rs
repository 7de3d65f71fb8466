//! Time passes: signs of life, restarts, late ticks, and clocks that jump.

use expect_test::expect;

use crate::script::check;

#[test]
fn any_call_is_a_sign_of_life() {
    check(expect![[r#"
        given register ada
        at 100s
        ada claims a.py
            = a.py #1
              locks_granted to ada: a.py #1
        at 200s
        send ada -> supervisor HELLO
            = sent 1
              message_sent 1 to supervisor: HELLO
        at 300s
        noted ada@290s
              heartbeats_seen ada at 290s
        at 400s
        ada frees a.py
            = released a.py
              locks_released of ada: a.py, given back
        at 519s
        ada beats
            = 0 unread, no tasks, at 519s
              heartbeats_seen ada
        at 638s
        # A call that changes nothing leaves no event. As with refused ones, it is the hub that takes note of those.
        ada frees a.py
            = released nothing; not held a.py
        noted ada@638s
              heartbeats_seen ada
        at 750s
        show ada
            SPEED_DEVELOPER IDLE, 0%, seen 638s, tasks: nothing, files: nothing, can: nothing
    "#]]);
}

#[test]
fn after_a_restart_everybody_gets_a_full_timeout() {
    check(expect![[r#"
        given register ada
        given register bo
        # The server is down for ten minutes.
        jump 600s
        server starts
              server_started
        tick
        at 700s
        ada beats
            = 0 unread, no tasks, at 700s
              heartbeats_seen ada
        at 719s
        at 720s
            tick at 720s
              manus_lost bo
        show ada
            SPEED_DEVELOPER IDLE, 0%, seen 700s, tasks: nothing, files: nothing, can: nothing
        show bo
            SPEED_DEVELOPER LOST, 0%, seen 0s, tasks: nothing, files: nothing, can: nothing
    "#]]);
}

#[test]
fn a_late_tick_decides_everything_that_is_due() {
    check(expect![[r#"
        given register ada
        given task One files=a.py
        given task Two
        given ada starts T1
        given at 50s
        given register bo
        given bo claims b.py c.py ttl=10s
        given bo claims d.py ttl=20s
        jump 300s
        tick
              locks_released of bo: b.py, c.py, d.py, expired
              message_sent 5 to bo: LOCK_LOST, files b.py, c.py, d.py, reason their time was up
              manus_lost ada
              locks_delayed of ada: a.py until 315s
              task_returned T1, agent lost
              message_sent 6 to ada: TASK_REASSIGNED T1, reason you were silent for too long
              manus_lost bo
              task_unassigned T2
              message_sent 7 to bo: TASK_REASSIGNED T2, reason you were silent for too long
              task_parked T1 behind ada's a.py
        # Nothing is due again before that.
        tick
        at 315s
            tick at 315s
              locks_released of ada: a.py, expired
              message_sent 8 to ada: LOCK_LOST, files a.py, reason their time was up
    "#]]);
}

#[test]
fn a_tick_too_early_does_nothing() {
    check(expect![[r#"
        tick
        given register ada
        at 119s
        tick
    "#]]);
}

#[test]
fn time_does_not_go_back() {
    check(expect![[r#"
        given register ada
        at 50s
        ada claims a.py ttl=10s
            = a.py #1 until 60s
              locks_granted to ada: a.py #1 until 60s
        # The clock was set back.
        jump 20s
        ada beats
            = 0 unread, no tasks, at 50s
              heartbeats_seen ada
        ada claims b.py ttl=10s
            = b.py #2 until 60s
              locks_granted to ada: b.py #2 until 60s
        task One
            = T1 PENDING, ada's
              task_created T1
              task_assigned T1 to ada
              message_sent 1 to ada: TASK_ASSIGNED T1
        ada starts T1
            = T1 IN_PROGRESS, ada's
              task_started T1 by ada
        show T1
            T1 IN_PROGRESS, ada's, 0%, attempt 1, started 50s
        noted ada@45s
              heartbeats_seen ada at 45s
        show ada
            SPEED_DEVELOPER ACTIVE at T1, 0%, seen 50s, tasks: T1, files: a.py, b.py, can: nothing
        at 60s
            tick at 60s
              locks_released of ada: a.py, b.py, expired
              message_sent 2 to ada: LOCK_LOST, files a.py, b.py, reason their time was up
        at 169s
        at 170s
            tick at 170s
              manus_lost ada
              task_returned T1, agent lost
              message_sent 3 to ada: TASK_REASSIGNED T1, reason you were silent for too long
    "#]]);
}

#[test]
fn a_restart_revives_nobody() {
    check(expect![[r#"
        settings timeout=10s
        given register ada
        given register bo
        given bo leaves
        given at 11s
        server starts
              server_started
        at 10m
        show ada
            SPEED_DEVELOPER LOST, 0%, seen 0s, tasks: nothing, files: nothing, can: nothing
        show bo
            SPEED_DEVELOPER INACTIVE, 0%, seen 0s, tasks: nothing, files: nothing, can: nothing
    "#]]);
}
