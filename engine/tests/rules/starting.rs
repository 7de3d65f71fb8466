//! A task begins: for its assignee, with a free hand, and with all of its files or not at all.

use expect_test::expect;

use crate::script::check;

#[test]
fn only_the_assignee_starts_a_task() {
    check(expect![[r#"
        given register ada
        given register bo can=rust
        given task One
        task Two needs=python
            = T2 PENDING
              task_created T2
        bo starts T1
            ! task_not_assigned_to_you: T1 is assigned to ada, not to bo; take your own task, or have it moved with assign_task
        # It is nobody's.
        bo starts T2
            ! task_not_assigned_to_you: T2 is assigned to nobody yet; have it given to bo with assign_task, or ask for work with next_task
        bo starts T3
            ! task_not_found: there is no task T3; list_tasks shows the ids
        given ada starts T1
        bo starts T1
            ! task_not_assigned_to_you: T1 is assigned to ada, not to bo; take your own task, or have it moved with assign_task
        ada starts T1
            ! task_already_started: T1 was already started by ada; report progress with update_task_progress, or take another task
    "#]]);
}

#[test]
fn as_many_at_a_time_as_the_agent_has_hands() {
    check(expect![[r#"
        given register ada parallel=2
        given task One
        given task Two
        given task Three
        given ada starts T1
        ada starts T2
            = T2 IN_PROGRESS, ada's
              task_started T2 by ada
        ada starts T3
            ! at_capacity: ada already works on 2 of 2 tasks (T1, T2); complete or release one first, or register with a larger max_parallel
        ada asks for work
            ! at_capacity: ada already works on 2 of 2 tasks (T1, T2); complete or release one first, or register with a larger max_parallel
        given ada completes T1
        ada starts T3
            = T3 IN_PROGRESS, ada's
              task_started T3 by ada
    "#]]);
}

#[test]
fn starting_takes_the_files_in_the_same_step() {
    check(expect![[r#"
        given register ada
        given register bo
        given task One files=src/,docs/api.md
        given bo claims src/auth.py "hot fix"
        # All or nothing: the docs stay free.
        ada starts T1
            ! file_locked: src/auth.py is held by bo (hot fix); work on something else, or ask bo with send_message to release it
        show locks
            bo: src/auth.py #1 (hot fix)
        show T1
            T1 PENDING, ada's, 0%, attempt 0
        given bo frees src/auth.py
        ada starts T1
            = T1 IN_PROGRESS, ada's with src/ #2 for T1, docs/api.md #3 for T1
              locks_granted to ada: src/ #2 for T1, docs/api.md #3 for T1
              task_started T1 by ada
        show locks
            ada: docs/api.md #3 for T1
            ada: src/ #2 for T1
    "#]]);
}

#[test]
fn a_refused_start_says_who_holds_what_and_for_how_long() {
    check(expect![[r#"
        given register ada
        given register bo
        given register cy
        given task One files=a.py,b.py,docs/
        given bo claims a.py ttl=30s
        ada starts T1
            ! file_locked: a.py is held by bo for at most 30 s more; try again then, or work on something else meanwhile
        given at 10s
        given cy claims b.py docs/api.md
        ada starts T1
            ! file_locked: a.py is held by bo for at most 20 s more, and 2 more locks are in the way; try again then, or work on something else meanwhile
    "#]]);
}

#[test]
fn what_was_held_before_the_start_stays_afterwards() {
    check(expect![[r#"
        given register ada
        given task One files=a.py,b.py
        given ada claims a.py "mine"
        ada starts T1
            = T1 IN_PROGRESS, ada's with a.py #1 (mine), b.py #2 for T1
              locks_granted to ada: a.py #1 (mine), b.py #2 for T1
              task_started T1 by ada
        ada completes T1
            = T1 COMPLETED, ada's
              locks_released of ada: b.py, task ended
              task_completed T1
              manus_scored ada 103.75
        show locks
            ada: a.py #1 (mine)
    "#]]);
}

#[test]
fn what_was_held_for_a_time_or_shared_goes_with_the_task() {
    check(expect![[r#"
        given register ada
        given register bo
        given task One files=a.py,b.py
        # While the task runs it has its files alone and without a limit, and so it must not leave them behind like that.
        given ada claims a.py ttl=60s
        given ada claims b.py shared
        ada starts T1
            = T1 IN_PROGRESS, ada's with a.py #1 for T1, b.py #3 for T1
              locks_granted to ada: a.py #1 for T1, b.py #3 for T1
              task_started T1 by ada
        at 61s
        show locks
            ada: a.py #1 for T1
            ada: b.py #3 for T1
        bo claims b.py shared
            ! file_locked: b.py is held by ada (T1: One); work on something else, or ask ada with send_message to release it
        ada completes T1
            = T1 COMPLETED, ada's
              locks_released of ada: a.py, b.py, task ended
              task_completed T1
              manus_scored ada 103.75
        show locks
            nothing
    "#]]);
}

#[test]
fn two_tasks_of_one_agent_never_have_the_same_file_at_a_time() {
    check(expect![[r#"
        given register ada parallel=2
        given task One files=src/a.py
        given task Two files=src/ est=20
        given task Three files=b.py est=10
        given ada starts T1
        ada starts T2
            ! file_locked: src/a.py is in use by your own T1; complete T1 first, or start another task
        # What can run, runs.
        ada asks for work
            = T3 IN_PROGRESS, ada's with b.py #2 for T3
              locks_granted to ada: b.py #2 for T3
              task_started T3 by ada
        given ada completes T1
        ada starts T2
            = T2 IN_PROGRESS, ada's with src/ #3 for T2
              locks_granted to ada: src/ #3 for T2
              task_started T2 by ada
        ada completes T3
            = T3 COMPLETED, ada's
              locks_released of ada: b.py, task ended
              task_completed T3
              manus_scored ada 106.94
        show locks
            ada: src/ #3 for T2
    "#]]);
}
