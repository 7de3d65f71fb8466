//! Counts by minute and by hour. Stories begin 40 s into a minute.

use expect_test::expect;

use crate::script::check;

#[test]
fn counts_go_to_their_minute_and_hour() {
    check(expect![[r#"
        given register ada
        given register bo
        given task One est=1
        given task Two
        given ada starts T1
        given ada claims a.py
        given at 30s
        given bo claims a.py wait=1s
        given ada completes T1
        given at 100s
        given bo starts T2
        given bo fails T2
        given cancel T2
        given at 10m
        metrics
            minute -40s: created 2, granted 1, messages 2, started 1
            minute 20s: actual_ms 30000, completed 1, estimated_minutes 1, waited 1
            minute 80s: cancelled 1, failed 1, started 1
            minute 140s: lost 1, messages 1
            minute 200s: lost 1
            hour -2800s: actual_ms 30000, cancelled 1, completed 1, created 2, estimated_minutes 1, failed 1, granted 1, lost 2, messages 3, started 2, waited 1
    "#]]);
}

#[test]
fn old_minutes_and_hours_are_forgotten() {
    check(expect![[r#"
        settings timeout=9999h
        task One
            = T1 PENDING
              task_created T1
        at 60m
        cancel T1
            = T1 CANCELLED
              task_cancelled T1
        at 181m
        task Two
            = T2 PENDING
              task_created T2
        metrics
            minute 3560s: cancelled 1
            minute 10820s: created 1
            hour -2800s: created 1
            hour 800s: cancelled 1
            hour 8000s: created 1
        # Three hours after the first.
        at 4h
        cancel T2
            = T2 CANCELLED
              task_cancelled T2
        metrics
            minute 3560s: cancelled 1
            minute 10820s: created 1
            minute 14360s: cancelled 1
            hour -2800s: created 1
            hour 800s: cancelled 1
            hour 8000s: created 1
            hour 11600s: cancelled 1
        at 800h
        task Three
            = T3 PENDING
              task_created T3
        metrics
            minute 2879960s: created 1
            hour 2877200s: created 1
    "#]]);
}

#[test]
fn reviews_count_the_work_and_not_the_review() {
    check(expect![[r#"
        settings timeout=24h
        given register ada
        given register bo
        given task One est=30
        given ada starts T1
        given at 10m
        given ada completes T1 for review
        given at 2h
        given bo sends T1 back
        given ada starts T1
        given at 125m
        given ada completes T1
        metrics
            minute -40s: created 1, messages 1, started 1
            minute 560s: messages 1
            minute 7160s: messages 1, sent_back 1, started 1
            minute 7460s: actual_ms 300000, completed 1, estimated_minutes 30
            hour -2800s: created 1, messages 2, started 1
            hour 4400s: actual_ms 300000, completed 1, estimated_minutes 30, messages 1, sent_back 1, started 1
    "#]]);
}
