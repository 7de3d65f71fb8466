//! Claims that wait.

use expect_test::expect;

use crate::script::check;

#[test]
fn waits_are_granted_first_come_first_served() {
    check(expect![[r#"
        given register ada
        given register bo
        given register cy
        given ada claims a.py
        bo claims a.py wait=60s "the form"
            = W1 waits until 60s
              claim_queued W1 bo: a.py behind ada's a.py
        cy claims a.py wait=60s
            = W2 waits until 60s
              claim_queued W2 cy: a.py behind ada's a.py
        show waits
            W1 bo: a.py until 60s behind ada's a.py
            W2 cy: a.py until 60s behind ada's a.py
        ada frees a.py
            = released a.py
              locks_released of ada: a.py, given back
              claim_wait_ended W1 granted
              locks_granted to bo: a.py #2 (the form)
              claim_waits_behind W2 behind bo's a.py
        show locks
            bo: a.py #2 (the form)
        show waits
            W2 cy: a.py until 60s behind bo's a.py
        bo frees a.py
            = released a.py
              locks_released of bo: a.py, given back
              claim_wait_ended W2 granted
              locks_granted to cy: a.py #3
        show waits
            nothing
        # What need not wait is granted at once, and in the usual form.
        ada claims b.py wait=60s
            = b.py #4
              locks_granted to ada: b.py #4
    "#]]);
}

#[test]
fn a_waiting_claim_is_all_or_nothing_and_holds_nothing() {
    check(expect![[r#"
        given register ada
        given register bo
        given register cy
        given ada claims a.py
        given bo claims b.py
        cy claims a.py b.py c.py wait=60s
            = W1 waits until 60s
              claim_queued W1 cy: a.py, b.py, c.py behind ada's a.py, bo's b.py
        show locks
            ada: a.py #1
            bo: b.py #2
        # What it waits for and is free, others may have.
        ada claims c.py
            = c.py #3
              locks_granted to ada: c.py #3
        bo frees b.py
            = released b.py
              locks_released of bo: b.py, given back
              claim_waits_behind W1 behind ada's a.py, ada's c.py
        ada frees a.py
            = released a.py
              locks_released of ada: a.py, given back
              claim_waits_behind W1 behind ada's c.py
        ada frees c.py
            = released c.py
              locks_released of ada: c.py, given back
              claim_wait_ended W1 granted
              locks_granted to cy: a.py #4, b.py #5, c.py #6
        show locks
            cy: a.py #4
            cy: b.py #5
            cy: c.py #6
    "#]]);
}

#[test]
fn the_tokens_of_waiting_claims_grow_in_the_order_of_the_grants() {
    check(expect![[r#"
        given register ada
        given register bo
        given register cy
        given ada claims a.py
        bo claims a.py wait=60s
            = W1 waits until 60s
              claim_queued W1 bo: a.py behind ada's a.py
        cy claims z.py
            = z.py #2
              locks_granted to cy: z.py #2
        ada frees a.py
            = released a.py
              locks_released of ada: a.py, given back
              claim_wait_ended W1 granted
              locks_granted to bo: a.py #3
    "#]]);
}

#[test]
fn a_finished_task_lets_waiting_claims_through() {
    check(expect![[r#"
        given register ada
        given register bo
        given task One files=src/
        given ada starts T1
        bo claims src/a.py wait=60s
            = W1 waits until 60s
              claim_queued W1 bo: src/a.py behind ada's src/
        ada completes T1
            = T1 COMPLETED, ada's
              locks_released of ada: src/, task ended
              task_completed T1
              manus_scored ada 103.75
              claim_wait_ended W1 granted
              locks_granted to bo: src/a.py #2
        show locks
            bo: src/a.py #2
    "#]]);
}

#[test]
fn every_end_of_a_task_lets_waiting_claims_through() {
    check(expect![[r#"
        given register ada parallel=9
        given register bo
        given task One files=1.py
        given task Two files=2.py
        given task Three files=3.py
        given task Four files=4.py
        given task Five files=5.py
        given assign T1 to ada
        given assign T2 to ada
        given assign T3 to ada
        given assign T4 to ada
        given assign T5 to ada
        given ada starts T1
        given ada starts T2
        given ada starts T3
        given ada starts T4
        given ada starts T5
        given bo claims 1.py wait=60s
        given bo claims 2.py wait=60s
        given bo claims 3.py wait=60s
        given bo claims 4.py wait=60s
        given bo claims 5.py wait=60s
        given ada gives back T1
        given ada fails T2
        given ada blocks T3
        given ada completes T4 for review
        given cancel T5
        show waits
            nothing
        show locks
            bo: 1.py #6
            bo: 2.py #7
            bo: 3.py #8
            bo: 4.py #9
            bo: 5.py #10
    "#]]);
}

#[test]
fn a_lock_that_lapses_lets_the_waiting_claim_through() {
    check(expect![[r#"
        given register ada
        given register bo
        given ada claims a.py ttl=20s
        bo claims a.py wait=60s ttl=30s
            = W1 waits until 60s
              claim_queued W1 bo: a.py behind ada's a.py
        # The time to live counts from the grant.
        at 20s
            tick at 20s
              locks_released of ada: a.py, expired
              message_sent 1 to ada: LOCK_LOST, files a.py, reason their time was up
              claim_wait_ended W1 granted
              locks_granted to bo: a.py #2 until 50s
    "#]]);
}

#[test]
fn a_lost_agents_files_come_to_whoever_waits_after_the_delay() {
    check(expect![[r#"
        given register ada
        given ada claims a.py
        given at 100s
        given register bo
        bo claims a.py wait=60s
            = W1 waits until 160s
              claim_queued W1 bo: a.py behind ada's a.py
        at 140s
            tick at 120s
              manus_lost ada
              locks_delayed of ada: a.py until 135s
            tick at 135s
              locks_released of ada: a.py, expired
              message_sent 1 to ada: LOCK_LOST, files a.py, reason their time was up
              claim_wait_ended W1 granted
              locks_granted to bo: a.py #2
    "#]]);
}

#[test]
fn a_goodbye_lets_waiting_claims_through() {
    check(expect![[r#"
        given register ada
        given register bo
        given ada claims a.py
        given bo claims a.py wait=60s
        ada leaves
            = released a.py; returned nothing
              manus_left ada
              locks_released of ada: a.py, goodbye
              claim_wait_ended W1 granted
              locks_granted to bo: a.py #2
    "#]]);
}

#[test]
fn a_forced_release_lets_waiting_claims_through() {
    check(expect![[r#"
        given register ada
        given register bo
        given ada claims a.py
        given bo claims a.py wait=60s
        supervisor frees a.py of ada
            = released a.py
              locks_released of ada: a.py, forced
              message_sent 1 to ada: LOCK_LOST, files a.py, reason supervisor released them
              claim_wait_ended W1 granted
              locks_granted to bo: a.py #2
    "#]]);
}

#[test]
fn sharing_what_one_had_alone_lets_waiting_readers_through() {
    check(expect![[r#"
        given register ada
        given register bo
        given register cy
        given ada claims a.py
        bo claims a.py shared wait=60s
            = W1 waits until 60s
              claim_queued W1 bo: a.py behind ada's a.py
        cy claims a.py wait=60s
            = W2 waits until 60s
              claim_queued W2 cy: a.py behind ada's a.py
        ada claims a.py shared
            = a.py #1 shared
              locks_granted to ada: a.py #1 shared
              claim_wait_ended W1 granted
              locks_granted to bo: a.py #2 shared
              claim_waits_behind W2 behind ada's a.py, bo's a.py
        show waits
            W2 cy: a.py until 60s behind ada's a.py, bo's a.py
        bo frees a.py
            = released a.py
              locks_released of bo: a.py, given back
              claim_waits_behind W2 behind ada's a.py
        ada frees a.py
            = released a.py
              locks_released of ada: a.py, given back
              claim_wait_ended W2 granted
              locks_granted to cy: a.py #3
    "#]]);
}

#[test]
fn a_waiting_call_is_remembered_only_with_its_real_answer() {
    check(expect![[r#"
        given register ada
        given register bo
        given ada claims a.py
        bo claims a.py wait=60s request=r1
            = W1 waits until 60s
              claim_queued W1 bo: a.py behind ada's a.py
        # Asked again, by a caller whose connection broke: it waits twice, and both are granted.
        bo claims a.py wait=60s request=r1
            = W2 waits until 60s
              claim_queued W2 bo: a.py behind ada's a.py
        ada frees a.py
            = released a.py
              locks_released of ada: a.py, given back
              claim_wait_ended W1 granted
              locks_granted to bo: a.py #2
              claim_wait_ended W2 granted
              locks_granted to bo: a.py #2
        bo claims a.py wait=60s request=r1
            = a.py #2
              locks_granted to bo: a.py #2
        # From here on it is the first answer, whatever has happened since.
        bo frees a.py
            = released a.py
              locks_released of bo: a.py, given back
        bo claims a.py wait=60s request=r1
            = a.py #2
        bo claims b.py wait=60s request=r1
            ! request_id_reused: request_id r1 was used before with other arguments; repeat a call with exactly the same arguments, or choose a new request_id for a new call
    "#]]);
}

#[test]
fn whoever_asks_again_without_time_left_is_refused_like_anybody() {
    check(expect![[r#"
        given register ada
        given register bo
        given ada claims a.py
        given bo claims a.py wait=10s
        given at 10s
        bo claims a.py
            ! file_locked: a.py is held by ada; work on something else, or ask ada with send_message to release it
    "#]]);
}

#[test]
fn waiting_claims_go_before_tasks() {
    check(expect![[r#"
        given register ada
        given register bo
        given register cy
        given task One files=a.py
        given ada gives back T1
        given ada claims a.py
        show T1
            T1 PENDING, bo's, 0%, attempt 0
        given cy claims a.py wait=60s
        ada frees a.py
            = released a.py
              locks_released of ada: a.py, given back
              claim_wait_ended W1 granted
              locks_granted to cy: a.py #2
              task_assigned T1 to cy
              message_sent 3 to cy: TASK_ASSIGNED T1
              message_sent 4 to bo: TASK_REASSIGNED T1, assigned_to cy
        show T1
            T1 PENDING, cy's, 0%, attempt 0
    "#]]);
}

#[test]
fn who_would_share_a_file_does_not_overtake_who_waits_to_have_it_alone() {
    check(expect![[r#"
        given register ada
        given register bo
        given register cy
        given ada claims a.py shared
        bo claims a.py wait=60s
            = W1 waits until 60s
              claim_queued W1 bo: a.py behind ada's a.py
        cy claims a.py shared
            ! file_locked: a.py is shared by ada; work on something else, or ask ada with send_message to release it
        cy claims a.py shared wait=60s
            = W2 waits until 60s
              claim_queued W2 cy: a.py behind ada's a.py
        # Who shares it already may go on, and other files are free to be shared.
        ada claims a.py shared
            = a.py #1 shared
              locks_granted to ada: a.py #1 shared
        cy claims b.py shared
            = b.py #2 shared
              locks_granted to cy: b.py #2 shared
        ada frees a.py
            = released a.py
              locks_released of ada: a.py, given back
              claim_wait_ended W1 granted
              locks_granted to bo: a.py #3
              claim_waits_behind W2 behind bo's a.py
        show waits
            W2 cy: a.py until 60s behind bo's a.py
        bo frees a.py
            = released a.py
              locks_released of bo: a.py, given back
              claim_wait_ended W2 granted
              locks_granted to cy: a.py #4 shared
        show locks
            cy: a.py #4 shared
            cy: b.py #2 shared
    "#]]);
}

#[test]
fn who_let_somebody_go_first_in_vain_need_not_wait() {
    check(expect![[r#"
        given register ada
        given register bo
        given register cy
        given ada claims a.py shared
        given bo claims a.py wait=30s
        given cy claims a.py shared wait=60s
        show waits
            W1 bo: a.py until 30s behind ada's a.py
            W2 cy: a.py until 60s behind ada's a.py
        at 30s
            tick at 30s
              claim_wait_ended W1 timed out
              claim_wait_ended W2 granted
              locks_granted to cy: a.py #2 shared
        show locks
            ada: a.py #1 shared
            cy: a.py #2 shared
        given bo claims a.py wait=30s
        given cy frees a.py
        given cy claims a.py shared wait=60s
        withdraw W3
              claim_wait_ended W3 withdrawn
              claim_wait_ended W4 granted
              locks_granted to cy: a.py #3 shared
        show locks
            ada: a.py #1 shared
            cy: a.py #3 shared
    "#]]);
}

#[test]
fn who_waits_for_the_one_who_asks_is_not_waited_for() {
    check(expect![[r#"
        given register ada
        given register bo
        given register cy
        given ada claims a.py shared
        given cy claims b.py
        given bo claims a.py b.py wait=60s
        cy claims a.py shared
            = a.py #3 shared
              locks_granted to cy: a.py #3 shared
    "#]]);
}
