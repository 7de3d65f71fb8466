//! How results move an agent's score, and what follows from it.

use expect_test::expect;

use crate::script::check;

#[test]
fn on_time_stays_at_a_hundred() {
    check(expect![[r#"
        settings timeout=24h
        given register ada
        given task One est=30
        given ada starts T1
        given at 30m
        ada completes T1
            = T1 COMPLETED, ada's
              task_completed T1
              manus_scored ada 100
    "#]]);
}

#[test]
fn twice_as_fast() {
    check(expect![[r#"
        settings timeout=24h
        given register ada
        given task One est=30
        given ada starts T1
        given at 15m
        ada completes T1
            = T1 COMPLETED, ada's
              task_completed T1
              manus_scored ada 103.75
    "#]]);
}

#[test]
fn twice_as_slow() {
    check(expect![[r#"
        settings timeout=24h
        given register ada
        given task One est=30
        given ada starts T1
        given at 60m
        ada completes T1
            = T1 COMPLETED, ada's
              task_completed T1
              manus_scored ada 92.5
    "#]]);
}

#[test]
fn much_too_slow_counts_no_more_than_twice_as_slow() {
    check(expect![[r#"
        settings timeout=24h
        given register ada
        given task One est=30
        given ada starts T1
        given at 23h
        ada completes T1
            = T1 COMPLETED, ada's
              task_completed T1
              manus_scored ada 92.5
    "#]]);
}

#[test]
fn a_failure_and_a_review_sent_back() {
    check(expect![[r#"
        given register ada
        given register bo
        given task One
        given ada starts T1
        ada fails T1
            = T1 PENDING
              task_failed T1 by ada "no reason given", again at 30s
              manus_scored ada 85
        given task Two
        given assign T2 to bo
        given bo starts T2
        given bo completes T2 for review
        ada sends T2 back
            = T2 PENDING, bo's
              task_sent_back T2 by ada
              manus_scored bo 92.5
              message_sent 4 to bo: REVIEW_DECIDED T2, verdict request_changes, reviewer ada
    "#]]);
}

#[test]
fn an_estimate_of_nothing_says_nothing_about_speed() {
    check(expect![[r#"
        settings timeout=24h
        given register ada
        given task One est=0
        given ada starts T1
        given at 2h
        ada completes T1
            = T1 COMPLETED, ada's
              task_completed T1
              manus_scored ada 100
    "#]]);
}

#[test]
fn whoever_was_slow_is_expected_to_be_slow() {
    check(expect![[r#"
        settings timeout=24h
        given register ada
        given task One est=30
        given ada starts T1
        given at 2h
        given ada completes T1
        given register bo
        task Two est=60
            = T2 PENDING, bo's
              task_created T2
              task_assigned T2 to bo
              message_sent 4 to bo: TASK_ASSIGNED T2
        why T2
            bo
            bo could, 60, done at 10800s: has it now, chosen by the rule; has a free hand
            ada could, 76.726, done at 11803560ms: has a free hand; works at 85 % of the estimated speed; has a performance score of 93
    "#]]);
}
