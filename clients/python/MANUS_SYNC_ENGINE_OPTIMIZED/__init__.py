"""The engine for programs that call often: connections stay open, and overviews are remembered for ten seconds."""

from __future__ import annotations

import json
import threading
import time
from typing import Any, Callable, Dict, Tuple

from MANUS_SYNC_ENGINE import ManusInstance, ManusRole, ManusSyncEngine, SyncTask, TaskPriority, TaskStatus
from MANUS_SYNC_ENGINE.transport import KeepAlive, Transport
from MANUS_SYNC_ENGINE.wire import READS

__all__ = ["ManusInstance", "ManusRole", "OptimizedManusSyncEngine", "SyncTask", "TaskPriority", "TaskStatus"]

#: How long an answer may be used again.
CACHE_TTL_SECS = 10.0
#: What is remembered: overviews. What one acts upon at once (a task, an agent, a file) is always asked for.
CACHED = frozenset({"list_manus", "list_tasks", "list_messages", "list_events", "snapshot", "system_health"})
#: At most so many answers, so that a program that asks for ever new things does not fill the memory.
_MOST = 256


class OptimizedManusSyncEngine(ManusSyncEngine):
    """The same API as ``ManusSyncEngine``.

    Overviews may be up to ten seconds old with respect to what *others* do. A change through this engine shows at
    once, since it empties the cache; ``forget`` does so by hand.
    """

    def _prepare(self) -> Transport:
        self._cache = _Cache()
        return KeepAlive()

    def call(self, name: str, /, **arguments: Any) -> Any:
        """Makes any call of the HTTP interface, or repeats what an overview answered within the last ten seconds."""
        if name in CACHED:
            key = (name, json.dumps(arguments, sort_keys=True, default=str))
            ask = super().call
            return self._cache.get(key, lambda: ask(name, **arguments))
        try:
            return super().call(name, **arguments)
        finally:
            # Also after a failure: a call without an answer may have been carried out.
            if _may_change(name, arguments):
                self._cache.clear()

    def forget(self) -> None:
        """Empties the cache."""
        self._cache.clear()


def _may_change(name: str, arguments: Dict[str, Any]) -> bool:
    """Whether a call may change what overviews show. Plain signs of life and looks are too frequent to count."""
    if name == "heartbeat":
        return arguments.get("status") is not None or arguments.get("progress") is not None
    if name == "get_messages":
        return not arguments.get("peek")
    return name not in READS


class _Cache:
    """Answers and until when they may be used again."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._answers: Dict[Tuple[str, str], Tuple[float, str]] = {}
        self._changes = 0

    def get(self, key: Tuple[str, str], ask: Callable[[], Any]) -> Any:
        """What was answered lately, else what ``ask`` finds out."""
        with self._lock:
            until, text = self._answers.get(key, (0.0, ""))
            changes = self._changes
        if time.monotonic() < until:
            return json.loads(text)
        answer = ask()
        with self._lock:
            # An answer that was under way while something changed may be from before the change.
            if changes == self._changes:
                if len(self._answers) >= _MOST:
                    self._answers.clear()
                # As text, so that nobody who changes what they were given changes it for others.
                self._answers[key] = (time.monotonic() + CACHE_TTL_SECS, json.dumps(answer))
        return answer

    def clear(self) -> None:
        with self._lock:
            self._changes += 1
            self._answers.clear()
