//! Agents come, give signs of life, and go.

use expect_test::expect;

use crate::script::check;

#[test]
fn an_agent_registers() {
    check(expect![[r#"
        register ada COORDINATOR can=rust,python parallel=2 program=claude-code model=opus
            = ada is IDLE
              manus_registered ada
        show ada
            COORDINATOR IDLE, 0%, seen 0s, tasks: nothing, files: nothing, can: rust, python
    "#]]);
}

#[test]
fn a_name_is_taken_while_its_agent_lives() {
    check(expect![[r#"
        given register ada can=rust
        at 7s
        register ada can=python
            ! manus_id_taken: ada is taken by an agent that was alive 7000 ms ago; choose another name, or pass takeover: true if you are its successor
        show ada
            SPEED_DEVELOPER IDLE, 0%, seen 0s, tasks: nothing, files: nothing, can: rust
        # But not for a successor, who gets what is there.
        given task One
        given ada starts T1
        given ada claims notes.md
        register ada QUALITY_ENHANCER can=python takeover
            = ada is ACTIVE
              manus_registered ada
        show ada
            QUALITY_ENHANCER ACTIVE at T1, 0%, seen 7s, tasks: T1, files: notes.md, can: python
    "#]]);
}

#[test]
fn a_successor_who_cannot_do_what_waits_does_not_keep_it() {
    check(expect![[r#"
        given register ada can=rust
        given register bo can=rust
        given task One needs=rust
        given task Two needs=rust
        given task Three needs=rust
        given task Four
        show ada
            SPEED_DEVELOPER IDLE, 0%, seen 0s, tasks: T1, T3, files: nothing, can: rust
        # By hand, a task may go to anybody: that one stays.
        given assign T1 to ada
        register ada can=python takeover
            = ada is IDLE
              manus_registered ada
              task_unassigned T3
              task_assigned T3 to bo
              message_sent 5 to bo: TASK_ASSIGNED T3
        show ada
            SPEED_DEVELOPER IDLE, 0%, seen 0s, tasks: T1, files: nothing, can: python
        show bo
            SPEED_DEVELOPER IDLE, 0%, seen 0s, tasks: T2, T3, T4, files: nothing, can: rust
    "#]]);
}

#[test]
fn some_names_and_numbers_cannot_be_registered() {
    check(expect![[r#"
        register system
            ! invalid_argument: system does not name an agent where messages are sent; choose another manus_id
        register supervisor takeover
            ! invalid_argument: supervisor does not name an agent where messages are sent; choose another manus_id
        register role:ada
            ! invalid_argument: role:ada does not name an agent where messages are sent; choose another manus_id
        register ada parallel=0
            ! invalid_argument: max_parallel is 0; an agent works on at least 1 task at a time
        register _ada
            ! "_ada" is not an agent id: use 1 to 64 letters, digits, '_', '.', ':' or '-', starting with a letter or digit
        show ada
            no ada
    "#]]);
}

#[test]
fn who_is_unknown_or_gone_is_refused_everything() {
    check(expect![[r#"
        given register ada
        given ada leaves
        ada beats
            ! manus_inactive: ada said goodbye; call register_manus to come back
        ada leaves
            ! manus_inactive: ada said goodbye; call register_manus to come back
        ada asks for work
            ! manus_inactive: ada said goodbye; call register_manus to come back
        ada claims a.py
            ! manus_inactive: ada said goodbye; call register_manus to come back
        ada takes
            ! manus_inactive: ada said goodbye; call register_manus to come back
        ada acks 1
            ! manus_inactive: ada said goodbye; call register_manus to come back
        send ada -> supervisor HELLO
            ! manus_inactive: ada said goodbye; call register_manus to come back
        bo beats
            ! manus_not_found: no agent bo is registered; call register_manus first, or check the name with list_manus
        bo leaves
            ! manus_not_found: no agent bo is registered; call register_manus first, or check the name with list_manus
        bo starts T1
            ! manus_not_found: no agent bo is registered; call register_manus first, or check the name with list_manus
        bo asks for work
            ! manus_not_found: no agent bo is registered; call register_manus first, or check the name with list_manus
        bo reports T1 10%
            ! manus_not_found: no agent bo is registered; call register_manus first, or check the name with list_manus
        bo completes T1
            ! manus_not_found: no agent bo is registered; call register_manus first, or check the name with list_manus
        bo gives back T1
            ! manus_not_found: no agent bo is registered; call register_manus first, or check the name with list_manus
        bo claims a.py
            ! manus_not_found: no agent bo is registered; call register_manus first, or check the name with list_manus
        bo frees a.py
            ! manus_not_found: no agent bo is registered; call register_manus first, or check the name with list_manus
        bo takes
            ! manus_not_found: no agent bo is registered; call register_manus first, or check the name with list_manus
        bo acks 1
            ! manus_not_found: no agent bo is registered; call register_manus first, or check the name with list_manus
        send bo -> ada HELLO
            ! manus_not_found: no agent bo is registered; call register_manus first, or check the name with list_manus
    "#]]);
}

#[test]
fn a_heartbeat_tells_what_waits() {
    check(expect![[r#"
        given register ada parallel=2
        given task One est=10
        given task Two est=20 prio=HIGH
        given ada starts T1
        at 5s
        ada beats
            = 2 unread, T1, T2, at 5s
              heartbeats_seen ada
        # Running tasks first, then the queue, best first. Taking the messages leaves none unread.
        given ada takes
        ada beats
            = 0 unread, T1, T2, at 5s
              heartbeats_seen ada
        show ada
            SPEED_DEVELOPER ACTIVE at T1, 0%, seen 5s, tasks: T1, T2, files: nothing, can: nothing
    "#]]);
}

#[test]
fn status_and_progress_come_with_a_heartbeat() {
    check(expect![[r#"
        given register ada
        ada beats ACTIVE 30%
            = 0 unread, no tasks, at 0s
              manus_declared ada ACTIVE 30%
        show ada
            SPEED_DEVELOPER ACTIVE, 30%, seen 0s, tasks: nothing, files: nothing, can: nothing
        ada beats IDLE
            = 0 unread, no tasks, at 0s
              manus_declared ada IDLE
        show ada
            SPEED_DEVELOPER IDLE, 30%, seen 0s, tasks: nothing, files: nothing, can: nothing
        # Of itself an agent may say what it likes; of a task, only more than before.
        ada beats 10%
            = 0 unread, no tasks, at 0s
              manus_declared ada 10%
        show ada
            SPEED_DEVELOPER IDLE, 10%, seen 0s, tasks: nothing, files: nothing, can: nothing
        given task One
        given ada starts T1
        ada beats 40%
            = 1 unread, T1, at 0s
              task_progressed T1 40%
        ada beats 20%
            = 1 unread, T1, at 0s
              heartbeats_seen ada
        show T1
            T1 IN_PROGRESS, ada's, 40%, attempt 1, started 0s
        ada beats IDLE
            = 1 unread, T1, at 0s
              manus_declared ada IDLE
        show ada
            SPEED_DEVELOPER ACTIVE at T1, 40%, seen 0s, tasks: T1, files: nothing, can: nothing
        ada beats LOST
            ! invalid_argument: status LOST is for others to say; send ACTIVE, IDLE or INACTIVE
    "#]]);
}

#[test]
fn what_an_agent_says_of_itself_holds_until_it_starts_something() {
    check(expect![[r#"
        given register ada
        given task One
        given ada beats ACTIVE 70%
        given ada starts T1
        show ada
            SPEED_DEVELOPER ACTIVE at T1, 0%, seen 0s, tasks: T1, files: nothing, can: nothing
        given ada completes T1
        show ada
            SPEED_DEVELOPER IDLE, 0%, seen 0s, tasks: nothing, files: nothing, can: nothing
    "#]]);
}

#[test]
fn inactive_is_a_goodbye() {
    check(expect![[r#"
        given register ada
        given register bo
        given task One files=a.py
        given task Two
        given ada starts T1
        given ada claims notes.md
        given task Three
        ada beats INACTIVE
            = 2 unread, no tasks, at 0s
              manus_left ada
              locks_released of ada: a.py, notes.md, goodbye
              task_returned T1, agent left
              task_unassigned T3
              task_assigned T1 to bo
              message_sent 4 to bo: TASK_ASSIGNED T1, handoff at 0%: its agent said goodbye at 0%
              task_assigned T3 to bo
              message_sent 5 to bo: TASK_ASSIGNED T3
        show ada
            SPEED_DEVELOPER INACTIVE, 0%, seen 0s, tasks: nothing, files: nothing, can: nothing
    "#]]);
}

#[test]
fn saying_goodbye_frees_everything_at_once() {
    check(expect![[r#"
        given register ada
        given task One files=a.py
        given task Two
        given ada starts T1
        given ada claims notes.md
        given ada reports T1 60% "half of the form"
        ada leaves
            = released a.py, notes.md; returned T1, T2
              manus_left ada
              locks_released of ada: a.py, notes.md, goodbye
              task_returned T1, agent left
              task_unassigned T2
        show ada
            SPEED_DEVELOPER INACTIVE, 0%, seen 0s, tasks: nothing, files: nothing, can: nothing
        show T1
            T1 PENDING, 60%, attempt 1, note "its agent said goodbye at 60%: half of the form", started 0s
        show locks
            nothing
        # Nobody is there; whoever comes gets it all.
        register bo
            = bo is IDLE
              manus_registered bo
              task_assigned T1 to bo
              message_sent 3 to bo: TASK_ASSIGNED T1, handoff at 60%: its agent said goodbye at 60%: half of the form
              task_assigned T2 to bo
              message_sent 4 to bo: TASK_ASSIGNED T2
        at 10m
            tick at 120s
              manus_lost bo
              task_unassigned T1
              task_unassigned T2
              message_sent 5 to bo: TASK_REASSIGNED T1, reason you were silent for too long
              message_sent 6 to bo: TASK_REASSIGNED T2, reason you were silent for too long
    "#]]);
}

#[test]
fn a_goodbye_also_frees_what_was_still_blocked() {
    check(expect![[r#"
        given register ada
        given task One
        given task Two after=T1
        given register bo
        given assign T2 to bo
        bo leaves
            = released nothing; returned nothing
              manus_left bo
        given ada starts T1
        ada completes T1
            = T1 COMPLETED, ada's
              task_completed T1
              task_unassigned T2
              message_sent 3 to bo: TASK_REASSIGNED T2, reason you were away when it became ready
              task_unblocked T2
              manus_scored ada 103.75
              task_assigned T2 to ada
              message_sent 4 to ada: TASK_ASSIGNED T2
    "#]]);
}

#[test]
fn whoever_left_comes_back_by_registering() {
    check(expect![[r#"
        given register ada can=rust
        given register bo
        given ada leaves
        # The message waits meanwhile.
        given send bo -> ada HELLO
        at 5s
        register ada can=python
            = ada is IDLE
              manus_registered ada
        ada beats
            = 1 unread, no tasks, at 5s
              heartbeats_seen ada
        show ada
            SPEED_DEVELOPER IDLE, 0%, seen 5s, tasks: nothing, files: nothing, can: python
    "#]]);
}

#[test]
fn of_several_tasks_the_one_started_last_is_the_current_one() {
    check(expect![[r#"
        given register ada parallel=3
        given task One
        given task Two
        given task Three
        given ada starts T2
        given at 1s
        given ada starts T1
        # In the same moment, the one with the larger number.
        given ada starts T3
        show ada
            SPEED_DEVELOPER ACTIVE at T3, 0%, seen 1s, tasks: T2, T1, T3, files: nothing, can: nothing
        given ada reports T3 50%
        show ada
            SPEED_DEVELOPER ACTIVE at T3, 50%, seen 1s, tasks: T2, T1, T3, files: nothing, can: nothing
        given ada completes T3
        show ada
            SPEED_DEVELOPER ACTIVE at T1, 0%, seen 1s, tasks: T2, T1, files: nothing, can: nothing
    "#]]);
}

#[test]
fn a_takeover_may_shrink_the_hands() {
    check(expect![[r#"
        given register ada parallel=2
        given task One
        given task Two
        given ada starts T1
        given ada starts T2
        register ada parallel=1 takeover
            = ada is ACTIVE
              manus_registered ada
        given ada completes T1
        given task Three
        ada starts T3
            ! at_capacity: ada already works on 1 of 1 tasks (T2); complete or release one first, or register with a larger max_parallel
    "#]]);
}

#[test]
fn one_skill_in_two_spellings_is_one_skill() {
    check(expect![[r#"
        given register ada can=rust,Rust,RUST
        task One needs=rUST,rust
            = T1 PENDING, ada's
              task_created T1
              task_assigned T1 to ada
              message_sent 1 to ada: TASK_ASSIGNED T1
        given ada leaves
        given register ada can=Rust
        task Two needs=rust
            = T2 PENDING, ada's
              task_created T2
              task_assigned T2 to ada
              message_sent 3 to ada: TASK_ASSIGNED T2
    "#]]);
}
