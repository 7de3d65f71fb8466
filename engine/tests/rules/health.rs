//! How the project is doing, and why.

use expect_test::expect;

use crate::script::check;

#[test]
fn all_is_well() {
    check(expect![[r#"
        health
            100 healthy
        given register ada
        given task One
        health
            100 healthy
    "#]]);
}

#[test]
fn every_point_has_a_cause() {
    check(expect![[r#"
        settings timeout=2h
        given register ada
        given register bo
        given task One est=10
        given task Two after=T1
        given task Three needs=rust
        given task Four needs=rust
        given task Five
        given cancel T1 "no longer wanted"
        given supervisor blocks T5 "the key is missing"
        health
            76 degraded
            -8 task_held of T5: T5 is held back: the key is missing; unblock_task lets it go on
            -8 dependency_cancelled of T2: T2 waits for T1, which was cancelled; change its dependencies, or cancel it too
            -8 no_eligible_manus of T3: 2 tasks wait for an agent with rust, and none is here; register one (T3 first)
        given task Six est=10
        given assign T6 to ada
        given ada starts T6
        given ada claims a.py
        given bo claims a.py wait=1h
        at 11m
            tick at 600s
              task_stalled T6, level 1
              message_sent 6 to ada: TASK_STALLED T6, assigned_to ada
        health
            66 degraded
            -8 task_held of T5: T5 is held back: the key is missing; unblock_task lets it go on
            -8 dependency_cancelled of T2: T2 waits for T1, which was cancelled; change its dependencies, or cancel it too
            -8 no_eligible_manus of T3: 2 tasks wait for an agent with rust, and none is here; register one (T3 first)
            -6 task_stalled of T6: T6 has not moved for long in the hands of ada; ask, or assign it to somebody else
            -4 long_wait of bo: bo has waited 11 minutes for a.py; release it or take the work away
        given bo leaves
        given ada completes T6 for review
        health
            72 degraded
            -8 task_held of T5: T5 is held back: the key is missing; unblock_task lets it go on
            -8 dependency_cancelled of T2: T2 waits for T1, which was cancelled; change its dependencies, or cancel it too
            -8 no_eligible_manus of T3: 2 tasks wait for an agent with rust, and none is here; register one (T3 first)
            -4 no_reviewer of T6: nobody is there to review T6; register another agent, or review it yourself
        given at 131m
        health
            62 degraded
            -10 manus_lost of ada: ada fell silent; start it again, or deregister it if it is not coming back
            -8 task_held of T5: T5 is held back: the key is missing; unblock_task lets it go on
            -8 dependency_cancelled of T2: T2 waits for T1, which was cancelled; change its dependencies, or cancel it too
            -8 no_eligible_manus of T3: 2 tasks wait for an agent with rust, and none is here; register one (T3 first)
            -4 no_reviewer of T6: nobody is there to review T6; register another agent, or review it yourself
    "#]]);
}

#[test]
fn tasks_wait_for_anybody_at_all() {
    check(expect![[r#"
        given task One
        health
            92 healthy
            -8 no_eligible_manus of T1: 1 task waits for any agent, and none is here; register one (T1 first)
        given register ada
        health
            100 healthy
    "#]]);
}

#[test]
fn many_of_one_kind_cannot_take_all_points() {
    check(expect![[r#"
        given task One
        given task Two
        given task Three
        given task Four
        given task Five
        given task Six
        given supervisor blocks T1
        given supervisor blocks T2
        given supervisor blocks T3
        given supervisor blocks T4
        given supervisor blocks T5
        given supervisor blocks T6
        health
            60 degraded
            -8 task_held of T1: T1 is held back: supervisor blocked it; unblock_task lets it go on
            -8 task_held of T2: T2 is held back: supervisor blocked it; unblock_task lets it go on
            -8 task_held of T3: T3 is held back: supervisor blocked it; unblock_task lets it go on
            -8 task_held of T4: T4 is held back: supervisor blocked it; unblock_task lets it go on
            -8 task_held of T5: T5 is held back: supervisor blocked it; unblock_task lets it go on
            -0 task_held of T6: T6 is held back: supervisor blocked it; unblock_task lets it go on
    "#]]);
}
