//! Tasks that wait for tasks.

use expect_test::expect;

use crate::script::check;

#[test]
fn a_blocked_task_turns_pending_by_itself() {
    check(expect![[r#"
        given register ada
        given task One
        task Two after=T1
            = T2 BLOCKED by T1
              task_created T2 waits for T1
        ada starts T2
            ! task_blocked: T2 is BLOCKED until T1 is completed; take another task meanwhile
        ada reports T2 10%
            ! task_blocked: T2 is BLOCKED until T1 is completed; take another task meanwhile
        given ada starts T1
        ada completes T1
            = T1 COMPLETED, ada's
              task_completed T1
              task_unblocked T2
              manus_scored ada 103.75
              task_assigned T2 to ada
              message_sent 2 to ada: TASK_ASSIGNED T2
    "#]]);
}

#[test]
fn a_chain_unblocks_link_by_link() {
    check(expect![[r#"
        given register ada
        tasks A | B after=A | C after=B
            = T1 PENDING, ada's; T2 BLOCKED by T1; T3 BLOCKED by T2
              task_created T1
              task_created T2 waits for T1
              task_created T3 waits for T2
              task_assigned T1 to ada
              message_sent 1 to ada: TASK_ASSIGNED T1
        given ada starts T1
        ada completes T1
            = T1 COMPLETED, ada's
              task_completed T1
              task_unblocked T2
              manus_scored ada 103.75
              task_assigned T2 to ada
              message_sent 2 to ada: TASK_ASSIGNED T2
        show T3
            T3 BLOCKED by T2, 0%, attempt 0
        given ada starts T2
        ada completes T2
            = T2 COMPLETED, ada's
              task_completed T2
              task_unblocked T3
              manus_scored ada 106.94
              task_assigned T3 to ada
              message_sent 3 to ada: TASK_ASSIGNED T3
    "#]]);
}

#[test]
fn a_diamond_unblocks_when_both_sides_are_done() {
    check(expect![[r#"
        given register ada
        given register bo
        given tasks Top | Left after=Top | Right after=Top | Bottom after=Left,Right
        given ada asks for work
        ada completes T1
            = T1 COMPLETED, ada's
              task_completed T1
              task_unblocked T2
              task_unblocked T3
              manus_scored ada 103.75
              task_assigned T2 to ada
              message_sent 2 to ada: TASK_ASSIGNED T2
              task_assigned T3 to bo
              message_sent 3 to bo: TASK_ASSIGNED T3
        given ada starts T2
        given bo starts T3
        ada completes T2
            = T2 COMPLETED, ada's
              task_completed T2
              manus_scored ada 106.94
        show T4
            T4 BLOCKED by T3, 0%, attempt 0
        bo completes T3
            = T3 COMPLETED, bo's
              task_completed T3
              task_unblocked T4
              manus_scored bo 103.75
              task_assigned T4 to ada
              message_sent 4 to ada: TASK_ASSIGNED T4
    "#]]);
}

#[test]
fn what_is_completed_is_not_waited_for() {
    check(expect![[r#"
        settings closed=1
        given register ada
        given task One
        given task Two
        given ada starts T1
        given ada completes T1
        given ada starts T2
        given ada completes T2
        # T1 has left memory.
        task Three after=T1,T2
            = T3 PENDING, ada's
              task_created T3
              task_assigned T3 to ada
              message_sent 3 to ada: TASK_ASSIGNED T3
        task Four after=T3,T1,T3
            = T4 BLOCKED by T3
              task_created T4 waits for T3
    "#]]);
}

#[test]
fn an_unknown_dependency_is_refused() {
    check(expect![[r#"
        task One after=T1
            ! task_not_found: there is no task T1; list_tasks shows the ids
        task One after=T7
            ! task_not_found: there is no task T7; list_tasks shows the ids
        task One
            = T1 PENDING
              task_created T1
    "#]]);
}

#[test]
fn a_cancelled_dependency_is_refused() {
    check(expect![[r#"
        given task One
        given cancel T1
        task Two after=T1
            ! task_closed: T1 is CANCELLED; nothing more can be done with it, and no task can wait for it; create another task instead
    "#]]);
}

#[test]
fn a_dependency_that_failed_for_good_keeps_blocked_and_says_so() {
    check(expect![[r#"
        settings fails=2
        given register ada
        given tasks A | B after=A | C after=B
        given ada starts T1
        given ada fails T1 "no disk"
        show T2
            T2 BLOCKED by T1, 0%, attempt 0
        given at 30s
        given ada starts T1
        ada fails T1 "no disk"
            = T1 BLOCKED
              task_failed T1 by ada "no disk", for good
              manus_scored ada 72.25
        show T2
            T2 BLOCKED by T1, 0%, attempt 0, because it depends on T1, which failed for good; let that go on with unblock_task, or take it out with update_task
        show T3
            T3 BLOCKED by T2, 0%, attempt 0
        ada starts T2
            ! task_blocked: T2 is BLOCKED: it depends on T1, which failed for good; let that go on with unblock_task, or take it out with update_task
        # Let go on, it may still come to something.
        given supervisor unblocks T1
        show T2
            T2 BLOCKED by T1, 0%, attempt 0
        given ada starts T1
        given ada fails T1 "no disk"
        given at 60s
        given ada starts T1
        given ada fails T1 "no disk"
        show T2
            T2 BLOCKED by T1, 0%, attempt 0, because it depends on T1, which failed for good; let that go on with unblock_task, or take it out with update_task
        # Held back by somebody's word, it is no longer given up.
        given supervisor blocks T1 "the disk comes on Monday"
        show T2
            T2 BLOCKED by T1, 0%, attempt 0
        given supervisor unblocks T1
        given ada starts T1
        given ada completes T1
        show T2
            T2 PENDING, ada's, 0%, attempt 0
    "#]]);
}

#[test]
fn a_cancelled_dependency_keeps_blocked_and_says_so() {
    check(expect![[r#"
        given register ada
        given tasks A | B | C after=A,B | D after=C
        cancel T1 "no budget"
            = T1 CANCELLED, ada's
              task_cancelled T1 "no budget"
              message_sent 3 to ada: TASK_CANCELLED T1, reason no budget
        show T3
            T3 BLOCKED by T1, T2, 0%, attempt 0, because it depends on T1, which was cancelled; take that out with update_task, or cancel this task too
        ada starts T3
            ! task_blocked: T3 is BLOCKED: it depends on T1, which was cancelled; take that out with update_task, or cancel this task too
        # The other one does not free it either.
        given ada starts T2
        ada completes T2
            = T2 COMPLETED, ada's
              task_completed T2
              manus_scored ada 103.75
        show T3
            T3 BLOCKED by T1, 0%, attempt 0, because it depends on T1, which was cancelled; take that out with update_task, or cancel this task too
        # D waits for C, and C for nothing that will come.
        show T4
            T4 BLOCKED by T3, 0%, attempt 0
        cancel T3
            = T3 CANCELLED
              task_cancelled T3
        show T4
            T4 BLOCKED by T3, 0%, attempt 0, because it depends on T3, which was cancelled; take that out with update_task, or cancel this task too
    "#]]);
}

#[test]
fn cancelling_a_task_that_waits_leaves_the_others_alone() {
    check(expect![[r#"
        given register ada
        given tasks A est=10 | B after=A est=90 | Other est=20
        # A comes first, for what hangs on it.
        ada beats
            = 2 unread, T1, T3, at 0s
              heartbeats_seen ada
        cancel T2
            = T2 CANCELLED
              task_cancelled T2
        ada beats
            = 2 unread, T3, T1, at 0s
              heartbeats_seen ada
    "#]]);
}

#[test]
fn tasks_cannot_wait_for_each_other() {
    check(expect![[r#"
        tasks Egg after=Hen | Hen after=Egg
            ! dependency_cycle: these tasks would wait for each other: #1 "Egg" -> #2 "Hen" -> #1 "Egg"; leave out one of the dependencies
        tasks Alone after=Alone
            ! dependency_cycle: these tasks would wait for each other: #1 "Alone" -> #1 "Alone"; leave out one of the dependencies
        # The way round is spelled out, without what merely leads to it.
        tasks Lead after=B | A after=C | B after=A | C after=B | Free
            ! dependency_cycle: these tasks would wait for each other: #3 "B" -> #2 "A" -> #4 "C" -> #3 "B"; leave out one of the dependencies
        task One
            = T1 PENDING
              task_created T1
    "#]]);
}

#[test]
fn the_assignee_of_a_blocked_task_is_told_when_it_is_ready() {
    check(expect![[r#"
        given register ada
        given register bo
        given task One
        given task Two after=T1
        assign T2 to bo
            = T2 BLOCKED by T1, bo's
              task_assigned T2 to bo by hand
              message_sent 2 to bo: TASK_ASSIGNED T2
        bo starts T2
            ! task_blocked: T2 is BLOCKED until T1 is completed; take another task meanwhile
        given ada starts T1
        ada completes T1
            = T1 COMPLETED, ada's
              task_completed T1
              task_unblocked T2
              message_sent 3 to bo: TASK_UNBLOCKED T2
              manus_scored ada 103.75
        show T2
            T2 PENDING, bo's, 0%, attempt 0, pinned
        bo starts T2
            = T2 IN_PROGRESS, bo's
              task_started T2 by bo
    "#]]);
}

#[test]
fn a_blocked_task_can_be_given_back() {
    check(expect![[r#"
        given register ada
        given register bo
        given task One
        given task Two after=T1
        given assign T2 to bo
        bo gives back T2 "too hard"
            = T2 BLOCKED by T1
              task_unassigned T2 "too hard"
        ada gives back T2
            ! task_not_assigned_to_you: T2 is assigned to nobody yet; have it given to ada with assign_task, or ask for work with next_task
        show T2
            T2 BLOCKED by T1, 0%, attempt 0, note "given back: too hard"
    "#]]);
}
