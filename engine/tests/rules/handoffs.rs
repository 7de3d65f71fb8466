//! What whoever takes over a task is told.

use expect_test::expect;

use crate::script::check;

#[test]
fn whoever_gets_a_task_that_was_begun_is_told_what_was_before() {
    check(expect![[r#"
        given register ada
        given register bo parallel=9
        given task One files=a.py,b/
        given assign T1 to ada
        given ada starts T1
        given ada reports T1 40% "the form is there"
        # Unread, and not for the one who gets the task: bo finds its own in its inbox.
        given send bo -> ada QUESTION "does T1 change the form?"
        given send bo -> ada QUESTION "does T12 change the form?"
        given send ada -> supervisor QUESTION "T1: which form?"
        given send supervisor -> bo NOTE "T1 comes to you"
        ada leaves
            = released a.py, b/; returned T1
              manus_left ada
              locks_released of ada: a.py, b/, goodbye
              task_returned T1, agent left
              task_assigned T1 to bo
              message_sent 6 to bo: TASK_ASSIGNED T1, handoff at 40%: its agent said goodbye at 40%: the form is there
        show content of 6
            {
              "task_id": "T1",
              "title": "One",
              "priority": "MEDIUM",
              "estimated_duration": 30,
              "files_involved": [
                "a.py",
                "b/"
              ],
              "handoff": {
                "attempts": 1,
                "progress": 40,
                "why": "its agent said goodbye at 40%",
                "note": "its agent said goodbye at 40%: the form is there",
                "last_error": null,
                "files": [
                  "a.py",
                  "b/"
                ],
                "open_messages": [
                  4,
                  2
                ]
              }
            }
    "#]]);
}

#[test]
fn a_handoff_after_a_failure_says_who_failed() {
    check(expect![[r#"
        given register ada
        given register bo
        given task One
        given assign T1 to ada
        given send supervisor -> ada NOTE "see T1"
        given ada starts T1
        # What was read is no longer open.
        given ada takes
        given ada reports T1 40% "the form is there"
        given ada fails T1 "no network"
        given assign T1 to bo
        show content of 3
            {
              "task_id": "T1",
              "title": "One",
              "priority": "MEDIUM",
              "estimated_duration": 30,
              "files_involved": [],
              "handoff": {
                "attempts": 1,
                "progress": 40,
                "why": "ada failed at it",
                "note": "the form is there",
                "last_error": "no network",
                "files": [],
                "open_messages": []
              }
            }
    "#]]);
}

#[test]
fn a_handoff_tells_why_the_last_attempt_ended_and_not_one_before() {
    check(expect![[r#"
        given register ada
        given task One
        given ada starts T1
        given ada fails T1 "no network"
        given at 30s
        given ada starts T1
        given register bo
        given assign T1 to bo
        show content of 3
            {
              "task_id": "T1",
              "title": "One",
              "priority": "MEDIUM",
              "estimated_duration": 30,
              "files_involved": [],
              "handoff": {
                "attempts": 2,
                "progress": 0,
                "why": "given to somebody else at 0%",
                "note": "given to somebody else at 0%",
                "last_error": "no network",
                "files": [],
                "open_messages": []
              }
            }
        given bo gives back T1 "not for me"
        show content of 5
            {
              "task_id": "T1",
              "title": "One",
              "priority": "MEDIUM",
              "estimated_duration": 30,
              "files_involved": [],
              "handoff": {
                "attempts": 2,
                "progress": 0,
                "why": "given back",
                "note": "given back: not for me",
                "last_error": "no network",
                "files": [],
                "open_messages": []
              }
            }
    "#]]);
}

#[test]
fn a_handoff_after_a_review_says_who_sent_it_back() {
    check(expect![[r#"
        given register ada
        given register bo
        given task One
        given ada starts T1
        given ada completes T1 "done" for review
        given ada leaves
        given bo sends T1 back "a test is missing"
        show content of 5
            {
              "task_id": "T1",
              "title": "One",
              "priority": "MEDIUM",
              "estimated_duration": 30,
              "files_involved": [],
              "handoff": {
                "attempts": 1,
                "progress": 100,
                "why": "bo asked for changes",
                "note": "bo asked for changes: a test is missing",
                "last_error": null,
                "files": [],
                "open_messages": []
              }
            }
    "#]]);
}

#[test]
fn whoever_takes_a_task_that_was_begun_is_told_too() {
    check(expect![[r#"
        given register cy
        given task One files=a.py
        given cy starts T1
        given register ada
        given cy gives back T1 "I do not know the parser"
        given register bo
        # Now ada cannot begin T1, and bo could.
        given bo claims a.py
        bo asks for work
            = T1 IN_PROGRESS, bo's with a.py #2
              task_assigned T1 to bo, who took it
              message_sent 3 to bo: TASK_HANDOFF T1, handoff at 0%: given back at 0%: I do not know the parser
              locks_granted to bo: a.py #2
              task_started T1 by bo
              message_sent 4 to ada: TASK_REASSIGNED T1, assigned_to bo
        show content of 3
            {
              "task_id": "T1",
              "title": "One",
              "handoff": {
                "attempts": 1,
                "progress": 0,
                "why": "given back at 0%",
                "note": "given back at 0%: I do not know the parser",
                "last_error": null,
                "files": [
                  "a.py"
                ],
                "open_messages": []
              }
            }
    "#]]);
}

#[test]
fn a_handoff_is_bounded() {
    check(expect![[r#"
        given register ada
        given register bo
        given task One
        given assign T1 to ada
        given ada starts T1
        given send supervisor -> ada NOTE "T1 1"
        given send supervisor -> ada NOTE "T1 2"
        given send supervisor -> ada NOTE "T1 3"
        given send supervisor -> ada NOTE "T1 4"
        given send supervisor -> ada NOTE "T1 5"
        given send supervisor -> ada NOTE "T1 6"
        given send supervisor -> ada NOTE "T1 7"
        given send supervisor -> ada NOTE "T1 8"
        given send supervisor -> ada NOTE "T1 9"
        given send supervisor -> ada NOTE "T1 10"
        given send supervisor -> ada NOTE "T1 11"
        assign T1 to bo
            = T1 PENDING, bo's
              task_returned T1, reassigned
              task_assigned T1 to bo by hand
              message_sent 13 to bo: TASK_ASSIGNED T1, handoff at 0%: given to somebody else at 0%
              message_sent 14 to ada: TASK_REASSIGNED T1, assigned_to bo
        show content of 13
            {
              "task_id": "T1",
              "title": "One",
              "priority": "MEDIUM",
              "estimated_duration": 30,
              "files_involved": [],
              "handoff": {
                "attempts": 1,
                "progress": 0,
                "why": "given to somebody else at 0%",
                "note": "given to somebody else at 0%",
                "last_error": null,
                "files": [],
                "open_messages": [
                  12,
                  11,
                  10,
                  9,
                  8,
                  7,
                  6,
                  5,
                  4,
                  3
                ]
              }
            }
    "#]]);
}
