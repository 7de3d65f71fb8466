"""Connections that break, servers that die: calls are repeated, and nothing happens twice."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections import Counter
from typing import Callable, List

from MANUS_SYNC_ENGINE import ManusSyncEngine, ServerError, Unavailable, Unreachable
from MANUS_SYNC_ENGINE_OPTIMIZED import OptimizedManusSyncEngine

from .server import Proxy, Server, ServerCase, register, until


class LostAnswersTest(ServerCase):
    """The server has done it, and its answer is lost on the way."""

    def through(self, losses: int, kind: "type[ManusSyncEngine]" = ManusSyncEngine) -> "tuple[ManusSyncEngine, Proxy]":
        proxy = Proxy(self.server.port, losses)
        self.addCleanup(proxy.close)
        engine = kind(self.root, url=proxy.url)
        self.addCleanup(engine.close)
        return engine, proxy

    def test_a_repeated_call_carries_the_same_request_id(self) -> None:
        engine, proxy = self.through(losses=2)
        self.assertTrue(engine.register_manus("ada", "COORDINATOR", []))
        bodies = [request.partition(b"\r\n\r\n")[2] for request in proxy.requests]
        self.assertEqual(len(bodies), 3)
        self.assertEqual(len(set(bodies)), 1)
        first = json.loads(bodies[0])["request_id"]
        engine.register_manus("bob", "COORDINATOR", [])
        self.assertNotEqual(json.loads(proxy.requests[-1].partition(b"\r\n\r\n")[2])["request_id"], first)

    def test_nothing_is_done_twice(self) -> None:
        for kind in (ManusSyncEngine, OptimizedManusSyncEngine):
            with self.subTest(kind=kind.__name__):
                direct = self.engine()
                for name in ("ada", "bob"):
                    direct.register_manus(name, "COORDINATOR", [], takeover=True)
                before = len(direct.list_tasks())

                task = self.through(1, kind)[0].create_task("Once")
                self.assertEqual([made.id for made in direct.list_tasks()[before:]], [task])
                self.assertTrue(self.through(1, kind)[0].send_message("ada", "bob", "ONCE", {}))
                sent = [message["id"] for message in direct.get_messages("bob", peek=True)]
                # The answer that is lost holds the messages. They are marked as processed by then.
                engine, proxy = self.through(2, kind)
                self.assertEqual([message["id"] for message in engine.get_messages("bob")], sent)
                self.assertEqual(len(proxy.requests), 4, "one look and one taking, each of them twice")
                direct.assign_task(task, "ada")
                self.assertTrue(self.through(1, kind)[0].start_task("ada", task))
                self.assertTrue(self.through(1, kind)[0].complete_task(task))
                self.assertEqual(direct.get_task(task).attempts, 1)

    def test_without_an_answer_it_ends_with_an_exception(self) -> None:
        proxy = Proxy(self.server.port, losses=1_000_000)
        self.addCleanup(proxy.close)
        engine = ManusSyncEngine(self.root, url=proxy.url, patience_secs=0.3)
        with self.assertRaisesRegex(Unreachable, "no answer from http://127.0.0.1"):
            engine.register_manus("ada", "COORDINATOR", [])
        self.assertGreater(len(proxy.requests), 1)


class KilledTest(ServerCase):
    """The server is killed without warning, and started again at the same port."""

    def test_many_clients_and_a_server_that_dies_again_and_again(self) -> None:
        register(self.engine(), "ada")
        made: List[str] = []
        stop = threading.Event()

        def work(number: int) -> None:
            kind = OptimizedManusSyncEngine if number % 2 else ManusSyncEngine
            engine = kind(self.root, url=self.server.url)
            for n in range(1_000_000):
                if stop.is_set():
                    return engine.close()
                title = f"task {number}.{n}"
                task = engine.create_task(title)
                assert task, engine.last_refusal
                made.append(title)

        workers = [threading.Thread(target=work, args=(number,)) for number in range(6)]
        for worker in workers:
            worker.start()
        for _ in range(3):
            seen = len(made)
            until(lambda seen=seen: len(made) > seen + 20, "more tasks")  # type: ignore[misc]
            self.server.kill()
            self.server = self.server.again()
        seen = len(made)
        until(lambda: len(made) > seen + 20, "tasks after the last start")
        stop.set()
        for worker in workers:
            worker.join(60)
        found = Counter(task.title for task in self.engine().list_tasks())
        self.assertEqual(found, Counter(made), "each exactly once: none lost, none twice")

    def test_a_call_in_the_gap_waits_for_the_server(self) -> None:
        engine = self.engine()
        register(engine, "ada")
        self.server.kill()
        answers: List[bool] = []
        calling = threading.Thread(target=lambda: answers.append(engine.claim_files("ada", ["a.py"])))
        calling.start()
        self.server = self.server.again()
        calling.join(60)
        self.assertEqual(answers, [True])

    def test_a_server_that_moved_is_found_again(self) -> None:
        engine = ManusSyncEngine(self.root, auto_start=False)
        register(engine, "ada")
        self.server.end()
        self.server = Server(self.root)
        self.assertTrue(engine.heartbeat("ada"))
        self.assertEqual(engine.url, self.server.url)


class StandIn:
    """Answers each connection with the next of some prepared answers."""

    def __init__(self, *answers: bytes) -> None:
        self.answers = list(answers)
        self.asked = 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            with client:
                if client.recv(65536).startswith(b"GET /healthz"):
                    client.sendall(answer(200, b"ok\n"))
                    continue
                self.asked += 1
                client.sendall(self.answers.pop(0))

    def close(self) -> None:
        self._listener.close()


def answer(status: int, body: bytes, *headers: str) -> bytes:
    """An HTTP answer."""
    lines = [f"HTTP/1.1 {status} X", f"Content-Length: {len(body)}", "Connection: close", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


class BusyTest(ServerCase):
    """Answers that ask for another try, and answers of somebody else."""

    BUSY = answer(429, b'{"code":"overloaded","message":"m","detail":{"retry_after_secs":1}}', "Retry-After: 1")
    FULL = answer(503, b'{"code":"storage_unavailable","message":"disk full","detail":{}}')

    def asking(self, *answers: bytes, patience_secs: float = 30) -> "tuple[Callable[[], object], StandIn]":
        stand_in = StandIn(*answers)
        self.addCleanup(stand_in.close)
        engine = ManusSyncEngine(self.root, url=stand_in.url, patience_secs=patience_secs)
        return lambda: engine.heartbeat("ada"), stand_in

    def test_a_busy_server_is_asked_again_when_it_says_so(self) -> None:
        ask, stand_in = self.asking(self.BUSY, self.FULL, answer(200, b"{}"))
        began = time.monotonic()
        self.assertIs(ask(), True)
        self.assertEqual(stand_in.asked, 3)
        self.assertGreaterEqual(time.monotonic() - began, 1.0)

    def test_what_goes_on_is_raised_with_its_reason(self) -> None:
        ask, _ = self.asking(*[self.FULL] * 100, patience_secs=0.2)
        with self.assertRaises(Unavailable) as caught:
            ask()
        self.assertEqual((caught.exception.code, caught.exception.message), ("storage_unavailable", "disk full"))

    def test_somebody_else_is_not_asked_again(self) -> None:
        ask, stand_in = self.asking(answer(404, b"<html>", "Content-Type: text/html"))
        with self.assertRaisesRegex(ServerError, r"not manus-sync \(status 404, text/html\)"):
            ask()
        self.assertEqual(stand_in.asked, 1)

    def test_a_fault_of_the_server_is_not_a_refusal(self) -> None:
        ask, _ = self.asking(answer(500, b'{"code":"internal","message":"oops","detail":{}}'))
        with self.assertRaisesRegex(ServerError, "internal: oops"):
            ask()

    def test_a_connection_that_was_closed_while_idle_is_replaced_at_once(self) -> None:
        engine = OptimizedManusSyncEngine(self.root, url=self.server.url, patience_secs=0)
        register(engine, "ada")
        self.server.end()
        self.server = self.server.again()
        self.assertTrue(engine.heartbeat("ada"), "without any patience, it must not count as a failure")
        engine.close()
