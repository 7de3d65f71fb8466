//! What people read: stdout is no terminal here, so there are neither colours nor clipped columns.

use expect_test::expect;

use super::Shell;

#[tokio::test(flavor = "multi_thread")]
async fn a_day_of_two_agents() {
    let shell = Shell::start().await;
    shell.check(
        &[
            "manus-sync agents",
            "manus-sync register ada --role SPEED_DEVELOPER --capabilities rust,sql",
            "MANUS_ID=bob manus-sync register --role quality_enhancer --program claude-code",
            "manus-sync task add 'Parse dates' -d 'Accept ISO 8601.' --priority high --files src/date.rs --needs rust",
            "manus-sync task add 'Test it' --after T1 --estimate 30",
            "manus-sync task next --as ada",
            "manus-sync task next --as bob",
            "manus-sync task progress T1 40% --note 'the parser works' --as ada",
            "manus-sync task list",
            "manus-sync status",
            "manus-sync task done T1 --as ada --result 'Done, with tests.'",
            "manus-sync task list --all",
            "manus-sync task show T1",
            "manus-sync heartbeat --as bob",
            "manus-sync drain bob && manus-sync drain bob --off",
            "manus-sync agents bob",
            "manus-sync deregister --as ada",
        ],
        expect![[r#"
            $ manus-sync agents
            No agent has registered yet; manus-sync register introduces one.
            $ manus-sync register ada --role SPEED_DEVELOPER --capabilities rust,sql
            ada is registered as SPEED_DEVELOPER, able to do rust, sql.
            Give a sign of life every 30 s: manus-sync heartbeat --as ada
            $ MANUS_ID=bob manus-sync register --role quality_enhancer --program claude-code
            bob is registered as QUALITY_ENHANCER.
            Give a sign of life every 30 s: manus-sync heartbeat --as bob
            $ manus-sync task add 'Parse dates' -d 'Accept ISO 8601.' --priority high --files src/date.rs --needs rust
            T1 Parse dates: pending, with ada
            $ manus-sync task add 'Test it' --after T1 --estimate 30
            T2 Test it: blocked until T1 is done
            $ manus-sync task next --as ada
            T1 Parse dates: in progress, with ada

            Accept ISO 8601.

            src/date.rs is yours
            $ manus-sync task next --as bob
            Nothing to do at the moment; --wait SECS waits for something.
            $ manus-sync task progress T1 40% --note 'the parser works' --as ada
            T1 Parse dates: in progress, 40%, with ada
            $ manus-sync task list
            TASK  PRIORITY  STATUS       AGENT  DONE  TITLE
            T1    HIGH      IN_PROGRESS  ada    40%   Parse dates
            T2    MEDIUM    BLOCKED                   Test it
            $ manus-sync status
            http://localhost:PORT: healthy, 100 of 100
            Tasks: 1 blocked, 1 in progress
            Locks: 1   Unread messages: 1

            AGENT  ROLE              STATUS  TASK            DONE  FILES
            ada    SPEED_DEVELOPER   ACTIVE  T1 Parse dates  40%   1
            bob    QUALITY_ENHANCER  IDLE                          0
            $ manus-sync task done T1 --as ada --result 'Done, with tests.'
            T1 Parse dates: completed, by ada
            $ manus-sync task list --all
            TASK  PRIORITY  STATUS     AGENT  DONE  TITLE
            T1    HIGH      COMPLETED  ada          Parse dates
            T2    MEDIUM    PENDING    ada          Test it
            $ manus-sync task show T1
            T1 Parse dates: completed, by ada

            Accept ISO 8601.

            Priority: HIGH
            Estimate: 1 h
            Files: src/date.rs
            Needs: rust
            Note: the parser works
            Result: Done, with tests.
            Created: 2027-01-15T08:00:00Z
            Started: 2027-01-15T08:00:00Z
            Closed: 2027-01-15T08:00:00Z
            $ manus-sync heartbeat --as bob
            bob: 0 unread messages, no task
            $ manus-sync drain bob && manus-sync drain bob --off
            bob finishes what it has and gets nothing new.
            bob gets work again.
            $ manus-sync agents bob
            AGENT  ROLE              STATUS  TASK  DONE  FILES
            bob    QUALITY_ENHANCER  IDLE                0
            Program: claude-code
            Tasks at a time: 1
            Score: 100.0
            Last seen: 2027-01-15T08:00:00Z
            $ manus-sync deregister --as ada
            ada has left. Given back: T2.
        "#]],
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn files_and_who_holds_them() {
    let shell = Shell::start().await;
    shell.check(
        &[
            "manus-sync files list",
            "manus-sync register ada >/dev/null; manus-sync register bob >/dev/null",
            "manus-sync files claim src/a.rs docs/ --reason parser --as ada",
            "manus-sync files claim src/x/../a.rs --as bob",
            "manus-sync files claim 'docs/*.md' --shared --wait 1 --as bob",
            "manus-sync files check src/a.rs src/b.rs",
            "manus-sync files check src/a.rs --as ada --exit-code && echo go on",
            "manus-sync files check src/a.rs --as bob --exit-code || echo stop",
            "manus-sync files list",
            "manus-sync files release src/a.rs src/b.rs --as ada",
            "manus-sync files release docs --of ada",
            "manus-sync files release --all --as ada",
        ],
        expect![[r#"
            $ manus-sync files list
            No file is held.
            $ manus-sync register ada >/dev/null; manus-sync register bob >/dev/null
            $ manus-sync files claim src/a.rs docs/ --reason parser --as ada
            src/a.rs is ada's, token 1
            docs/ is ada's, token 2
            $ manus-sync files claim src/x/../a.rs --as bob
            ! manus-sync: src/a.rs is held by ada (parser); work on something else, or ask ada with manus-sync message send to release it
            ! ends with Some(1)
            $ manus-sync files claim 'docs/*.md' --shared --wait 1 --as bob
            ! manus-sync: docs/ is held by ada (parser); work on something else, or ask ada with manus-sync message send to release it
            ! ends with Some(1)
            $ manus-sync files check src/a.rs src/b.rs
            FILE      STATE
            src/a.rs  held by ada, for "parser"
            src/b.rs  free
            $ manus-sync files check src/a.rs --as ada --exit-code && echo go on
            FILE      STATE
            src/a.rs  free
            go on
            $ manus-sync files check src/a.rs --as bob --exit-code || echo stop
            FILE      STATE
            src/a.rs  held by ada, for "parser"
            stop
            $ manus-sync files list
            FILE      TASK  STATE
            docs/           held by ada, for "parser"
            src/a.rs        held by ada, for "parser"
            $ manus-sync files release src/a.rs src/b.rs --as ada
            Free again: src/a.rs
            Not held by ada: src/b.rs
            $ manus-sync files release docs --of ada
            Free again: docs/
            $ manus-sync files release --all --as ada
            ada holds nothing.
        "#]],
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn messages() {
    let shell = Shell::start().await;
    shell.check(
        &[
            "manus-sync register ada >/dev/null; manus-sync register bob >/dev/null",
            "manus-sync message send bob 'src/date.rs is yours' --as ada",
            "manus-sync message send '*' --content '{\"freeze\": true}' --type NOTICE",
            "manus-sync message inbox --peek --as bob",
            "manus-sync message ack 1 --as bob",
            "manus-sync message inbox --as bob",
            "manus-sync message inbox --as bob",
            "manus-sync message send ada thanks --reply-to 1 --as bob",
            "manus-sync message list -n 2",
        ],
        expect![[r#"
            $ manus-sync register ada >/dev/null; manus-sync register bob >/dev/null
            $ manus-sync message send bob 'src/date.rs is yours' --as ada
            1 message to bob: 1
            $ manus-sync message send '*' --content '{"freeze": true}' --type NOTICE
            2 messages to *: 2, 3
            $ manus-sync message inbox --peek --as bob
            1 INFO from ada to bob  2027-01-15T08:00:00Z
              src/date.rs is yours
            3 NOTICE from supervisor to bob  2027-01-15T08:00:00Z
              {"freeze":true}
            $ manus-sync message ack 1 --as bob
            1 message marked as read.
            $ manus-sync message inbox --as bob
            3 NOTICE from supervisor to bob  2027-01-15T08:00:00Z
              {"freeze":true}
            $ manus-sync message inbox --as bob
            Nothing new for bob.
            $ manus-sync message send ada thanks --reply-to 1 --as bob
            1 message to ada: 4
            $ manus-sync message list -n 2
            3 NOTICE from supervisor to bob  2027-01-15T08:00:00Z
              {"freeze":true}
            4 INFO from bob to ada, in reply to 1  2027-01-15T08:00:00Z
              thanks
        "#]],
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_becomes_of_a_task() {
    let shell = Shell::start().await;
    shell.check(
        &[
            "manus-sync register ada >/dev/null; manus-sync register bob --role QUALITY_ENHANCER >/dev/null",
            "echo '[{\"key\": \"a\", \"title\": \"One\", \"description\": \"\"}, \
             {\"title\": \"Two\", \"description\": \"\", \"dependencies\": [\"a\"]}]' | manus-sync task add --from -",
            "manus-sync task assign T1 ada && manus-sync task start T1 --as ada",
            "manus-sync task block T1 --reason 'waits for the customer'",
            "manus-sync task unblock T1",
            "manus-sync task start T1 --as ada && manus-sync task done T1 --as ada --review",
            "manus-sync task review T1 request-changes --comment 'one case is missing' --as bob",
            "manus-sync task release T1 --reason 'needs SQL' --as ada",
            "manus-sync task update T2 --title 'Two, renamed' --after '' --priority 1",
            "manus-sync task cancel T2 --reason 'no longer needed'",
            "manus-sync task why T1",
            "manus-sync task list --status CANCELLED",
        ],
        expect![[r#"
            $ manus-sync register ada >/dev/null; manus-sync register bob --role QUALITY_ENHANCER >/dev/null
            $ echo '[{"key": "a", "title": "One", "description": ""}, {"title": "Two", "description": "", "dependencies": ["a"]}]' | manus-sync task add --from -
            T1 One: pending, with ada
            T2 Two: blocked until T1 is done
            $ manus-sync task assign T1 ada && manus-sync task start T1 --as ada
            T1 One: pending, with ada
            T1 One: in progress, with ada
            $ manus-sync task block T1 --reason 'waits for the customer'
            T1 One: blocked, with ada (waits for the customer)
            $ manus-sync task unblock T1
            T1 One: pending, with ada
            $ manus-sync task start T1 --as ada && manus-sync task done T1 --as ada --review
            T1 One: in progress, with ada
            This is attempt 2: --attempt 2 tells your word on it from earlier ones
            T1 One: needs review, with ada, to be reviewed by bob
            $ manus-sync task review T1 request-changes --comment 'one case is missing' --as bob
            T1 One: pending, with ada
            $ manus-sync task release T1 --reason 'needs SQL' --as ada
            T1 One: pending, with bob
            $ manus-sync task update T2 --title 'Two, renamed' --after '' --priority 1
            T2 Two, renamed: pending, with ada
            $ manus-sync task cancel T2 --reason 'no longer needed'
            T2 Two, renamed: cancelled, with ada (no longer needed)
            $ manus-sync task why T1
            T1 One is with bob
            AGENT  CAN  SCORE  WHY
            bob    yes  60.0   has it now, chosen by the rule; has a free hand
            ada    yes  65.2   has a free hand; has a performance score of 93
            $ manus-sync task list --status CANCELLED
            TASK  PRIORITY  STATUS     AGENT  DONE  TITLE
            T2    CRITICAL  CANCELLED  ada          Two, renamed
        "#]],
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn paths_are_meant_from_the_folder_that_one_is_in() {
    let mut shell = Shell::start().await;
    shell.out("manus-sync register ada");
    shell.cd("src/deep");
    let path = shell.project.folder.path().join("src/c.rs").canonicalize();
    assert!(path.is_err(), "a file need not exist to be claimed");
    shell.check(
        &[
            "manus-sync files claim a.rs ../b.rs 'more/*.rs' --as ada",
            "manus-sync task add Here --files c.rs && manus-sync task show T1 | grep Files",
        ],
        expect![[r#"
            $ manus-sync files claim a.rs ../b.rs 'more/*.rs' --as ada
            src/deep/a.rs is ada's, token 1
            src/b.rs is ada's, token 2
            src/deep/more/*.rs is ada's, token 3
            $ manus-sync task add Here --files c.rs && manus-sync task show T1 | grep Files
            T1 Here: pending, with ada
            Files: src/deep/c.rs
        "#]],
    );
}
