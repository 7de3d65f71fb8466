//! Silence is loss: what becomes of what a lost agent had, and how it comes back.

use expect_test::expect;

use crate::script::check;

#[test]
fn silence_is_loss() {
    check(expect![[r#"
        given register ada
        at 119s
        at 120s
            tick at 120s
              manus_lost ada
        show ada
            SPEED_DEVELOPER LOST, 0%, seen 0s, tasks: nothing, files: nothing, can: nothing
    "#]]);
}

#[test]
fn what_a_lost_agent_had_goes_to_others() {
    check(expect![[r#"
        given register ada
        given task One files=a.py
        given task Two
        given task Three needs=rust
        given ada starts T1
        given ada reports T1 40% "the form is there"
        given ada claims notes.md
        given at 100s
        given register bo
        given bo starts T2
        # T1 waits for the file, which stays closed for the delay.
        at 130s
            tick at 120s
              manus_lost ada
              locks_delayed of ada: a.py, notes.md until 135s
              task_returned T1, agent lost
              message_sent 5 to ada: TASK_REASSIGNED T1, reason you were silent for too long
              task_parked T1 behind ada's a.py
        show T1
            T1 PENDING, 40%, attempt 1, note "its agent was lost at 40%: the form is there", started 0s
        show ada
            SPEED_DEVELOPER LOST, 0%, seen 0s, tasks: nothing, files: a.py, notes.md, can: nothing
        show locks
            ada: a.py #1 until 135s (T1: One)
            ada: notes.md #2 until 135s
        bo claims notes.md
            ! file_locked: notes.md is held by ada for at most 5 s more; try again then, or work on something else meanwhile
        at 140s
            tick at 135s
              locks_released of ada: a.py, notes.md, expired
              message_sent 6 to ada: LOCK_LOST, files a.py, notes.md, reason their time was up
              task_assigned T1 to bo
              message_sent 7 to bo: TASK_ASSIGNED T1, handoff at 40%: its agent was lost at 40%: the form is there
        show locks
            nothing
        bo claims notes.md
            = notes.md #3
              locks_granted to bo: notes.md #3
        show inbox of ada
            1 from system: TASK_ASSIGNED T1
            2 from system: TASK_ASSIGNED T2
            4 from system: TASK_REASSIGNED T2, assigned_to bo
            5 from system: TASK_REASSIGNED T1, reason you were silent for too long
            6 from system: LOCK_LOST, files a.py, notes.md, reason their time was up
    "#]]);
}

#[test]
fn a_lost_agents_files_are_not_closed_for_longer_than_it_asked() {
    check(expect![[r#"
        given register ada
        given at 10s
        given ada claims a.py ttl=125s
        given ada claims b.py
        at 130s
            tick at 130s
              manus_lost ada
              locks_delayed of ada: a.py, b.py until 145s
        show locks
            ada: a.py #1 until 135s
            ada: b.py #2 until 145s
        at 135s
            tick at 135s
              locks_released of ada: a.py, expired
              message_sent 1 to ada: LOCK_LOST, files a.py, reason their time was up
        at 145s
            tick at 145s
              locks_released of ada: b.py, expired
              message_sent 2 to ada: LOCK_LOST, files b.py, reason their time was up
    "#]]);
}

#[test]
fn what_a_lost_agent_was_to_do_later_goes_to_others_too() {
    check(expect![[r#"
        given register ada
        given task One
        given task Two after=T1
        given at 60s
        given register bo
        given assign T2 to ada
        at 130s
            tick at 120s
              manus_lost ada
              task_unassigned T1
              message_sent 3 to ada: TASK_REASSIGNED T1, reason you were silent for too long
              task_assigned T1 to bo
              message_sent 4 to bo: TASK_ASSIGNED T1
        show T2
            T2 BLOCKED by T1, ada's, 0%, attempt 0, pinned
        given bo starts T1
        bo completes T1
            = T1 COMPLETED, bo's
              task_completed T1
              task_unassigned T2
              message_sent 5 to ada: TASK_REASSIGNED T2, reason you were away when it became ready
              task_unblocked T2
              manus_scored bo 103.75
              task_assigned T2 to bo
              message_sent 6 to bo: TASK_ASSIGNED T2
    "#]]);
}

#[test]
fn any_call_brings_a_lost_agent_back() {
    check(expect![[r#"
        settings timeout=10s
        given register ada
        given register bo
        given register cy
        given register dee
        given at 10s
        show ada
            SPEED_DEVELOPER LOST, 0%, seen 0s, tasks: nothing, files: nothing, can: nothing
        ada beats
            = 0 unread, no tasks, at 10s
              manus_revived ada
        bo claims a.py
            = a.py #1
              manus_revived bo
              locks_granted to bo: a.py #1
        noted cy@10s
              manus_revived cy
              heartbeats_seen cy
        send dee -> ada HELLO
            = sent 1
              manus_revived dee
              message_sent 1 to ada: HELLO
        show dee
            SPEED_DEVELOPER IDLE, 0%, seen 10s, tasks: nothing, files: nothing, can: nothing
        at 22s
            tick at 20s
              manus_lost ada
              manus_lost bo
              locks_delayed of bo: a.py until 35s
              manus_lost cy
              manus_lost dee
        ada takes
            = 1 from dee: HELLO
              manus_revived ada
              messages_processed by ada: 1
        bo frees a.py
            = released a.py
              manus_revived bo
              locks_released of bo: a.py, given back
        cy asks for work
            = nothing to do
              manus_revived cy
    "#]]);
}

#[test]
fn a_lost_agent_comes_back_to_its_locks_but_must_claim_them_again() {
    check(expect![[r#"
        given register ada
        given ada claims a.py b.py
        given at 120s
        show locks
            ada: a.py #1 until 135s
            ada: b.py #2 until 135s
        at 125s
        ada beats
            = 0 unread, no tasks, at 125s
              manus_revived ada
        ada claims a.py
            = a.py #1
              locks_granted to ada: a.py #1
        at 140s
            tick at 135s
              locks_released of ada: b.py, expired
              message_sent 1 to ada: LOCK_LOST, files b.py, reason their time was up
        show locks
            ada: a.py #1
    "#]]);
}

#[test]
fn a_task_started_again_by_its_lost_agent_still_gives_its_files_back() {
    check(expect![[r#"
        given register ada
        given task One files=a.py
        given ada starts T1
        given at 125s
        given ada beats
        ada starts T1
            = T1 IN_PROGRESS, ada's with a.py #1 for T1
              locks_granted to ada: a.py #1 for T1
              task_started T1 by ada
        given at 141s
        show locks
            ada: a.py #1 for T1
        ada completes T1
            = T1 COMPLETED, ada's
              locks_released of ada: a.py, task ended
              task_completed T1
              manus_scored ada 103.75
        show locks
            nothing
    "#]]);
}

#[test]
fn registering_again_after_a_loss_revives() {
    check(expect![[r#"
        given register ada can=rust
        given send supervisor -> ada HELLO
        given at 10m
        show ada
            SPEED_DEVELOPER LOST, 0%, seen 0s, tasks: nothing, files: nothing, can: rust
        register ada can=python
            = ada is IDLE
              manus_registered ada
        show ada
            SPEED_DEVELOPER IDLE, 0%, seen 600s, tasks: nothing, files: nothing, can: python
        ada takes
            = 1 from supervisor: HELLO
              messages_processed by ada: 1
    "#]]);
}

#[test]
fn late_news_of_a_lost_agent_is_no_news_of_its_task() {
    check(expect![[r#"
        given register ada
        given task One
        given ada starts T1
        given at 100s
        given register bo
        at 125s
            tick at 120s
              manus_lost ada
              task_returned T1, agent lost
              message_sent 2 to ada: TASK_REASSIGNED T1, reason you were silent for too long
              task_assigned T1 to bo
              message_sent 3 to bo: TASK_ASSIGNED T1, handoff at 0%: its agent was lost at 0%
        ada reports T1 80%
            ! task_not_assigned_to_you: T1 is assigned to bo, not to ada; take your own task, or have it moved with assign_task
        ada completes T1
            ! task_not_assigned_to_you: T1 is assigned to bo, not to ada; take your own task, or have it moved with assign_task
        complete T1
            ! task_not_started: T1 is PENDING, not IN_PROGRESS; start_task first
    "#]]);
}

#[test]
fn a_lost_agent_may_say_goodbye() {
    check(expect![[r#"
        given register ada
        given register bo
        given ada claims a.py
        given bo claims b.py
        given at 125s
        ada leaves
            = released a.py; returned nothing
              manus_left ada
              locks_released of ada: a.py, goodbye
        bo beats INACTIVE
            = 0 unread, no tasks, at 125s
              manus_left bo
              locks_released of bo: b.py, goodbye
        show locks
            nothing
        at 140s
    "#]]);
}
