//! Waiting claims that end without a grant.

use expect_test::expect;

use crate::script::check;

#[test]
fn a_wait_ends_when_its_time_is_up() {
    check(expect![[r#"
        given register ada
        given register bo
        given ada claims a.py
        bo claims a.py wait=10s
            = W1 waits until 10s
              claim_queued W1 bo: a.py behind ada's a.py
        at 10s
            tick at 10s
              claim_wait_ended W1 timed out
        show waits
            nothing
        ada frees a.py
            = released a.py
              locks_released of ada: a.py, given back
    "#]]);
}

#[test]
fn a_late_tick_grants_what_came_free_in_time() {
    check(expect![[r#"
        given register ada
        given register bo
        given register cy
        given ada claims a.py ttl=10s
        given bo claims a.py wait=20s
        given cy claims a.py wait=15s
        jump 30s
        tick
              locks_released of ada: a.py, expired
              message_sent 1 to ada: LOCK_LOST, files a.py, reason their time was up
              claim_wait_ended W1 granted
              locks_granted to bo: a.py #2
              claim_waits_behind W2 behind bo's a.py
              claim_wait_ended W2 timed out
    "#]]);
}

#[test]
fn a_wait_ends_with_its_caller() {
    check(expect![[r#"
        given register ada
        given register bo
        given ada claims a.py
        given bo claims a.py wait=60s
        withdraw W1
              claim_wait_ended W1 withdrawn
        withdraw W1
        ada frees a.py
            = released a.py
              locks_released of ada: a.py, given back
    "#]]);
}

#[test]
fn a_wait_ends_with_its_agent() {
    check(expect![[r#"
        settings timeout=10s
        given register ada
        given register bo
        given register cy
        given ada claims a.py
        given bo claims a.py wait=60s
        given cy claims a.py wait=60s
        given at 5s
        given ada beats
        given cy beats
        bo leaves
            = released nothing; returned nothing
              manus_left bo
              claim_wait_ended W1 its agent is gone
        at 15s
            tick at 15s
              manus_lost ada
              locks_delayed of ada: a.py until 30s
              manus_lost cy
              claim_wait_ended W2 its agent is gone
    "#]]);
}

#[test]
fn a_lost_agent_that_claims_and_waits_is_back() {
    check(expect![[r#"
        settings timeout=10s
        given register ada
        given at 6s
        given register bo
        given bo claims a.py
        given at 11s
        ada claims a.py wait=60s
            = W1 waits until 71s
              manus_revived ada
              claim_queued W1 ada: a.py behind bo's a.py
    "#]]);
}

#[test]
fn a_restart_ends_all_waits() {
    check(expect![[r#"
        given register ada
        given register bo
        given ada claims a.py
        given bo claims a.py wait=60s
        server starts
              server_started
        show waits
            nothing
        ada frees a.py
            = released a.py
              locks_released of ada: a.py, given back
    "#]]);
}
