"""The engine for asyncio."""

from __future__ import annotations

import asyncio
import os
import unittest
from unittest import mock

from MANUS_SYNC_ENGINE import (
    AsyncManusSyncEngine,
    FileLocked,
    ManusRole,
    ManusSyncEngine,
    NoServer,
    NotFound,
    Refused,
    TaskPriority,
    Unreachable,
)

from .server import Proxy, ServerCase, ended, left_running, register, until


class AsyncCase(ServerCase, unittest.IsolatedAsyncioTestCase):
    """A test with a server and a loop."""

    def aio(self, **options: object) -> AsyncManusSyncEngine:
        return AsyncManusSyncEngine(self.root, url=self.server.url, **options)  # type: ignore[arg-type]


class CallsTest(AsyncCase):
    """The same methods, the same answers."""

    async def test_a_day_at_work(self) -> None:
        async with self.aio() as engine:
            self.assertIs(await engine.register_manus("ada", ManusRole.SPEED_DEVELOPER, ["python"]), True)
            self.assertIs(await engine.register_manus("ada", ManusRole.SPEED_DEVELOPER), False)
            self.assertEqual(engine.last_refusal and engine.last_refusal.code, "manus_id_taken")
            await engine.register_manus("bob", "QUALITY_ENHANCER", "testing", max_parallel=2)
            task = await engine.create_task("One", priority=TaskPriority.HIGH, files_involved=["a.py"])
            await engine.assign_task(task, "ada")
            self.assertIs(await engine.start_task("ada", task), True)
            self.assertIs(await engine.claim_files("bob", ["a.py"], reason="too"), False)
            self.assertIsInstance(engine.last_refusal, FileLocked)
            self.assertIs(await engine.update_task_progress("ada", task, 50), True)
            self.assertIs(await engine.complete_task(task, result=[1]), True)
            self.assertIsNone(engine.last_refusal)
            self.assertEqual((await engine.get_task(task)).result, [1])
            self.assertIs(await engine.claim_files("bob", "a.py"), True)
            self.assertIsNotNone((await engine.check_files("a.py"))["a.py"])
            self.assertIs(await engine.release_files("bob", "a.py"), True)
            self.assertIs(await engine.send_message("ada", "bob", "INFO", {"n": 1}, requires_ack=True), True)
            self.assertEqual((await engine.get_messages("bob", peek=True))[-1]["content"], {"n": 1})
            (*_, last) = await engine.get_messages("bob")
            self.assertEqual((last["content"], await engine.get_messages("bob")), ({"n": 1}, []))
            self.assertEqual(await engine.ack_messages("bob", [last["id"]]), 0)
            self.assertEqual((await engine.list_messages(message_type="INFO"))[0]["processed"], True)
            self.assertIs(await engine.heartbeat("ada"), True)
            self.assertEqual((await engine.beat("ada")).assigned_tasks, [])

    async def test_a_late_word_counts_for_its_own_attempt(self) -> None:
        async with self.aio() as late, self.aio() as engine:
            await engine.register_manus("ada", ManusRole.SPEED_DEVELOPER)
            await engine.create_task("One")
            taken = await late.next_task("ada")
            assert taken is not None
            await engine.release_task("ada", taken.id)
            await engine.assign_task(taken.id, "ada")
            self.assertIs(await engine.start_task("ada", taken.id), True)
            self.assertIs(await late.complete_task(taken.id), False)
            self.assertEqual(late.last_refusal and late.last_refusal.code, "attempt_over")
            self.assertIs(await engine.complete_task(taken.id), True)

    async def test_the_rest(self) -> None:
        engine = self.aio(strict=True)
        await engine.register_manus("ada", "COORDINATOR")
        tasks = await engine.create_tasks({"title": f"Task {n}", "description": ""} for n in range(1100))
        self.assertEqual(len(await engine.list_tasks(["pending"], text="TASK")), 1100)
        third = (await engine.list_tasks(limit=3))[2]
        # The plan may have come meanwhile, and says what is expected of it.
        self.assertEqual((third.id, third.title), (tasks[2].id, tasks[2].title))
        taken = await engine.next_task("ada")
        assert taken is not None
        self.assertEqual((await engine.release_task("ada", taken.id)).status, "PENDING")
        self.assertEqual((await engine.cancel_task(taken.id)).status, "CANCELLED")
        self.assertEqual([manus.id for manus in await engine.list_manus()], ["ada"])
        self.assertEqual((await engine.get_manus("ada")).role, ManusRole.COORDINATOR)
        self.assertEqual((await engine.list_events(kind="task_cancelled"))[0].data["task_id"], taken.id)
        self.assertIn("score", await engine.system_health())
        self.assertLessEqual(0, (await engine.plan())["finish_ms"])
        self.assertEqual((await engine.self_check())["problems"], [])
        self.assertIn("seq", await engine.snapshot())
        self.assertEqual((await engine.deregister_manus("ada"))["released"], [])
        with self.assertRaises(NotFound):
            await engine.heartbeat("eve")
        with self.assertRaises(Refused):
            await engine.call("no_such_call")

    async def test_it_has_every_method_of_the_other(self) -> None:
        public = {name for name in dir(ManusSyncEngine) if not name.startswith("_")}
        self.assertEqual(public - set(dir(AsyncManusSyncEngine)), {"close", "project_root"})

    async def test_many_at_once(self) -> None:
        engine = self.aio()
        names = [f"agent{number}" for number in range(50)]
        await asyncio.gather(*(engine.register_manus(name, "AI_SPECIALIST") for name in names))
        won = await asyncio.gather(*(engine.claim_files(name, "a.py") for name in names))
        self.assertEqual(won.count(True), 1)

    async def test_refusals_of_one_task_are_not_those_of_another(self) -> None:
        engine = self.aio()

        async def refused() -> bool:
            await engine.heartbeat("nobody")
            return engine.last_refusal is not None

        async def accepted() -> bool:
            await engine.register_manus("ada", "COORDINATOR")
            return engine.last_refusal is None

        self.assertEqual(await asyncio.gather(refused(), accepted(), refused()), [True, True, True])


