//! Claims of files, folders and globs, and how they end.

use expect_test::expect;

use crate::script::check;

#[test]
fn one_file_has_one_holder_whatever_its_spelling() {
    check(expect![[r#"
        given register ada
        given register bo
        ada claims src/a.rs "the parser"
            = src/a.rs #1 (the parser)
              locks_granted to ada: src/a.rs #1 (the parser)
        bo claims src/x/../a.rs
            ! file_locked: src/a.rs is held by ada (the parser); work on something else, or ask ada with send_message to release it
        bo claims ./src//a.rs
            ! file_locked: src/a.rs is held by ada (the parser); work on something else, or ask ada with send_message to release it
        bo claims src\a.rs
            ! file_locked: src/a.rs is held by ada (the parser); work on something else, or ask ada with send_message to release it
        bo claims src/b.rs
            = src/b.rs #2
              locks_granted to bo: src/b.rs #2
        bo claims ../a.rs
            ! "../a.rs" lies outside the project; name paths inside the project root, relative to it
    "#]]);
}

#[test]
fn folders_globs_and_files_collide_where_one_path_fits_both() {
    check(expect![[r#"
        given register ada
        given register bo
        given ada claims src/ docs/*.md **/*.sql
        bo claims src/deep/a.rs
            ! file_locked: src/ is held by ada; work on something else, or ask ada with send_message to release it
        bo claims src/**
            ! file_locked: **/*.sql is held by ada, and 1 more lock is in the way; work on something else, or ask ada with send_message to release it
        bo claims docs/guide.md
            ! file_locked: docs/*.md is held by ada; work on something else, or ask ada with send_message to release it
        bo claims docs/deep/guide.md
            = docs/deep/guide.md #4
              locks_granted to bo: docs/deep/guide.md #4
        bo claims db/0001.sql
            ! file_locked: **/*.sql is held by ada; work on something else, or ask ada with send_message to release it
        bo claims db/
            ! file_locked: **/*.sql is held by ada; work on something else, or ask ada with send_message to release it
        bo claims *.rs
            = *.rs #5
              locks_granted to bo: *.rs #5
        bo claims **
            ! file_locked: **/*.sql is held by ada, and 2 more locks are in the way; work on something else, or ask ada with send_message to release it
    "#]]);
}

#[test]
fn a_claim_is_all_or_nothing() {
    check(expect![[r#"
        given register ada
        given register bo
        given bo claims b.py
        ada claims a.py b.py c.py
            ! file_locked: b.py is held by bo; work on something else, or ask bo with send_message to release it
        show locks
            bo: b.py #1
        ada claims a.py c.py a.py ./c.py
            = a.py #2, c.py #3
              locks_granted to ada: a.py #2, c.py #3
        ada claims
            ! invalid_argument: files is empty; name at least one file, folder or glob
    "#]]);
}

#[test]
fn a_refusal_names_every_lock_in_the_way_once() {
    check(expect![[r#"
        given register ada
        given register bo
        given register cy
        given bo claims src/ "moving things"
        given cy claims docs/api.md
        ada claims src/a.rs src/b.rs docs/
            ! file_locked: src/ is held by bo (moving things), and 1 more lock is in the way; work on something else, or ask bo with send_message to release it
    "#]]);
}

#[test]
fn readers_share_and_writers_do_not() {
    check(expect![[r#"
        given register ada
        given register bo
        ada claims src/ shared
            = src/ #1 shared
              locks_granted to ada: src/ #1 shared
        bo claims src/a.rs shared
            = src/a.rs #2 shared
              locks_granted to bo: src/a.rs #2 shared
        bo claims src/b.rs
            ! file_locked: src/ is shared by ada; work on something else, or ask ada with send_message to release it
        given register cy
        given cy claims docs/
        bo claims docs/api.md shared
            ! file_locked: docs/ is held by cy; work on something else, or ask cy with send_message to release it
    "#]]);
}

#[test]
fn claiming_again_renews_and_keeps_the_token() {
    check(expect![[r#"
        given register ada
        ada claims a.py ttl=10s "first"
            = a.py #1 until 10s (first)
              locks_granted to ada: a.py #1 until 10s (first)
        at 8s
        ada claims a.py b.py ttl=10s
            = a.py #1 until 18s (first), b.py #2 until 18s
              locks_granted to ada: a.py #1 until 18s (first), b.py #2 until 18s
        at 18s
            tick at 18s
              locks_released of ada: a.py, b.py, expired
              message_sent 1 to ada: LOCK_LOST, files a.py, b.py, reason their time was up
        # Without a limit it is held without a limit.
        given ada claims c.py ttl=5s
        ada claims c.py "for good"
            = c.py #3 (for good)
              locks_granted to ada: c.py #3 (for good)
        at 30s
        show locks
            ada: c.py #3 (for good)
    "#]]);
}

#[test]
fn wanting_alone_what_one_shares_is_a_new_grant() {
    check(expect![[r#"
        given register ada
        given register bo
        given ada claims a.py shared
        given bo claims a.py shared
        ada claims a.py
            ! file_locked: a.py is shared by bo; work on something else, or ask bo with send_message to release it
        given bo frees a.py
        ada claims a.py
            = a.py #3
              locks_granted to ada: a.py #3
        # The other way round, nobody can have written in between.
        ada claims a.py shared
            = a.py #3 shared
              locks_granted to ada: a.py #3 shared
        bo claims a.py shared
            = a.py #4 shared
              locks_granted to bo: a.py #4 shared
    "#]]);
}

#[test]
fn tokens_only_grow() {
    check(expect![[r#"
        given register ada
        given register bo
        ada claims a.py b.py
            = a.py #1, b.py #2
              locks_granted to ada: a.py #1, b.py #2
        given ada frees a.py
        bo claims a.py
            = a.py #3
              locks_granted to bo: a.py #3
        bo claims z.py b.py
            ! file_locked: b.py is held by ada; work on something else, or ask ada with send_message to release it
        given ada frees b.py
        bo claims b.py a.py
            = b.py #4, a.py #3
              locks_granted to bo: b.py #4, a.py #3
        given bo leaves
        ada claims a.py
            = a.py #5
              locks_granted to ada: a.py #5
    "#]]);
}

#[test]
fn a_claim_lapses_when_its_time_is_up() {
    check(expect![[r#"
        given register ada
        given register bo
        given ada claims a.py b.py ttl=30s
        given ada claims c.py ttl=31s
        given at 29s
        bo claims a.py
            ! file_locked: a.py is held by ada for at most 1 s more; try again then, or work on something else meanwhile
        at 30s
            tick at 30s
              locks_released of ada: a.py, b.py, expired
              message_sent 1 to ada: LOCK_LOST, files a.py, b.py, reason their time was up
        bo claims a.py
            = a.py #4
              locks_granted to bo: a.py #4
        ada takes
            = 1 from system: LOCK_LOST, files a.py, b.py, reason their time was up
              messages_processed by ada: 1
    "#]]);
}

#[test]
fn a_task_waits_for_a_claim_to_lapse() {
    check(expect![[r#"
        given register ada can=rust
        given register bo
        given bo claims a.rs ttl=30s
        task One files=a.rs needs=rust
            = T1 PENDING
              task_created T1
              task_parked T1 behind bo's a.rs
        at 31s
            tick at 30s
              locks_released of bo: a.rs, expired
              message_sent 1 to bo: LOCK_LOST, files a.rs, reason their time was up
              task_assigned T1 to ada
              message_sent 2 to ada: TASK_ASSIGNED T1
    "#]]);
}

#[test]
fn only_what_is_held_is_released() {
    check(expect![[r#"
        given register ada
        given register bo
        given ada claims src/ a.py
        given bo claims b.py
        # Part of a claim is not a claim, and what is another's stays.
        ada frees src/a.rs b.py a.py
            = released a.py; not held src/a.rs, b.py
              locks_released of ada: a.py, given back
        ada frees ./src a.py
            = released nothing; not held src, a.py
        ada frees src
            = released nothing; not held src
        ada frees src/./
            = released src/
              locks_released of ada: src/, given back
        show locks
            bo: b.py #3
        ada frees
            = released nothing
    "#]]);
}

#[test]
fn whoever_loses_a_lock_by_force_is_told() {
    check(expect![[r#"
        given register ada
        given register bo
        given ada claims a.py b.py
        supervisor frees a.py b.py c.py of ada
            = released a.py, b.py; not held c.py
              locks_released of ada: a.py, b.py, forced
              message_sent 1 to ada: LOCK_LOST, files a.py, b.py, reason supervisor released them
        # Taking what is not there tells nobody; one's own way out is no force.
        supervisor frees a.py of ada
            = released nothing; not held a.py
        given ada claims a.py
        ada frees a.py of ada
            = released a.py
              locks_released of ada: a.py, given back
        given ada claims a.py
        nobody frees a.py of ada
            ! manus_not_found: no agent nobody is registered; call register_manus first, or check the name with list_manus
        system frees a.py of ada
            ! invalid_argument: by cannot be system: the engine itself writes under that name and reads nothing
        bo frees a.py of ada
            = released a.py
              locks_released of ada: a.py, forced
              message_sent 2 to ada: LOCK_LOST, files a.py, reason bo released them
        bo frees a.py of nobody
            ! manus_not_found: no agent nobody is registered; call register_manus first, or check the name with list_manus
        ada takes
            = 1 from system: LOCK_LOST, files a.py, b.py, reason supervisor released them, 2 from system: LOCK_LOST, files a.py, reason bo released them
              messages_processed by ada: 1, 2
    "#]]);
}

#[test]
fn a_lock_taken_by_force_wakes_what_waits_for_it() {
    check(expect![[r#"
        given register ada
        given register bo can=rust
        given ada claims a.rs
        given task One files=a.rs needs=rust
        supervisor frees a.rs of ada
            = released a.rs
              locks_released of ada: a.rs, forced
              message_sent 1 to ada: LOCK_LOST, files a.rs, reason supervisor released them
              task_assigned T1 to bo
              message_sent 2 to bo: TASK_ASSIGNED T1
    "#]]);
}

#[test]
fn taking_the_file_of_a_running_task_leaves_the_task() {
    check(expect![[r#"
        given register ada
        given task One files=a.rs
        given ada starts T1
        supervisor frees a.rs of ada
            = released a.rs
              locks_released of ada: a.rs, forced
              message_sent 2 to ada: LOCK_LOST, files a.rs, reason supervisor released them
        ada completes T1
            = T1 COMPLETED, ada's
              task_completed T1
              manus_scored ada 103.75
    "#]]);
}

#[test]
fn claiming_a_tasks_file_again_keeps_it_the_tasks() {
    check(expect![[r#"
        given register ada
        given task One files=a.rs
        given ada starts T1
        ada claims a.rs ttl=10m "a little longer"
            = a.rs #1 until 600s for T1
              locks_granted to ada: a.rs #1 until 600s for T1
        ada completes T1
            = T1 COMPLETED, ada's
              locks_released of ada: a.rs, task ended
              task_completed T1
              manus_scored ada 103.75
        show locks
            nothing
    "#]]);
}
