"""The examples of the documentation, run as they stand there."""

from __future__ import annotations

import contextlib
import io
import os
import re
from pathlib import Path
from typing import Any, Callable, Dict, List
from unittest import mock

import MANUS_SYNC_ENGINE
from MANUS_SYNC_ENGINE import ManusSyncEngine

from .server import ServerCase

_DOCUMENT = (Path(__file__).parent / "seed_examples.md").read_text(encoding="utf-8")
#: The one thing that is replaced: the folder that the examples name does not exist. Not in their text, but in what
#: the constructor is given.
_PLACEHOLDER = "/path/to/project"


def blocks(*headings: str) -> List[str]:
    """The code under each of these headings, in order."""
    found = []
    for heading in headings:
        section = re.search(rf"^#+ {re.escape(heading)}\n(.*?)(?=^##|\Z)", _DOCUMENT, re.S | re.M)
        assert section is not None, heading
        found += re.findall(r"```python\n(.*?)```", section[1], re.S)
    assert found, headings
    return found


class SeedCase(ServerCase):
    """Runs examples one after the other, as somebody would who types them in."""

    def setUp(self) -> None:
        super().setUp()
        before = os.getcwd()
        os.chdir(self.root)
        self.addCleanup(os.chdir, before)
        construct = ManusSyncEngine.__init__

        def with_real_folder(engine: Any, project_root: str = ".", **options: Any) -> None:
            construct(engine, self.root if project_root == _PLACEHOLDER else project_root, **options)

        self.start(mock.patch.object(ManusSyncEngine, "__init__", with_real_folder))
        # The reference shows calls without their imports.
        self.names: Dict[str, Any] = {name: getattr(MANUS_SYNC_ENGINE, name) for name in MANUS_SYNC_ENGINE.__all__}

    def run_block(self, code: str) -> str:
        """Runs one block; returns what it printed."""
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            exec(compile(code, "example", "exec"), self.names)
        return printed.getvalue()

    def run_section(self, heading: str, change: Callable[[str], str] = lambda code: code) -> Any:
        """Runs the one block under a heading; returns what it has left in ``success``."""
        self.names.pop("success", None)
        (code,) = blocks(heading)
        self.run_block(change(code))
        return self.names.get("success")


class ReferenceTest(SeedCase):
    """The API reference, block by block."""

    def test_with_the_tasks_that_it_speaks_of_everything_returns_what_is_documented(self) -> None:
        self.run_section("Initialization")
        engine: ManusSyncEngine = self.names["engine"]
        self.assertIs(self.run_section("register_manus"), True)
        # "task_id_1" and "abc123" stand for ids that create_task has returned before.
        first, second = engine.create_task("Before"), engine.create_task("Mine")
        engine.assign_task(second, "manus_1")

        def with_ids(code: str) -> str:
            return code.replace("task_id_1", first).replace("abc123", second)

        self.run_section("create_task", with_ids)
        task = engine.get_task(self.names["task_id"])
        self.assertEqual(task.title, "Implement feature X")
        self.assertEqual(task.dependencies, [first])
        self.assertEqual(task.files_involved, ["file1.py", "file2.py"])
        self.assertEqual(task.estimated_duration, 120)
        self.assertIs(task.priority, MANUS_SYNC_ENGINE.TaskPriority.HIGH)
        self.assertIs(task.status, MANUS_SYNC_ENGINE.TaskStatus.BLOCKED)

        self.run_section("heartbeat")
        self.assertIs(self.run_section("claim_files"), True)
        self.assertEqual(engine.get_manus("manus_1").files_claimed, ["file1.py", "file2.py"])
        self.run_section("release_files")
        self.assertEqual(engine.get_manus("manus_1").files_claimed, [])
        self.assertIs(self.run_section("start_task", with_ids), True)
        self.assertIs(self.run_section("start_task", with_ids), False, "already in progress")
        self.assertIs(self.run_section("complete_task", with_ids), True)

        engine.register_manus("manus_2", "QUALITY_ENHANCER")
        self.run_section("send_message", with_ids)
        (received,) = engine.get_messages(manus_id="manus_2")
        self.assertEqual(received["content"], {"task_id": second, "details": "..."})
        engine.send_message("manus_2", "manus_1", "INFO", {})
        self.run_section("get_messages")
        self.assertIn("INFO", [message["message_type"] for message in self.names["messages"]])
        self.assertEqual(engine.get_messages("manus_1"), [], "they were marked as processed")

    def test_in_an_empty_project_every_block_runs_too_and_says_no_where_something_is_missing(self) -> None:
        self.run_section("Initialization")
        engine: ManusSyncEngine = self.names["engine"]
        self.assertIs(self.run_section("register_manus"), True)
        self.run_section("create_task")
        self.assertEqual(self.names["task_id"], "", "task_id_1 does not exist")
        self.assertEqual(getattr(engine.last_refusal, "code", None), "task_not_found")
        self.run_section("heartbeat")
        self.assertIs(self.run_section("claim_files"), True)
        self.run_section("release_files")
        self.assertIs(self.run_section("start_task"), False, "abc123 does not exist")
        self.assertIs(self.run_section("complete_task"), False)
        self.run_section("send_message")
        self.assertEqual(getattr(engine.last_refusal, "code", None), "manus_not_found", "manus_2 does not exist")
        self.run_section("get_messages")
        self.assertEqual(self.names["messages"], [])

    def test_claimed_files_are_refused_to_others(self) -> None:
        self.run_section("Initialization")
        engine: ManusSyncEngine = self.names["engine"]
        self.run_section("register_manus")
        engine.register_manus("manus_2", "COORDINATOR")
        self.assertTrue(engine.claim_files("manus_2", ["file2.py"]))
        self.assertIs(self.run_section("claim_files"), False)
        self.assertEqual(engine.get_manus("manus_1").files_claimed, [], "all or nothing")


