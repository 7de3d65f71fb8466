//! A task's completion is accepted once an attempt, from the attempt's holder: the number of the attempt tells a late word from a
//! timely one where names cannot.

use expect_test::expect;

use crate::script::check;

#[test]
fn whoever_lost_a_task_and_got_it_again_is_not_its_former_self() {
    check(expect![[r#"
        given register ada
        given task One
        given ada starts T1
        given ada gives back T1
        given assign T1 to ada
        # A process of ada's that does not know of any of this.
        ada reports T1 90% attempt=1
            ! attempt_over: attempt 1 of T1 is over, it is PENDING with ada; stop working on it, and ask for work with next_task
        ada completes T1 attempt=1
            ! attempt_over: attempt 1 of T1 is over, it is PENDING with ada; stop working on it, and ask for work with next_task
        ada gives back T1 attempt=1
            ! attempt_over: attempt 1 of T1 is over, it is PENDING with ada; stop working on it, and ask for work with next_task
        given ada starts T1
        ada reports T1 90% attempt=1
            ! attempt_over: attempt 1 of T1 is over, ada works on it in attempt 2; stop working on it, and ask for work with next_task
        ada completes T1 "of the first attempt" attempt=1
            ! attempt_over: attempt 1 of T1 is over, ada works on it in attempt 2; stop working on it, and ask for work with next_task
        ada completes T1 for review attempt=1
            ! attempt_over: attempt 1 of T1 is over, ada works on it in attempt 2; stop working on it, and ask for work with next_task
        ada fails T1 "it broke" attempt=1
            ! attempt_over: attempt 1 of T1 is over, ada works on it in attempt 2; stop working on it, and ask for work with next_task
        ada gives back T1 attempt=1
            ! attempt_over: attempt 1 of T1 is over, ada works on it in attempt 2; stop working on it, and ask for work with next_task
        ada reports T1 10% attempt=2
            = T1 IN_PROGRESS, ada's
              task_progressed T1 10%
        ada completes T1 "of the second attempt" attempt=2
            = T1 COMPLETED, ada's
              task_completed T1
              manus_scored ada 103.75
        ada completes T1 "once more" attempt=2
            ! task_closed: T1 is COMPLETED; nothing more can be done with it; create another task instead
        show T1
            T1 COMPLETED, ada's, 100%, attempt 2, pinned, note "given back at 0%", result of the second attempt, started 0s, closed 0s
    "#]]);
}

#[test]
fn a_word_without_a_name_counts_for_its_attempt_alone() {
    check(expect![[r#"
        settings timeout=10s
        given register ada
        given task One
        given ada starts T1
        # Nobody hears of ada any more, and bo takes over.
        at 11s
            tick at 10s
              manus_lost ada
              task_returned T1, agent lost
              message_sent 2 to ada: TASK_REASSIGNED T1, reason you were silent for too long
        given register bo
        given bo starts T1
        complete T1 "by ada's script" attempt=1
            ! attempt_over: attempt 1 of T1 is over, bo works on it in attempt 2; stop working on it, and ask for work with next_task
        ada completes T1 attempt=1
            ! task_not_assigned_to_you: T1 is assigned to bo, not to ada; take your own task, or have it moved with assign_task
        complete T1 "by bo's script" attempt=2
            = T1 COMPLETED, bo's
              task_completed T1
              manus_scored bo 103.75
    "#]]);
}

#[test]
fn an_attempt_that_never_was() {
    check(expect![[r#"
        given register ada
        given task One
        given ada starts T1
        ada completes T1 attempt=7
            ! attempt_over: T1 was started 1 times, so there is no attempt 7; pass the number in attempts that start_task or next_task answered
    "#]]);
}

#[test]
fn what_was_sent_back_by_its_reviewer_is_a_new_attempt() {
    check(expect![[r#"
        given register ada
        given register bo QUALITY_ENHANCER
        given task One
        given assign T1 to ada
        given ada starts T1
        given ada completes T1 for review attempt=1
        ada completes T1 attempt=1
            ! task_in_review: T1 is NEEDS_REVIEW; review_task decides about it: approve it, or request_changes to go on with it
        given bo sends T1 back "one case is missing"
        ada completes T1 attempt=1
            ! attempt_over: attempt 1 of T1 is over, it is PENDING with ada; stop working on it, and ask for work with next_task
        given ada starts T1
        ada completes T1 attempt=1
            ! attempt_over: attempt 1 of T1 is over, ada works on it in attempt 2; stop working on it, and ask for work with next_task
        ada completes T1 attempt=2
            = T1 COMPLETED, ada's
              task_completed T1
              manus_scored ada 97.38
    "#]]);
}
