//! Who gets which task, at once, when something becomes free.

use expect_test::expect;

use crate::script::check;

#[test]
fn every_required_capability_must_be_there_whatever_its_case() {
    check(expect![[r#"
        given register ada can=Python,rust
        given register bo can=PYTHON,testing
        task One needs=python,TESTING
            = T1 PENDING, bo's
              task_created T1
              task_assigned T1 to bo
              message_sent 1 to bo: TASK_ASSIGNED T1
        task Two needs=Rust
            = T2 PENDING, ada's
              task_created T2
              task_assigned T2 to ada
              message_sent 2 to ada: TASK_ASSIGNED T2
        task Three needs=go
            = T3 PENDING
              task_created T3
        task Four needs=rust,testing
            = T4 PENDING
              task_created T4
        register cy can=GO
            = cy is IDLE
              manus_registered cy
              task_assigned T3 to cy
              message_sent 3 to cy: TASK_ASSIGNED T3
    "#]]);
}

#[test]
fn urgency_then_the_longest_chain_then_age() {
    check(expect![[r#"
        given task Old est=30
        given tasks First est=10 | Second after=First est=60
        given task Urgent prio=HIGH est=5
        given task Later prio=LOW est=500
        given task Fire prio=CRITICAL
        given task Young est=30
        register ada
            = ada is IDLE
              manus_registered ada
              task_assigned T6 to ada
              message_sent 1 to ada: TASK_ASSIGNED T6
              task_assigned T4 to ada
              message_sent 2 to ada: TASK_ASSIGNED T4
              task_assigned T2 to ada
              message_sent 3 to ada: TASK_ASSIGNED T2
              task_assigned T1 to ada
              message_sent 4 to ada: TASK_ASSIGNED T1
              task_assigned T7 to ada
              message_sent 5 to ada: TASK_ASSIGNED T7
              task_assigned T5 to ada
              message_sent 6 to ada: TASK_ASSIGNED T5
        ada beats
            = 6 unread, T6, T4, T2, T1, T7, T5, at 0s
              heartbeats_seen ada
    "#]]);
}

#[test]
fn work_goes_to_whoever_will_finish_it_first() {
    check(expect![[r#"
        given register ada
        given register bo
        given task One est=60
        given task Two est=20
        # Twenty minutes before it at bo's, sixty at ada's.
        task Three est=10
            = T3 PENDING, bo's
              task_created T3
              task_assigned T3 to bo
              message_sent 3 to bo: TASK_ASSIGNED T3
        task Four est=40
            = T4 PENDING, bo's
              task_created T4
              task_assigned T4 to bo
              message_sent 4 to bo: TASK_ASSIGNED T4
        task Five est=10
            = T5 PENDING, ada's
              task_created T5
              task_assigned T5 to ada
              message_sent 5 to ada: TASK_ASSIGNED T5
        ada beats
            = 2 unread, T1, T5, at 0s
              heartbeats_seen ada
        bo beats
            = 3 unread, T4, T2, T3, at 0s
              heartbeats_seen bo
    "#]]);
}

#[test]
fn a_free_hand_comes_before_a_short_queue() {
    check(expect![[r#"
        given register ada parallel=2
        given register bo
        given task One est=120
        given task Two est=30
        given ada starts T1
        given bo starts T2
        # Ada can begin at once, and bo only in half an hour.
        task Three
            = T3 PENDING, ada's
              task_created T3
              task_assigned T3 to ada
              message_sent 3 to ada: TASK_ASSIGNED T3
    "#]]);
}

#[test]
fn an_idle_agent_comes_before_a_second_hand() {
    check(expect![[r#"
        given register ada parallel=3
        given register bo parallel=3
        task One
            = T1 PENDING, ada's
              task_created T1
              task_assigned T1 to ada
              message_sent 1 to ada: TASK_ASSIGNED T1
        task Two
            = T2 PENDING, bo's
              task_created T2
              task_assigned T2 to bo
              message_sent 2 to bo: TASK_ASSIGNED T2
        task Three
            = T3 PENDING, ada's
              task_created T3
              task_assigned T3 to ada
              message_sent 3 to ada: TASK_ASSIGNED T3
        task Four
            = T4 PENDING, bo's
              task_created T4
              task_assigned T4 to bo
              message_sent 4 to bo: TASK_ASSIGNED T4
    "#]]);
}

#[test]
fn tasks_without_an_estimate_are_still_shared_out() {
    check(expect![[r#"
        given register ada
        given register bo
        task One est=0
            = T1 PENDING, ada's
              task_created T1
              task_assigned T1 to ada
              message_sent 1 to ada: TASK_ASSIGNED T1
        task Two est=0
            = T2 PENDING, bo's
              task_created T2
              task_assigned T2 to bo
              message_sent 2 to bo: TASK_ASSIGNED T2
        task Three est=0
            = T3 PENDING, ada's
              task_created T3
              task_assigned T3 to ada
              message_sent 3 to ada: TASK_ASSIGNED T3
    "#]]);
}

#[test]
fn scarce_skills_are_kept_for_those_who_need_them() {
    check(expect![[r#"
        given register ada can=rust,python,design
        given register bo can=python
        task One needs=python
            = T1 PENDING, bo's
              task_created T1
              task_assigned T1 to bo
              message_sent 1 to bo: TASK_ASSIGNED T1
        task Two needs=design
            = T2 PENDING, ada's
              task_created T2
              task_assigned T2 to ada
              message_sent 2 to ada: TASK_ASSIGNED T2
    "#]]);
}

#[test]
fn the_files_of_a_task_imply_languages() {
    check(expect![[r#"
        given register ada can=go,docker
        given register bo can=RUST,python,sql
        given register cy
        # More able agents are spared; but here the language fits.
        task One files=src/a.rs
            = T1 PENDING, bo's
              task_created T1
              task_assigned T1 to bo
              message_sent 1 to bo: TASK_ASSIGNED T1
        task Two files=x.py,y.go
            = T2 PENDING, ada's
              task_created T2
              task_assigned T2 to ada
              message_sent 2 to ada: TASK_ASSIGNED T2
        # Required capabilities speak for themselves.
        task Three files=z.rs needs=go
            = T3 PENDING, ada's
              task_created T3
              task_assigned T3 to ada
              message_sent 3 to ada: TASK_ASSIGNED T3
    "#]]);
}

#[test]
fn the_title_may_fit_a_role() {
    check(expect![[r#"
        given register ada SPEED_DEVELOPER
        given register bo QUALITY_ENHANCER
        given register cy COORDINATOR
        given register dee AI_SPECIALIST
        task "Review the parser" est=10
            = T1 PENDING, bo's
              task_created T1
              task_assigned T1 to bo
              message_sent 1 to bo: TASK_ASSIGNED T1
        task "Plan the next month" est=10
            = T2 PENDING, cy's
              task_created T2
              task_assigned T2 to cy
              message_sent 2 to cy: TASK_ASSIGNED T2
        task "Tune the prompt" est=10
            = T3 PENDING, dee's
              task_created T3
              task_assigned T3 to dee
              message_sent 3 to dee: TASK_ASSIGNED T3
        task "Add a button" est=10
            = T4 PENDING, ada's
              task_created T4
              task_assigned T4 to ada
              message_sent 4 to ada: TASK_ASSIGNED T4
    "#]]);
}

#[test]
fn an_agent_gets_no_more_than_its_queue_holds() {
    check(expect![[r#"
        settings queue=2
        given register ada
        given task One
        given task Two
        task Three
            = T3 PENDING
              task_created T3
        task Four prio=HIGH
            = T4 PENDING
              task_created T4
        ada starts T1
            = T1 IN_PROGRESS, ada's
              task_started T1 by ada
        ada completes T1
            = T1 COMPLETED, ada's
              task_completed T1
              manus_scored ada 103.75
              task_assigned T4 to ada
              message_sent 3 to ada: TASK_ASSIGNED T4
        # By hand, there is always room.
        assign T3 to ada
            = T3 PENDING, ada's
              task_assigned T3 to ada by hand
              message_sent 4 to ada: TASK_ASSIGNED T3
    "#]]);
}