class UsageTest(SeedCase):
    """The usage examples, in their order."""

    def test_the_examples_in_order(self) -> None:
        setup, work, locking, talk = blocks(
            "Basic Setup", "Creating and Managing Tasks", "File Locking", "Inter-Instance Communication"
        )
        self.run_block(setup)
        engine: ManusSyncEngine = self.names["engine"]
        self.assertEqual([manus.id for manus in engine.list_manus()], ["manus_quality", "manus_speed"])

        self.run_block(work)
        task = engine.get_task(self.names["task_id"])
        self.assertIs(task.status, MANUS_SYNC_ENGINE.TaskStatus.COMPLETED)
        self.assertEqual((task.assigned_to, task.attempts, task.progress), ("manus_speed", 1, 100))
        self.assertEqual(engine.snapshot()["locks"], [], "completing gave the files back")

        self.assertEqual(self.run_block(locking), "")
        self.assertEqual(engine.snapshot()["locks"], [])
        engine.claim_files("manus_quality", "auth.py")
        self.assertEqual(self.run_block(locking), "Files are locked by another instance\n")

        printed = self.run_block(talk)
        self.assertIn("Message from manus_speed: {'files': ['auth.py'], 'description': 'Please review", printed)
        self.assertEqual(engine.get_messages("manus_quality"), [])

    def test_the_optimized_engine(self) -> None:
        (code,) = blocks("Using the Optimized Engine")
        # With its dots, as it stands there: they are no agent and no task, and both calls say no.
        self.run_block(code)
        engine = self.names["engine"]
        self.assertEqual(type(engine).__name__, "OptimizedManusSyncEngine")
        self.assertEqual((engine.list_manus(), engine.list_tasks()), ([], []))
        # "API remains the same": all other examples run on it, too.
        self.run_block(blocks("Basic Setup")[0].replace("engine = ManusSyncEngine", "other = ManusSyncEngine"))
        for heading in ("Creating and Managing Tasks", "File Locking", "Inter-Instance Communication"):
            self.run_block(blocks(heading)[0])
        self.assertEqual(engine.get_task(self.names["task_id"]).status, "COMPLETED")

    def test_the_example_of_the_readme(self) -> None:
        readme = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
        code = re.findall(r"```python\n(.*?)```", readme, re.S)[0]
        self.assertEqual(self.run_block(code), "")
        self.assertEqual(self.names["engine"].get_task(self.names["task_id"]).status, "COMPLETED")

    def test_no_block_is_forgotten(self) -> None:
        self.assertEqual(len(re.findall(r"```python\n", _DOCUMENT)), 15)
