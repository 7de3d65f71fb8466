"""An agent's own view of the engine: the same methods, without naming itself each time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Iterable, List, Optional

from .model import Beat, ManusInstance, Message, SyncTask
from .wire import Files

if TYPE_CHECKING:
    from .engine import ManusSyncEngine


class ManusInterface:
    """An engine in the hands of one agent, which should be registered already (``working_as`` does both)."""

    def __init__(self, engine: "ManusSyncEngine", manus_id: str) -> None:
        self.engine = engine
        self.manus_id = manus_id

    @property
    def instance(self) -> ManusInstance:
        """The agent as others see it."""
        return self.engine.get_manus(self.manus_id)

    def heartbeat(self, status: Optional[str] = None, progress: Optional[int] = None) -> bool:
        """Gives a sign of life."""
        return self.engine.heartbeat(self.manus_id, status, progress)

    def beat(self) -> Beat:
        """Gives a sign of life and learns what waits."""
        return self.engine.beat(self.manus_id)

    def claim_files(self, files: Files, reason: Optional[str] = None, **more: Any) -> bool:
        """Claims files, all or nothing."""
        return self.engine.claim_files(self.manus_id, files, reason, **more)

    def release_files(self, files: Files) -> bool:
        """Gives files back."""
        return self.engine.release_files(self.manus_id, files)

    def my_tasks(self) -> List[SyncTask]:
        """What it works on and has in its queue, in the order in which to do it."""
        return [self.engine.get_task(task_id) for task_id in self.beat().assigned_tasks]

    def next_task(self, wait_secs: Optional[int] = None) -> Optional[SyncTask]:
        """Gets whatever to do next, started and with its files claimed."""
        return self.engine.next_task(self.manus_id, wait_secs)

    def start_task(self, task_id: str) -> bool:
        """Begins a task of its own."""
        return self.engine.start_task(self.manus_id, task_id)

    def update_task_progress(self, task_id: str, progress: int, note: Optional[str] = None) -> bool:
        """Says how far a task is."""
        return self.engine.update_task_progress(self.manus_id, task_id, progress, note)

    def complete_task(self, task_id: str, result: Any = None) -> bool:
        """Says that a task is done, and what came of it."""
        return self.engine.complete_task(task_id, self.manus_id, result)

    def release_task(self, task_id: str, reason: Optional[str] = None) -> SyncTask:
        """Gives a task back, so that somebody else can have it."""
        return self.engine.release_task(self.manus_id, task_id, reason)

    def send_message(self, to_manus: str, message_type: str, content: Any, **more: Any) -> bool:
        """Writes to another agent, to ``role:…``, or to all with ``*``."""
        return self.engine.send_message(self.manus_id, to_manus, message_type, content, **more)

    def get_messages(self, wait_secs: Optional[int] = None) -> List[Message]:
        """Takes the messages that wait."""
        return self.engine.get_messages(self.manus_id, wait_secs=wait_secs)

    def ack_messages(self, ids: Iterable[int]) -> int:
        """Marks messages as processed that were only looked at."""
        return self.engine.ack_messages(self.manus_id, ids)
