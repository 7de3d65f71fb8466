//! Agents that would wait for each other for ever.

use engine::{Answer, Command, FilePattern, LockMode, ManusId, Refusal, Role, Settings, State};
use expect_test::expect;

use crate::script::check;

#[test]
fn two_agents_that_would_wait_for_each_other_are_told() {
    check(expect![[r#"
        given register ada
        given register bo
        given ada claims a.py
        given bo claims b.py
        ada claims b.py wait=60s
            = W1 waits until 60s
              claim_queued W1 ada: b.py behind bo's b.py
        bo claims a.py wait=60s
            ! would_deadlock: waiting would never end, since these agents wait for each other: bo -> ada -> bo; release what you hold, or claim without wait_secs
        # Without a wait there is nothing to go round in.
        bo claims a.py
            ! file_locked: a.py is held by ada; work on something else, or ask ada with send_message to release it
        bo frees b.py
            = released b.py
              locks_released of bo: b.py, given back
              claim_wait_ended W1 granted
              locks_granted to ada: b.py #3
    "#]]);
}

#[test]
fn three_agents_that_would_wait_in_a_circle_are_told() {
    check(expect![[r#"
        given register ada
        given register bo
        given register cy
        given ada claims a/
        given bo claims b/
        given cy claims c/
        given ada claims b/1.py wait=60s
        given bo claims c/1.py wait=60s
        cy claims x.py a/1.py wait=60s
            ! would_deadlock: waiting would never end, since these agents wait for each other: cy -> ada -> bo -> cy; release what you hold, or claim without wait_secs
        cy claims x.py wait=60s
            = x.py #4
              locks_granted to cy: x.py #4
    "#]]);
}

#[test]
fn locks_that_lapse_by_themselves_make_no_circle() {
    check(expect![[r#"
        given register ada
        given register bo
        given ada claims a.py ttl=30s
        given bo claims b.py
        given ada claims b.py wait=60s
        bo claims a.py wait=60s
            = W2 waits until 60s
              claim_queued W2 bo: a.py behind ada's a.py
        at 30s
            tick at 30s
              locks_released of ada: a.py, expired
              message_sent 1 to ada: LOCK_LOST, files a.py, reason their time was up
              claim_wait_ended W2 granted
              locks_granted to bo: a.py #3
        bo frees b.py
            = released b.py
              locks_released of bo: b.py, given back
              claim_wait_ended W1 granted
              locks_granted to ada: b.py #4
    "#]]);
}

#[test]
fn whoever_gets_more_while_waiting_cannot_close_a_circle() {
    check(expect![[r#"
        given register ada
        given register bo
        given register cy
        given bo claims x.py
        given cy claims y.py
        given ada claims x.py wait=60s
        given cy claims x.py wait=60s
        ada claims y.py wait=60s
            = W3 waits until 60s
              claim_queued W3 ada: y.py behind cy's y.py
        # Now ada has x.py, for which cy waits, who has y.py.
        bo frees x.py
            = released x.py
              locks_released of bo: x.py, given back
              claim_wait_ended W1 granted
              locks_granted to ada: x.py #3
              claim_waits_behind W2 behind ada's x.py
              claim_wait_ended W3 would never end
        ada claims y.py wait=60s
            ! would_deadlock: waiting would never end, since these agents wait for each other: ada -> cy -> ada; release what you hold, or claim without wait_secs
        ada frees x.py
            = released x.py
              locks_released of ada: x.py, given back
              claim_wait_ended W2 granted
              locks_granted to cy: x.py #4
    "#]]);
}

#[test]
fn a_circle_that_a_started_task_would_close_ends_the_wait() {
    check(expect![[r#"
        given register ada
        given register bo
        given register cy
        given task One files=x.py
        given assign T1 to ada
        given bo claims z.py
        given cy claims y.py
        given ada claims y.py wait=60s
        given cy claims x.py z.py wait=60s
        ada starts T1
            = T1 IN_PROGRESS, ada's with x.py #3 for T1
              locks_granted to ada: x.py #3 for T1
              task_started T1 by ada
              claim_wait_ended W1 would never end
        show waits
            W2 cy: x.py, z.py until 60s behind bo's z.py
    "#]]);
}

#[test]
fn a_lock_made_lasting_cannot_close_a_circle() {
    check(expect![[r#"
        given register ada
        given register bo
        given ada claims a.py ttl=30s
        given bo claims b.py
        given ada claims b.py wait=60s
        given bo claims a.py wait=60s
        ada claims a.py
            = a.py #1
              locks_granted to ada: a.py #1
              claim_wait_ended W1 would never end
    "#]]);
}

#[test]
fn a_circle_of_many_is_found_however_long_the_way_round() {
    const AGENTS: usize = 20_000;
    let mut state = State::new(Settings::default());
    let name = |n: usize| ManusId::new(&format!("a{n}")).unwrap();
    let claim = |by: usize, file: usize, wait_ms| Command::ClaimFiles {
        manus_id: name(by),
        files: vec![FilePattern::new(&format!("{file}.py")).unwrap()],
        reason: None,
        mode: LockMode::Exclusive,
        ttl_ms: None,
        wait_ms,
    };
    for n in 0..AGENTS {
        let register = Command::RegisterManus {
            manus_id: name(n),
            role: Role::SpeedDeveloper,
            capabilities: Vec::new(),
            max_parallel: 1,
            program: None,
            model: None,
            takeover: false,
        };
        state.decide(0, &register.into()).unwrap();
        state.decide(0, &claim(n, n, 0).into()).unwrap();
    }
    // Each waits for the one before, and the first, at last, would for the last.
    for n in (1..AGENTS).rev() {
        let waiting = state.decide(0, &claim(n, n - 1, 60_000).into()).unwrap();
        assert!(matches!(*waiting.answer, Answer::Waiting { .. }), "{waiting:?}");
    }
    let Err(Refusal::WouldDeadlock { cycle }) = state.decide(0, &claim(0, AGENTS - 1, 60_000).into()) else {
        panic!("the first may not wait for the last");
    };
    let round = std::iter::once(0).chain((0..AGENTS).rev());
    assert_eq!(cycle, round.map(name).collect::<Vec<_>>());
}
