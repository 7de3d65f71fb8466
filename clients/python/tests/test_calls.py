"""What the methods return, and what they raise."""

from __future__ import annotations

import logging
import os
import pickle
import threading
from dataclasses import fields
from datetime import datetime, timedelta
from pathlib import PurePosixPath

from MANUS_SYNC_ENGINE import (
    Beat,
    FileLocked,
    InvalidArgument,
    ManusInstance,
    ManusRole,
    ManusSyncEngine,
    NotFound,
    Refused,
    SyncTask,
    TaskPriority,
    TaskStatus,
)

from .server import ProjectCase, Server, ServerCase, register, until


class DocumentedTest(ServerCase):
    """The documented methods beyond what the examples show."""

    def test_refusals_are_false_and_say_why(self) -> None:
        engine = self.engine()
        register(engine, "ada", "bob")
        self.assertIsNone(engine.last_refusal)
        self.assertIs(engine.register_manus("ada", ManusRole.COORDINATOR, []), False)
        self.assertEqual(engine.last_refusal and engine.last_refusal.code, "manus_id_taken")
        self.assertIs(engine.register_manus("ada", ManusRole.COORDINATOR, [], takeover=True), True)
        self.assertIsNone(engine.last_refusal)
        self.assertIs(engine.register_manus("no spaces please", ManusRole.COORDINATOR, []), False)
        self.assertIs(engine.register_manus("eve", "chief", []), False)
        self.assertIn("SPEED_DEVELOPER, QUALITY_ENHANCER", str(engine.last_refusal))
        self.assertIs(engine.register_manus("eve"), False)
        self.assertIn("role is missing", str(engine.last_refusal))
        self.assertIs(engine.heartbeat("eve"), False)
        self.assertIs(engine.heartbeat("ada"), True)
        self.assertIs(engine.claim_files("ada", ["../outside.py"]), False)
        self.assertIs(engine.release_files("ada", ["never_held.py"]), True)
        self.assertIs(engine.send_message("ada", "eve", "INFO", {}), False)
        self.assertIs(engine.start_task("ada", "T99"), False)
        self.assertIs(engine.complete_task("T99"), False)
        self.assertIs(engine.update_task_progress("ada", "T99", 10), False)
        self.assertEqual(engine.create_task(""), "")
        self.assertEqual(engine.get_messages("eve"), [])
        self.assertEqual(engine.last_refusal and engine.last_refusal.code, "manus_not_found")

    def test_what_json_cannot_hold_is_refused_without_being_sent(self) -> None:
        engine = self.engine()
        register(engine, "ada")
        for bad in (object(), float("nan"), ...):
            self.assertIs(engine.send_message("ada", "ada", "INFO", {"bad": bad}), False)
            self.assertIsInstance(engine.last_refusal, InvalidArgument)

    def test_a_late_word_counts_for_its_own_attempt(self) -> None:
        late, direct, engine = self.engine(), self.engine(), self.engine()
        register(direct, "ada")
        task = direct.create_task("One")
        self.assertIs(late.start_task("ada", task), True)
        # It is thought to be dead, and another process goes on in its name.
        direct.release_task("ada", task)
        direct.assign_task(task, "ada")
        self.assertIs(engine.start_task("ada", task), True)
        for refused in (
            lambda: late.update_task_progress("ada", task, 90),
            lambda: late.complete_task(task),
            lambda: late.complete_task(task, "ada"),
        ):
            self.assertIs(refused(), False)
            self.assertEqual(late.last_refusal and late.last_refusal.code, "attempt_over")
        for raising in (late.release_task, late.fail_task):
            with self.assertRaisesRegex(Refused, "attempt 1 of T1 is over"):
                raising("ada", task)
        self.assertIs(engine.complete_task(task), True)

    def test_starting_says_no_for_each_documented_reason(self) -> None:
        engine = self.engine()
        register(engine, "ada", "bob")
        task = engine.create_task("One", files_involved="a.py")
        engine.assign_task(task, "ada")
        self.assertIs(engine.start_task("bob", task), False)
        self.assertEqual(engine.last_refusal and engine.last_refusal.code, "task_not_assigned_to_you")
        self.assertIs(engine.start_task("ada", task), True)
        self.assertIs(engine.start_task("ada", task), False)
        self.assertEqual(engine.last_refusal and engine.last_refusal.code, "task_already_started")
        self.assertIs(engine.claim_files("bob", ["./a.py"]), False)
        self.assertIs(engine.update_task_progress("ada", task, 50, note="half"), True)
        self.assertIs(engine.update_task_progress("ada", task, 40), False)
        self.assertIs(engine.complete_task(task, result={"lines": 3}), True)
        self.assertIs(engine.complete_task(task), False)
        self.assertEqual((engine.get_task(task).result, engine.get_task(task).note), ({"lines": 3}, "half"))
        self.assertIs(engine.claim_files("bob", [PurePosixPath("a.py")]), True)

    def test_messages_have_the_documented_keys(self) -> None:
        engine = self.engine()
        register(engine, "ada", "bob")
        before = datetime.now() - timedelta(seconds=1)
        for content in ({"n": 1}, "text", ["list"], 7, None):
            self.assertTrue(engine.send_message("ada", "bob", "INFO", content))
        looked = engine.get_messages("bob", peek=True)
        self.assertEqual(engine.get_messages("bob", after=looked[2]["id"]), looked[3:])
        self.assertEqual(engine.ack_messages("bob", [looked[4]["id"]]), 1)
        self.assertEqual(engine.get_messages("bob", limit=1), looked[:1])
        taken = engine.get_messages("bob")
        self.assertEqual([message["content"] for message in taken], ["text", ["list"], 7])
        self.assertEqual(engine.get_messages("bob"), [])
        first = looked[0]
        self.assertEqual((first["from_manus"], first["to_manus"]), ("ada", "bob"))
        self.assertEqual((first["message_type"], first["content"], first["processed"]), ("INFO", {"n": 1}, False))
        sent = datetime.fromisoformat(first["timestamp"])
        self.assertTrue(before <= sent <= datetime.now() + timedelta(seconds=1))
        self.assertAlmostEqual(sent.timestamp() * 1000, first["timestamp_ms"], delta=1)
        self.assertEqual([m["processed"] for m in engine.list_messages(to_manus="bob")], [True] * 5)

    def test_waiting_for_a_message(self) -> None:
        engine = self.engine()
        register(engine, "ada", "bob")
        received = []
        waiting = threading.Thread(target=lambda: received.extend(engine.get_messages("bob", wait_secs=60)))
        waiting.start()
        engine.send_message("ada", "bob", "INFO", "now")
        waiting.join(30)
        self.assertEqual([message["content"] for message in received], ["now"])

    def test_cleaning_up_as_the_guide_says(self) -> None:
        engine = self.engine()
        register(engine, "ada", "bob")
        engine.claim_files("ada", ["a.py", "b.py"])
        engine.release_files("ada", ["a.py"])
        self.assertTrue(engine.heartbeat("ada", status="INACTIVE"))
        self.assertEqual(engine.get_manus("ada").status, "INACTIVE")
        self.assertTrue(engine.claim_files("bob", ["a.py", "b.py"]))

    def test_strict_engines_raise_instead(self) -> None:
        engine = self.engine(strict=True)
        register(engine, "ada", "bob")
        engine.claim_files("bob", ["src/"], reason="cleaning up")
        with self.assertRaises(FileLocked) as caught:
            engine.claim_files("ada", ["src/a.py"])
        refused = caught.exception
        self.assertEqual((refused.code, refused.status), ("file_locked", 409))
        self.assertEqual([lock["locked_by"] for lock in refused.conflicts], ["bob"])
        self.assertIn("is held by bob (cleaning up)", str(refused))
        with self.assertRaises(NotFound):
            engine.get_messages("eve")
        self.assertEqual(str(pickle.loads(pickle.dumps(refused))), str(refused))
        self.assertIsInstance(pickle.loads(pickle.dumps(refused)), FileLocked)

    def test_refusals_of_one_thread_are_not_those_of_another(self) -> None:
        engine = self.engine()
        self.assertIs(engine.heartbeat("nobody"), False)
        seen = []
        other = threading.Thread(target=lambda: seen.append(engine.last_refusal))
        other.start()
        other.join()
        self.assertEqual(seen, [None])
        self.assertIsNotNone(engine.last_refusal)
        self.assertIsNone(self.engine().last_refusal, "another engine's")

    def test_mistakes_are_logged_and_everyday_refusals_are_not(self) -> None:
        engine = self.engine()
        register(engine, "ada", "bob")
        engine.claim_files("ada", ["a.py"])
        logging.getLogger("MANUS_SYNC_ENGINE").setLevel(logging.NOTSET)
        with self.assertLogs("MANUS_SYNC_ENGINE", logging.INFO) as logged:
            engine.claim_files("bob", ["a.py"])
            engine.heartbeat("eve")
        self.assertEqual([record.levelname for record in logged.records], ["INFO", "WARNING"])
        self.assertIn("a.py is held by ada", logged.output[0])


