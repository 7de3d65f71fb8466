"""The engine with a connection that stays open and a cache."""

from __future__ import annotations

import os
import threading
import time
import unittest
import warnings
from typing import Any, Dict, List
from unittest import mock

import MANUS_SYNC_ENGINE_OPTIMIZED
from MANUS_SYNC_ENGINE import ManusSyncEngine
from MANUS_SYNC_ENGINE_OPTIMIZED import OptimizedManusSyncEngine

from .server import ServerCase, register


class CacheTest(ServerCase):
    """What is remembered, and for how long."""

    def setUp(self) -> None:
        super().setUp()
        self.now = 1000.0
        clock = mock.Mock(wraps=time, monotonic=lambda: self.now)
        self.start(mock.patch.object(MANUS_SYNC_ENGINE_OPTIMIZED, "time", clock))
        self.mine = OptimizedManusSyncEngine(self.root, url=self.server.url)
        self.addCleanup(self.mine.close)
        self.others = self.engine()

    def titles(self) -> List[str]:
        return [task.title for task in self.mine.list_tasks()]

    def test_what_others_do_shows_after_ten_seconds(self) -> None:
        self.others.create_task("one")
        self.assertEqual(self.titles(), ["one"])
        self.others.create_task("two")
        self.now += 9.9
        self.assertEqual(self.titles(), ["one"])
        self.now += 0.2
        self.assertEqual(self.titles(), ["one", "two"])

    def test_own_changes_show_at_once(self) -> None:
        self.assertEqual(self.titles(), [])
        self.mine.create_task("one")
        self.assertEqual(self.titles(), ["one"])
        self.others.create_task("two")
        self.assertEqual(self.titles(), ["one"])
        self.mine.forget()
        self.assertEqual(self.titles(), ["one", "two"])

    def test_what_one_acts_upon_is_always_fresh(self) -> None:
        register(self.mine, "ada")
        task = self.mine.create_task("one", files_involved=["a.py"])
        self.assertEqual((self.mine.get_task(task).status, self.mine.check_files("a.py")), ("PENDING", {"a.py": None}))
        self.others.start_task("ada", task)
        self.assertEqual(self.mine.get_task(task).status, "IN_PROGRESS")
        self.assertIsNotNone(self.mine.check_files("a.py")["a.py"])
        self.assertEqual(self.mine.get_manus("ada").current_task, task)

    def test_signs_of_life_and_empty_inboxes_do_not_empty_the_cache(self) -> None:
        register(self.mine, "ada")
        self.assertEqual(self.titles(), [])
        self.others.create_task("one", required_capabilities=["nobody has this"])
        self.mine.heartbeat("ada")
        self.assertEqual(self.mine.get_messages("ada"), [])
        self.assertEqual(self.titles(), [])
        self.others.send_message("ada", "ada", "INFO", {})
        self.assertEqual(len(self.mine.get_messages("ada")), 1)
        self.assertEqual(self.titles(), ["one"], "taking messages changed something")

    def test_different_questions_have_different_answers(self) -> None:
        self.mine.create_task("one", priority="low")
        self.mine.create_task("two", priority="high")
        self.assertEqual([task.title for task in self.mine.list_tasks(priority="low")], ["one"])
        self.assertEqual([task.title for task in self.mine.list_tasks(priority="high")], ["two"])
        self.assertEqual([task.title for task in self.mine.list_tasks(text="TWO")], ["two"])

    def test_answers_belong_to_those_who_got_them(self) -> None:
        self.mine.create_task("one")
        first: Dict[str, Any] = self.mine.snapshot()
        first["tasks"][0]["title"] = "changed"
        second = self.mine.snapshot()
        self.assertEqual(second["tasks"][0]["title"], "one")
        second["tasks"].clear()
        self.assertEqual(len(self.mine.snapshot()["tasks"]), 1)

    def test_an_answer_from_before_a_change_is_not_kept(self) -> None:
        # Another thread changes something while this one's question is under way.
        ask = ManusSyncEngine.call

        def slowly(engine: Any, name: str, /, **arguments: Any) -> Any:
            answer = ask(engine, name, **arguments)
            if name == "list_tasks":
                self.mine.create_task("meanwhile")
            return answer

        with mock.patch.object(ManusSyncEngine, "call", slowly):
            self.assertEqual(self.titles(), [])
        self.assertEqual(self.titles(), ["meanwhile"])


class ConnectionTest(ServerCase):
    """Connections that stay open."""

    def setUp(self) -> None:
        super().setUp()
        self.mine = OptimizedManusSyncEngine(self.root, url=self.server.url)
        self.addCleanup(self.mine.close)

    def sockets(self) -> int:
        """How many connections lie idle."""
        return len(self.mine._transport._idle)  # type: ignore[attr-defined]

    def test_one_after_the_other_needs_one(self) -> None:
        register(self.mine, "ada")
        for _ in range(20):
            self.mine.heartbeat("ada")
            self.mine.heartbeat("nobody")
        self.assertEqual(self.sockets(), 1)
        self.mine.close()
        self.assertEqual(self.sockets(), 0)
        self.assertTrue(self.mine.heartbeat("ada"), "it can still be used")

    def test_answers_are_not_mixed_up_among_threads(self) -> None:
        names = [f"agent{number}" for number in range(8)]
        register(self.mine, *names)
        wrong: List[str] = []

        def ask(name: str) -> None:
            for _ in range(50):
                if self.mine.get_manus(name).id != name:
                    wrong.append(name)

        threads = [threading.Thread(target=ask, args=(name,)) for name in names]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(wrong, [])
        self.assertLessEqual(self.sockets(), 8)

    @unittest.skipUnless(hasattr(os, "fork"), "this system has no fork")
    def test_a_forked_process_opens_its_own(self) -> None:
        register(self.mine, "ada", "bob")
        self.assertEqual(self.sockets(), 1)
        reader, writer = os.pipe()
        with warnings.catch_warnings():
            warnings.simplefilter(
                "ignore", DeprecationWarning
            )  # Newer versions warn of threads that tests left behind.
            child = os.fork()
        if child == 0:
            os.write(writer, self.mine.get_manus("bob").id.encode())
            os._exit(0)
        for _ in range(20):
            self.assertEqual(self.mine.get_manus("ada").id, "ada")
        os.waitpid(child, 0)
        self.assertEqual(os.read(reader, 100), b"bob")
        os.close(reader)
        os.close(writer)
