//! Second looks.

use expect_test::expect;

use crate::script::check;

#[test]
fn a_quality_enhancer_reviews_and_approves() {
    check(expect![[r#"
        settings timeout=24h
        given register ada
        given register bo
        given register zoe QUALITY_ENHANCER
        given task One files=a.py
        given task Two after=T1
        given assign T1 to ada
        given ada starts T1
        given at 10m
        ada completes T1 "done" for review
            = T1 NEEDS_REVIEW, ada's
              locks_released of ada: a.py, task ended
              task_review_requested T1
              task_reviewer_chosen T1: zoe
              message_sent 2 to zoe: REVIEW_REQUESTED T1, author ada
        show T1
            T1 NEEDS_REVIEW, ada's, 100%, attempt 1, pinned, reviewed by zoe, result done, started 0s
        show locks
            nothing
        at 11m
        zoe approves T1 "well done"
            = T1 COMPLETED, ada's
              task_completed T1
              task_unblocked T2
              manus_scored ada 103.75
              message_sent 3 to ada: REVIEW_DECIDED T1, verdict approve, reviewer zoe, comment well done
              task_assigned T2 to ada
              message_sent 4 to ada: TASK_ASSIGNED T2
        show T1
            T1 COMPLETED, ada's, 100%, attempt 1, pinned, reviewed by zoe, result done, started 0s, closed 660s
    "#]]);
}

#[test]
fn changes_send_a_task_back_to_its_author() {
    check(expect![[r#"
        given register ada
        given register bo
        given task One files=a.py
        given ada starts T1
        given ada completes T1 "done" for review
        bo sends T1 back "a test is missing"
            = T1 PENDING, ada's
              task_sent_back T1 by bo "a test is missing"
              manus_scored ada 92.5
              message_sent 3 to ada: REVIEW_DECIDED T1, verdict request_changes, reviewer bo, comment a test is missing
        show T1
            T1 PENDING, ada's, 100%, attempt 1, pinned, note "bo asked for changes: a test is missing", result done, started 0s
        ada starts T1
            = T1 IN_PROGRESS, ada's with a.py #2 for T1
              locks_granted to ada: a.py #2 for T1
              task_started T1 by ada
        ada completes T1 "now with a test" for review
            = T1 NEEDS_REVIEW, ada's
              locks_released of ada: a.py, task ended
              task_review_requested T1
              task_reviewer_chosen T1: bo
              message_sent 4 to bo: REVIEW_REQUESTED T1, author ada
        bo approves T1
            = T1 COMPLETED, ada's
              task_completed T1
              manus_scored ada 97.38
              message_sent 5 to ada: REVIEW_DECIDED T1, verdict approve, reviewer bo
    "#]]);
}

#[test]
fn the_time_of_a_review_is_not_the_authors() {
    check(expect![[r#"
        settings timeout=24h
        given register ada
        given register bo
        given task One est=30
        given ada starts T1
        given at 30m
        given ada completes T1 for review
        given at 3h
        # On time is on time, however long the review took.
        supervisor approves T1
            = T1 COMPLETED, ada's
              task_completed T1
              manus_scored ada 100
              message_sent 5 to ada: REVIEW_DECIDED T1, verdict approve, reviewer supervisor
              message_sent 6 to bo: REVIEW_DECIDED T1, verdict approve, reviewer supervisor
    "#]]);
}

#[test]
fn nobody_reviews_their_own_work() {
    check(expect![[r#"
        given register ada QUALITY_ENHANCER
        given task One
        given ada starts T1
        ada completes T1 for review
            = T1 NEEDS_REVIEW, ada's
              task_review_requested T1
        ada approves T1
            ! not_your_review: ada cannot review T1: nobody reviews their own work; somebody else has to
        # As soon as there is somebody else, that one is asked.
        register bo
            = bo is IDLE
              manus_registered bo
              task_reviewer_chosen T1: bo
              message_sent 2 to bo: REVIEW_REQUESTED T1, author ada
        show T1
            T1 NEEDS_REVIEW, ada's, 100%, attempt 1, reviewed by bo, started 0s
    "#]]);
}

#[test]
fn the_least_busy_reviewer_is_asked() {
    check(expect![[r#"
        given register ada parallel=3
        given register bo QUALITY_ENHANCER
        given register cy QUALITY_ENHANCER
        given task One
        given task Two
        given task Three
        given assign T1 to ada
        given assign T2 to ada
        given assign T3 to ada
        given ada starts T1
        given ada starts T2
        given ada starts T3
        ada completes T1 for review
            = T1 NEEDS_REVIEW, ada's
              task_review_requested T1
              task_reviewer_chosen T1: bo
              message_sent 8 to bo: REVIEW_REQUESTED T1, author ada
        # bo has one already.
        ada completes T2 for review
            = T2 NEEDS_REVIEW, ada's
              task_review_requested T2
              task_reviewer_chosen T2: cy
              message_sent 9 to cy: REVIEW_REQUESTED T2, author ada
        given cy approves T2
        given task Four est=10
        given assign T4 to cy
        given bo approves T1
        ada completes T3 for review
            = T3 NEEDS_REVIEW, ada's
              task_review_requested T3
              task_reviewer_chosen T3: bo
              message_sent 15 to bo: REVIEW_REQUESTED T3, author ada
    "#]]);
}

#[test]
fn only_the_chosen_reviewer_decides_or_the_person() {
    check(expect![[r#"
        given register ada
        given register bo QUALITY_ENHANCER
        given register cy
        given task One
        given task Two
        given assign T1 to ada
        given ada starts T1
        bo approves T1
            ! not_in_review: T1 is IN_PROGRESS, not NEEDS_REVIEW; complete_task with needs_review: true asks for one
        given ada completes T1 for review
        cy approves T1
            ! not_your_review: cy cannot review T1: bo was chosen as its reviewer; leave the verdict to bo
        ada sends T1 back
            ! not_your_review: ada cannot review T1: nobody reviews their own work; somebody else has to
        nobody approves T1
            ! manus_not_found: no agent nobody is registered; call register_manus first, or check the name with list_manus
        bo approves T9
            ! task_not_found: there is no task T9; list_tasks shows the ids
        supervisor approves T1 "I looked myself"
            = T1 COMPLETED, ada's
              task_completed T1
              manus_scored ada 103.75
              message_sent 4 to ada: REVIEW_DECIDED T1, verdict approve, reviewer supervisor, comment I looked myself
              message_sent 5 to bo: REVIEW_DECIDED T1, verdict approve, reviewer supervisor, comment I looked myself
        bo approves T1
            ! task_closed: T1 is COMPLETED; nothing more can be done with it; create another task instead
    "#]]);
}

#[test]
fn anybody_else_may_review_what_nobody_was_found_for() {
    check(expect![[r#"
        settings queue=1
        given register ada
        given register bo
        given task One
        given task Two
        given ada starts T1
        # bo has enough to do.
        ada completes T1 for review
            = T1 NEEDS_REVIEW, ada's
              task_review_requested T1
        bo sends T1 back
            = T1 PENDING, ada's
              task_sent_back T1 by bo
              manus_scored ada 92.5
              message_sent 3 to ada: REVIEW_DECIDED T1, verdict request_changes, reviewer bo
    "#]]);
}

#[test]
fn a_review_is_passed_on_when_its_reviewer_goes() {
    check(expect![[r#"
        given register ada
        given register bo QUALITY_ENHANCER
        given task One
        given assign T1 to ada
        given ada starts T1
        given ada completes T1 for review
        given at 60s
        given ada beats
        given register cy
        # Lost.
        at 120s
            tick at 120s
              manus_lost bo
              task_reviewer_chosen T1: nobody
              task_reviewer_chosen T1: cy
              message_sent 3 to cy: REVIEW_REQUESTED T1, author ada
        # Left.
        cy leaves
            = released nothing; returned nothing
              manus_left cy
              task_reviewer_chosen T1: nobody
        bo approves T1
            = T1 COMPLETED, ada's
              manus_revived bo
              task_completed T1
              manus_scored ada 103.75
              message_sent 4 to ada: REVIEW_DECIDED T1, verdict approve, reviewer bo
        show T1
            T1 COMPLETED, ada's, 100%, attempt 1, pinned, started 0s, closed 120s
    "#]]);
}

#[test]
fn what_its_author_is_not_there_to_change_is_anybodys() {
    check(expect![[r#"
        given register ada
        given register bo
        given task One
        given ada starts T1
        given ada completes T1 "done" for review
        given ada leaves
        show T1
            T1 NEEDS_REVIEW, ada's, 100%, attempt 1, reviewed by bo, result done, started 0s
        bo sends T1 back "a test is missing"
            = T1 PENDING, bo's
              task_sent_back T1 by bo "a test is missing"
              manus_scored ada 92.5
              task_unassigned T1
              message_sent 3 to ada: TASK_REASSIGNED T1, reason you were away when it became ready
              message_sent 4 to ada: REVIEW_DECIDED T1, verdict request_changes, reviewer bo, comment a test is missing
              task_assigned T1 to bo
              message_sent 5 to bo: TASK_ASSIGNED T1, handoff at 100%: bo asked for changes: a test is missing
        show T1
            T1 PENDING, bo's, 100%, attempt 1, note "bo asked for changes: a test is missing", result done, started 0s
    "#]]);
}

#[test]
fn while_it_is_reviewed_nothing_else_happens_to_a_task() {
    check(expect![[r#"
        given register ada
        given register bo
        given task One files=a.py
        given ada starts T1
        given ada completes T1 for review
        ada starts T1
            ! task_in_review: T1 is NEEDS_REVIEW; review_task decides about it: approve it, or request_changes to go on with it
        ada reports T1 50%
            ! task_in_review: T1 is NEEDS_REVIEW; review_task decides about it: approve it, or request_changes to go on with it
        ada completes T1
            ! task_in_review: T1 is NEEDS_REVIEW; review_task decides about it: approve it, or request_changes to go on with it
        complete T1
            ! task_in_review: T1 is NEEDS_REVIEW; review_task decides about it: approve it, or request_changes to go on with it
        ada gives back T1
            ! task_in_review: T1 is NEEDS_REVIEW; review_task decides about it: approve it, or request_changes to go on with it
        ada fails T1
            ! task_in_review: T1 is NEEDS_REVIEW; review_task decides about it: approve it, or request_changes to go on with it
        ada blocks T1
            ! task_in_review: T1 is NEEDS_REVIEW; review_task decides about it: approve it, or request_changes to go on with it
        assign T1 to bo
            ! task_in_review: T1 is NEEDS_REVIEW; review_task decides about it: approve it, or request_changes to go on with it
        update T1 files=b.py
            ! task_in_review: T1 is NEEDS_REVIEW; review_task decides about it: approve it, or request_changes to go on with it
        update T1 "Another title" prio=HIGH
            = T1 NEEDS_REVIEW, ada's
              task_updated T1
              message_sent 3 to ada: TASK_UPDATED T1
        # But it may be given up, and its reviewer learns that, too.
        cancel T1
            = T1 CANCELLED, ada's
              task_cancelled T1
              message_sent 4 to ada: TASK_CANCELLED T1
              message_sent 5 to bo: TASK_CANCELLED T1
    "#]]);
}

#[test]
fn a_drained_agent_is_asked_for_no_review() {
    check(expect![[r#"
        given register ada
        given register bo
        given task One
        given ada starts T1
        given drain bo
        ada completes T1 for review
            = T1 NEEDS_REVIEW, ada's
              task_review_requested T1
        drain bo off
            = bo is IDLE
              manus_draining bo no more
              task_reviewer_chosen T1: bo
              message_sent 2 to bo: REVIEW_REQUESTED T1, author ada
    "#]]);
}