class BeyondTest(ServerCase):
    """The other methods: they return what they found, and raise refusals."""

    def test_any_call_by_its_name(self) -> None:
        engine = self.engine()
        answer = engine.call("register_manus", manus_id="ada", role="coordinator", capabilities=[])
        self.assertEqual(answer["manus"]["role"], "COORDINATOR")
        with self.assertRaises(Refused) as caught:
            engine.call("registr_manus")
        self.assertEqual((caught.exception.code, caught.exception.status), ("not_found", 404))
        self.assertIn("did you mean register_manus?", caught.exception.message)
        with self.assertRaises(InvalidArgument) as wrong:
            engine.call("create_task", title="x", description="", prio=1)
        self.assertEqual(wrong.exception.detail["argument"], "prio")

    def test_every_call_of_the_server_has_a_method(self) -> None:
        with self.assertRaises(NotFound) as caught:
            self.engine().call("no_such_call")
        missing = [name for name in caught.exception.detail["known"] if not hasattr(ManusSyncEngine, name)]
        self.assertEqual(missing, [], "add them to MANUS_SYNC_ENGINE/board.py and aio.py")

    def test_agents(self) -> None:
        engine = self.engine()
        register(engine, "ada", max_parallel=2, program="claude-code", model="m")
        engine.claim_files("ada", "a.py")
        task = engine.create_task("One", priority="low")
        beat = engine.beat("ada")
        self.assertEqual(beat, Beat(1, [task], beat.server_time_ms))
        (ada,) = engine.list_manus()
        self.assertEqual(ada, engine.get_manus("ada"))
        self.assertIsInstance(ada, ManusInstance)
        self.assertIs(ada.role, ManusRole.SPEED_DEVELOPER)
        self.assertEqual((ada.id, ada.capabilities, ada.files_claimed), ("ada", ["python"], ["a.py"]))
        self.assertEqual((ada.max_parallel, ada.program, ada.performance_score), (2, "claude-code", 100.0))
        self.assertLess(abs(datetime.now() - datetime.fromisoformat(ada.last_heartbeat)), timedelta(seconds=30))
        engine.start_task("ada", task)
        self.assertEqual(engine.deregister_manus("ada"), {"released": ["a.py"], "returned_tasks": [task]})
        self.assertEqual(engine.get_manus("ada").status, "INACTIVE")
        with self.assertRaises(NotFound):
            engine.get_manus("eve")

    def test_tasks(self) -> None:
        engine = self.engine()
        register(engine, "ada")
        made = engine.create_tasks(
            [
                {"key": "design", "title": "Design", "description": "", "priority": TaskPriority.CRITICAL},
                {"key": "build", "title": "Build", "description": "", "dependencies": ["design"]},
                {
                    "title": "Ship",
                    "description": "all of it",
                    "dependencies": ["build"],
                    "files_involved": ["s.py"],
                },
            ]
        )
        design, build, ship = (task.id for task in made)
        self.assertEqual([task.status for task in made], [TaskStatus.PENDING, TaskStatus.BLOCKED, TaskStatus.BLOCKED])
        self.assertEqual(made[2].waiting_for, [build])
        taken = engine.next_task("ada")
        assert taken is not None
        self.assertEqual((taken.id, taken.status, taken.assigned_to), (design, TaskStatus.IN_PROGRESS, "ada"))
        self.assertIsNotNone(taken.started_at)
        self.assertEqual(engine.release_task("ada", design, "not mine").status, TaskStatus.PENDING)
        self.assertEqual(engine.cancel_task(ship, "enough").status, "CANCELLED")
        self.assertEqual([task.id for task in engine.list_tasks()], [design, build, ship])
        self.assertEqual([task.id for task in engine.list_tasks(TaskStatus.BLOCKED)], [build])
        self.assertEqual([task.id for task in engine.list_tasks(["blocked", "cancelled"])], [build, ship])
        self.assertEqual([task.id for task in engine.list_tasks(priority=TaskPriority.CRITICAL)], [design])
        self.assertEqual([task.id for task in engine.list_tasks(text="ALL OF")], [ship])
        self.assertEqual([task.id for task in engine.list_tasks(limit=2)], [design, build])
        self.assertIsNone(engine.get_task(ship).started_at)
        with self.assertRaises(NotFound):
            engine.get_task("T99")

    def test_long_lists_come_whole(self) -> None:
        engine = self.engine()
        register(engine, "ada", "bob")
        for _ in range(3):
            engine.create_tasks({"title": f"Task {n}", "description": ""} for n in range(500))
        self.assertEqual(len({task.id for task in engine.list_tasks()}), 1500)
        self.assertEqual(len(engine.list_tasks(limit=1200)), 1200)
        events = engine.list_events(kind="task_created")
        self.assertEqual(len(events), 1500)
        self.assertEqual(engine.list_events("task_created", after=events[1497].seq), events[1498:])
        newest = engine.list_events(newest_first=True, limit=1)
        self.assertEqual(newest[0].seq, engine.snapshot()["seq"])

    def test_files(self) -> None:
        engine = self.engine()
        register(engine, "ada")
        engine.claim_files("ada", ["src/*.py"], reason="tidying", ttl_secs=600)
        found = engine.check_files(["src/a.py", "src/a.rs"])
        self.assertEqual(found["src/a.rs"], None)
        lock = found["src/a.py"]
        assert lock is not None
        self.assertEqual((lock["locked_by"], lock["lock_reason"]), ("ada", "tidying"))
        self.assertEqual(engine.check_files("src/a.py", manus_id="ada"), {"src/a.py": None})

    def test_health(self) -> None:
        engine = self.engine()
        self.assertEqual(engine.system_health(), {"score": 100, "status": "healthy", "causes": []})
        self.assertEqual(engine.self_check()["problems"], [])
        self.assertIn("finish_ms", engine.plan(["python"]))

    def test_the_dataclasses_have_the_documented_fields(self) -> None:
        manus = {field.name for field in fields(ManusInstance)}
        self.assertLessEqual(
            set("id role capabilities current_task status progress files_claimed last_heartbeat".split())
            | {"performance_score"},
            manus,
        )
        task = {field.name for field in fields(SyncTask)}
        self.assertLessEqual(
            set("id title description assigned_to priority status dependencies estimated_duration".split())
            | set("created_at started_at completed_at files_involved".split()),
            task,
        )
        self.assertEqual([priority.value for priority in TaskPriority], [1, 2, 3, 4])
        self.assertIs(ManusRole("ai_specialist"), ManusRole.AI_SPECIALIST)


