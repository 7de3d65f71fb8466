//! Calls with a name: repeated, they do nothing and answer the same.

use expect_test::expect;

use crate::script::check;

#[test]
fn a_repeated_call_gets_the_first_answer_and_does_nothing() {
    check(expect![[r#"
        register ada request=r1
            = ada is IDLE
              manus_registered ada
        register ada request=r1
            = ada is IDLE
        task One request=r1
            = T1 PENDING, ada's
              task_created T1
              task_assigned T1 to ada
              message_sent 1 to ada: TASK_ASSIGNED T1
        task One request=r1
            = T1 PENDING, ada's
        ada starts T1 request=r2
            = T1 IN_PROGRESS, ada's
              task_started T1 by ada
        ada starts T1 request=r2
            = T1 IN_PROGRESS, ada's
        given send supervisor -> ada HELLO "first" request=r1
        send supervisor -> ada HELLO "first" request=r1
            = sent 2
        ada takes request=r3
            = 1 from system: TASK_ASSIGNED T1, 2 from supervisor: HELLO "first"
              messages_processed by ada: 1, 2
        given send supervisor -> ada HELLO "second"
        # As it was the first time: the same messages, as they were before they were marked.
        ada takes request=r3
            = 1 from system: TASK_ASSIGNED T1, 2 from supervisor: HELLO "first"
        ada takes
            = 3 from supervisor: HELLO "second"
              messages_processed by ada: 3
        ada completes T1 request=r4
            = T1 COMPLETED, ada's
              task_completed T1
              manus_scored ada 103.75
        ada completes T1 request=r4
            = T1 COMPLETED, ada's
        # The first answer, even where the world has moved on.
        ada starts T1 request=r2
            = T1 IN_PROGRESS, ada's
        show T1
            T1 COMPLETED, ada's, 100%, attempt 1, started 0s, closed 0s
    "#]]);
}

#[test]
fn the_same_name_with_other_arguments_is_refused() {
    check(expect![[r#"
        given register ada
        given ada claims a.py request=r1
        ada claims b.py request=r1
            ! request_id_reused: request_id r1 was used before with other arguments; repeat a call with exactly the same arguments, or choose a new request_id for a new call
        ada frees a.py request=r1
            ! request_id_reused: request_id r1 was used before with other arguments; repeat a call with exactly the same arguments, or choose a new request_id for a new call
        ada claims a.py request=r1
            = a.py #1
    "#]]);
}

#[test]
fn names_are_each_agents_own() {
    check(expect![[r#"
        given register ada
        given register bo
        ada claims a.py request=r1
            = a.py #1
              locks_granted to ada: a.py #1
        bo claims b.py request=r1
            = b.py #2
              locks_granted to bo: b.py #2
        # Calls that name no agent share theirs.
        task One request=r1
            = T1 PENDING, ada's
              task_created T1
              task_assigned T1 to ada
              message_sent 1 to ada: TASK_ASSIGNED T1
        task Two request=r1
            ! request_id_reused: request_id r1 was used before with other arguments; repeat a call with exactly the same arguments, or choose a new request_id for a new call
        # Whoever takes a lock away is the one who calls.
        supervisor frees a.py of ada request=r1
            = released a.py
              locks_released of ada: a.py, forced
              message_sent 2 to ada: LOCK_LOST, files a.py, reason supervisor released them
        supervisor frees a.py of ada request=r1
            = released a.py
    "#]]);
}

#[test]
fn a_refusal_is_not_remembered() {
    check(expect![[r#"
        given register ada
        given register bo
        given bo claims a.py
        ada claims a.py request=r1
            ! file_locked: a.py is held by bo; work on something else, or ask bo with send_message to release it
        given bo frees a.py
        ada claims a.py request=r1
            = a.py #2
              locks_granted to ada: a.py #2
        ada claims a.py request=r1
            = a.py #2
    "#]]);
}

#[test]
fn a_repeated_call_is_answered_before_anything_is_checked() {
    check(expect![[r#"
        given register ada
        given ada claims a.py request=r1
        ada leaves request=r2
            = released a.py; returned nothing
              manus_left ada
              locks_released of ada: a.py, goodbye
        ada leaves request=r2
            = released a.py; returned nothing
        ada claims a.py request=r1
            = a.py #1
        show locks
            nothing
    "#]]);
}

#[test]
fn an_answer_is_kept_for_a_day() {
    check(expect![[r#"
        settings timeout=100h
        given register ada
        given ada claims a.py request=r1
        given ada frees a.py
        at 24h
        ada claims b.py request=r2
            = b.py #2
              locks_granted to ada: b.py #2
        ada claims a.py request=r1
            = a.py #1
        # Then the name is free again.
        at 25h
        ada claims c.py request=r3
            = c.py #3
              locks_granted to ada: c.py #3
        ada claims a.py request=r1
            = a.py #4
              locks_granted to ada: a.py #4
        ada claims b.py request=r2
            = b.py #2
    "#]]);
}