class WaitingTest(AsyncCase):
    """Calls that take their time."""

    async def test_who_gives_up_waiting_gets_nothing(self) -> None:
        engine = self.aio()
        await engine.register_manus("ada", "COORDINATOR")
        waiting = asyncio.ensure_future(engine.next_task("ada", wait_secs=60))
        with self.assertRaises(asyncio.TimeoutError):
            await asyncio.wait_for(waiting, 0.3)
        task = await engine.create_task("For somebody who is there")
        self.assertEqual((await engine.get_task(task)).status, "PENDING")
        taken = await engine.next_task("ada", wait_secs=60)
        self.assertEqual(taken and taken.id, task)

    async def test_waiting_does_not_keep_others_from_working(self) -> None:
        engine = self.aio()
        names = [f"agent{number}" for number in range(40)]
        for name in names:
            await engine.register_manus(name, "COORDINATOR")
        waiting = asyncio.gather(*(engine.get_messages(name, wait_secs=60) for name in names))
        await engine.send_message(names[0], "*", "INFO", "all")
        await engine.send_message(names[1], names[0], "INFO", "you")
        self.assertTrue(all(await waiting))


class BrokenTest(AsyncCase):
    """Connections that break."""

    async def test_nothing_is_done_twice(self) -> None:
        proxy = Proxy(self.server.port, losses=2)
        self.addCleanup(proxy.close)
        engine = AsyncManusSyncEngine(self.root, url=proxy.url)
        task = await engine.create_task("Once")
        self.assertEqual(len(proxy.requests), 3)
        self.assertEqual([made.id for made in self.engine().list_tasks()], [task])

    async def test_a_call_in_the_gap_waits_for_the_server(self) -> None:
        engine = self.aio()
        await engine.register_manus("ada", "COORDINATOR")
        self.server.kill()
        calling = asyncio.ensure_future(engine.claim_files("ada", "a.py"))
        await asyncio.sleep(0)
        self.server = await asyncio.to_thread(self.server.again)
        self.assertIs(await calling, True)

    async def test_without_an_answer_it_ends_with_an_exception(self) -> None:
        engine = self.aio(patience_secs=0.2)
        await engine.connect()
        self.server.kill()
        with self.assertRaises(Unreachable):
            await engine.heartbeat("ada")

    async def test_without_a_server_it_says_so(self) -> None:
        self.server.end()
        with self.assertRaises(NoServer):
            await AsyncManusSyncEngine(self.root, auto_start=False).list_manus()


class EventsTest(AsyncCase):
    """The stream of events."""

    async def test_goes_on_without_a_gap_after_the_server_was_killed(self) -> None:
        engine = self.aio()
        await engine.register_manus("ada", "COORDINATOR")
        async with await engine.events() as events:
            await engine.create_task("One")
            seen = [await events.__anext__()]
            self.assertEqual((seen[0].kind, seen[0].data["task"]["title"]), ("task_created", "One"))
            self.server.kill()
            self.server = await asyncio.to_thread(self.server.again)
            await engine.create_task("Two")
            async for event in events:
                seen.append(event)
                if event.kind == "task_assigned" and event.data["task_id"] == "T2":
                    break
        self.assertEqual(seen, await engine.list_events(after=seen[0].seq - 1, limit=len(seen)))

    async def test_from_the_beginning(self) -> None:
        register(self.engine(), "ada", "bob")
        engine = self.aio()
        log = await engine.list_events()
        async with await engine.events(since=0) as events:
            self.assertEqual([await events.__anext__() for _ in log], log)


class WorkingTest(AsyncCase):
    """``working_as``."""

    async def test_registers_beats_and_says_goodbye(self) -> None:
        engine = self.aio()
        async with engine.working_as("ada", "COORDINATOR", ["python"], interval_secs=0.05) as ada:
            self.assertEqual(ada.status, "IDLE")
            look = self.engine().get_manus
            seen = ada.last_heartbeat_ms
            await asyncio.to_thread(until, lambda: look("ada").last_heartbeat_ms > seen, "a heartbeat")
        self.assertEqual((await engine.get_manus("ada")).status, "INACTIVE")


class StartTest(AsyncCase):
    """Without a server."""

    async def test_is_started(self) -> None:
        other = self.root / "other"
        (other / ".manus-sync").mkdir(parents=True)
        with mock.patch.dict(os.environ, MANUS_SYNC_LISTEN="127.0.0.1:0"):
            async with AsyncManusSyncEngine(other) as engine:
                with ended(left_running(other)):
                    self.assertIs(await engine.register_manus("ada", "COORDINATOR"), True)
