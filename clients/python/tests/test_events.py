"""The stream of events."""

from __future__ import annotations

import threading
from typing import List

from MANUS_SYNC_ENGINE import Event
from MANUS_SYNC_ENGINE.events import Parser

from .server import ServerCase, register, until


def parse(text: str) -> List[Event]:
    parser = Parser()
    events = [parser.line(line) for line in text.encode().splitlines(keepends=True)]
    return [event for event in events if event is not None]


class ParserTest(ServerCase):
    """From lines to events."""

    def test_the_format(self) -> None:
        text = (
            "retry: 1000\n\n: still here\n\n"
            "id: 7\r\nevent: task_started\r\n"
            'data: {"seq":7,"at_ms":1,"by":"ada","kind":"task_started","data":{},"new":1}\r\n\r\n'
            'id:8\nevent:x\ndata:{"seq":8,\ndata:"kind":"x"}\n\n'
            'id: 90\nevent: resync\ndata: {"seq":90}\n\n'
        )
        self.assertEqual(
            parse(text),
            [Event(7, "task_started", {}, 1, "ada"), Event(8, "x"), Event(90, "resync")],
        )


class StreamTest(ServerCase):
    """From the server."""

    def test_from_now_on(self) -> None:
        engine = self.engine()
        register(engine, "ada")
        with engine.events() as events:
            task = engine.create_task("One")
            event = next(events)
            self.assertEqual((event.kind, event.data["task"]["id"]), ("task_created", task))
            self.assertEqual(next(events).kind, "task_assigned")
            self.assertEqual(events.seq, event.seq + 1)

    def test_from_the_beginning(self) -> None:
        engine = self.engine()
        register(engine, "ada", "bob")
        log = engine.list_events()
        with engine.events(since=0) as events:
            self.assertEqual([next(events) for _ in log], log)

    def test_goes_on_without_a_gap_after_the_server_was_killed(self) -> None:
        engine = self.engine()
        register(engine, "ada")
        with engine.events() as events:
            engine.create_task("One")
            seen = [next(events)]
            self.server.kill()
            self.server = self.server.again()
            engine.create_task("Two")
            while not (seen[-1].kind == "task_assigned" and seen[-1].data["task_id"] == "T2"):
                seen.append(next(events))
        self.assertEqual(seen, engine.list_events(after=seen[0].seq - 1, limit=len(seen)))

    def test_closing_wakes_whoever_waits(self) -> None:
        events = self.engine().events()
        seen: List[Event] = []
        waiting = threading.Thread(target=lambda: seen.extend(events))
        waiting.start()
        register(self.engine(), "ada")
        until(lambda: bool(seen), "the first event")
        events.close()
        waiting.join(10)
        self.assertFalse(waiting.is_alive())
        self.assertEqual(list(events), [])
