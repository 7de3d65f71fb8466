"""Many at once: one winner, whatever the timing."""

from __future__ import annotations

import threading
from typing import Any, Callable, List

from MANUS_SYNC_ENGINE import ManusSyncEngine
from MANUS_SYNC_ENGINE_OPTIMIZED import OptimizedManusSyncEngine

from .server import ServerCase, register

_RACERS = 16


class RaceTest(ServerCase):
    """Sixteen threads."""

    def race(self, run: Callable[[int], Any]) -> List[Any]:
        """Lets all run at the same moment; returns what each got."""
        start = threading.Barrier(_RACERS)
        results: List[Any] = [None] * _RACERS

        def racer(number: int) -> None:
            start.wait()
            results[number] = run(number)

        threads = [threading.Thread(target=racer, args=(number,)) for number in range(_RACERS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return results

    def test_one_file(self) -> None:
        kinds = (ManusSyncEngine, OptimizedManusSyncEngine)
        engines = [kinds[number % 2](self.root, url=self.server.url) for number in range(_RACERS)]
        names = [f"agent{number}" for number in range(_RACERS)]
        register(engines[0], *names)
        spellings = ["src/a.py", "./src/a.py", "src//a.py", "src/b/../a.py", "src/*.py", "src/"]
        last_token = 0
        for turn in range(12):
            won = self.race(
                lambda number, turn=turn: engines[number].claim_files(  # type: ignore[misc]
                    names[number], [spellings[(number + turn) % len(spellings)], f"own{number}.py"]
                )
            )
            self.assertEqual(won.count(True), 1, won)
            winner = names[won.index(True)]
            locks = engines[0].call("snapshot")["locks"]
            self.assertEqual({lock["locked_by"] for lock in locks}, {winner}, "all or nothing")
            tokens = [lock["fencing_token"] for lock in locks]
            self.assertGreater(min(tokens), last_token)
            last_token = max(tokens)
            self.assertTrue(engines[0].release_files(winner, [lock["file_path"] for lock in locks]))
        for engine in engines:
            engine.close()

    def test_one_engine_for_all_threads(self) -> None:
        engine = self.engine()
        names = [f"agent{number}" for number in range(_RACERS)]
        register(engine, *names)
        won = self.race(lambda number: (engine.claim_files(names[number], "a.py"), engine.last_refusal))
        self.assertEqual([claimed for claimed, _ in won].count(True), 1)
        for claimed, refused in won:
            self.assertEqual(claimed, refused is None)

    def test_each_task_goes_to_one(self) -> None:
        engine = self.engine()
        names = [f"agent{number}" for number in range(_RACERS)]
        register(engine, *names)
        engine.create_tasks({"title": f"Task {number}", "description": ""} for number in range(_RACERS))
        taken = self.race(lambda number: engine.next_task(names[number]))
        self.assertEqual(len({task.id for task in taken if task is not None}), _RACERS)
        self.assertEqual([task.assigned_to for task in taken], names)