class WorkingTest(ServerCase):
    """``working_as``."""

    def test_registers_beats_and_says_goodbye(self) -> None:
        engine = self.engine()
        with engine.working_as("ada", ManusRole.AI_SPECIALIST, ["python"], interval_secs=0.05) as ada:
            self.assertEqual(ada.instance.status, "IDLE")
            seen = ada.instance.last_heartbeat_ms
            until(lambda: ada.instance.last_heartbeat_ms > seen, "a heartbeat from the background")
            task = engine.create_task("One", files_involved=["a.py"])
            self.assertEqual([task.id for task in ada.my_tasks()], [task])
            taken = ada.next_task()
            self.assertEqual(taken and taken.id, task)
            self.assertTrue(ada.update_task_progress(task, 50))
            self.assertTrue(ada.claim_files(["b.py"], reason="too"))
            self.assertTrue(ada.send_message("ada", "NOTE", "to self"))
            self.assertIn("NOTE", [message["message_type"] for message in ada.get_messages()])
            self.assertTrue(ada.complete_task(task, result="done"))
        self.assertEqual(engine.get_manus("ada").status, "INACTIVE")
        self.assertEqual(engine.snapshot()["locks"], [])
        self.assertEqual([t.name for t in threading.enumerate() if t.name.startswith("heartbeat")], [])

    def test_says_goodbye_after_an_error_and_lets_it_pass(self) -> None:
        engine = self.engine()
        with self.assertRaisesRegex(RuntimeError, "mine"):
            with engine.working_as("ada", "COORDINATOR"):
                raise RuntimeError("mine")
        self.assertEqual(engine.get_manus("ada").status, "INACTIVE")

    def test_a_taken_name_is_raised(self) -> None:
        engine = self.engine()
        register(engine, "ada")
        with self.assertRaises(Refused) as caught:
            with engine.working_as("ada", "COORDINATOR"):
                self.fail("must not get here")
        self.assertEqual(caught.exception.code, "manus_id_taken")
        with engine.working_as("ada", "COORDINATOR", takeover=True) as ada:
            self.assertEqual(ada.instance.role, "COORDINATOR")


class BelowTest(ProjectCase):
    """Working in a folder below the project's root."""

    def test_relative_files_are_meant_from_the_given_folder(self) -> None:
        server = Server(self.root)
        self.addCleanup(server.end)
        (self.root / "shop" / "api").mkdir(parents=True)
        above, below = ManusSyncEngine(self.root), ManusSyncEngine(self.root / "shop" / "api")
        self.assertEqual(below.project_root, str(self.root))
        register(above, "ada", "bob")
        self.assertTrue(below.claim_files("ada", ["auth.py", "../lib.py"]))
        self.assertEqual(above.get_manus("ada").files_claimed, ["shop/api/auth.py", "shop/lib.py"])
        self.assertFalse(above.claim_files("bob", [self.root / "shop" / "api" / "auth.py"]))
        self.assertTrue(above.claim_files("bob", ["auth.py"]))
        self.assertTrue(below.claim_files("ada", [os.fspath(self.root / "abs.py")]))
        task = below.create_tasks([{"title": "x", "description": "", "files_involved": "y.py"}])[0]
        self.assertEqual(task.files_involved, ["shop/api/y.py"])
