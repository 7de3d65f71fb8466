"""The engine as documented: the methods that return ``True``, ``False``, ids and lists of dictionaries."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import Any, Iterator, List, Optional, Union

from . import wire
from .board import Board, Priority
from .core import LOG
from .errors import ManusSyncError, Refused
from .interface import ManusInterface
from .model import ManusRole, Message, message
from .wire import Files, Texts


class ManusSyncEngine(Board):
    """Coordinates agents that work on one project, through the project's server.

    The documented methods, which are those of this class, do not raise for a refusal: they return ``False``
    (``create_task`` an empty id, ``get_messages`` an empty list), and ``last_refusal`` says why. With ``strict`` they
    raise ``Refused``, as all other methods always do. Any method raises ``Unreachable`` when no answer came.
    """

    def register_manus(
        self,
        manus_id: str,
        role: Union[ManusRole, str, None] = None,
        capabilities: Texts = (),
        max_parallel: Optional[int] = None,
        program: Optional[str] = None,
        model: Optional[str] = None,
        takeover: Optional[bool] = None,
    ) -> bool:
        """Registers an agent, or brings it back.

        A name that an agent elsewhere holds is refused, unless ``takeover`` says that this is its successor.
        ``max_parallel`` is how many tasks it works on at a time, ``program`` and ``model`` what it is made of.
        """
        profile = wire.profile(manus_id, role, capabilities, max_parallel, program, model, takeover)
        return self._yes("register_manus", **profile)

    def create_task(
        self,
        title: str,
        description: str = "",
        priority: Optional[Priority] = None,
        files_involved: Optional[Files] = None,
        dependencies: Optional[Texts] = None,
        estimated_duration: Optional[int] = None,
        required_capabilities: Optional[Texts] = None,
    ) -> str:
        """Creates a task, gives it to the agent who will probably finish it first, and returns its id.

        The priority is MEDIUM and the duration 60 minutes unless they are given. Only an agent with all the
        ``required_capabilities`` can get it. The id is empty when the task was refused, for example because a
        dependency does not exist.
        """
        task = wire.new_task(
            title,
            description,
            priority,
            self._where.paths(files_involved),
            dependencies,
            estimated_duration,
            required_capabilities,
        )
        return self._try("create_task", "", lambda answer: str(answer["id"]), **task)

    def heartbeat(self, manus_id: str, status: Optional[str] = None, progress: Optional[int] = None) -> bool:
        """A sign of life, due every 30 to 60 seconds. The status INACTIVE is a goodbye."""
        return self._yes("heartbeat", manus_id=manus_id, status=status, progress=progress)

    def claim_files(
        self,
        manus_id: str,
        files: Files,
        reason: Optional[str] = None,
        mode: Optional[str] = None,
        ttl_secs: Optional[int] = None,
        wait_secs: Optional[int] = None,
    ) -> bool:
        """Claims files, folders (``src/``) or globs (``**/*.sql``): all of them, or none and ``False``.

        The claim ends with its release, its ``ttl_secs``, or its holder. The ``mode`` "shared" leaves room for others
        who share.
        """
        return self._yes(
            "claim_files",
            manus_id=manus_id,
            files=self._where.paths(files),
            reason=reason,
            mode=mode,
            ttl_secs=ttl_secs,
            wait_secs=wait_secs,
        )

    def release_files(self, manus_id: str, files: Files, by: Optional[str] = None) -> bool:
        """Gives files back. ``by`` is who takes them away, when that is not the holder."""
        return self._yes("release_files", manus_id=manus_id, files=self._where.paths(files), by=by)

    def start_task(self, manus_id: str, task_id: str) -> bool:
        """Begins a task and claims its files in the same step.

        ``False`` when the task is not this agent's, is in progress already, is blocked, or when a file is held.
        """
        return self._yes("start_task", manus_id=manus_id, task_id=task_id)

    def update_task_progress(self, manus_id: str, task_id: str, progress: int, note: Optional[str] = None) -> bool:
        """Says how far a task is, in per cent."""
        return self._yes("update_task_progress", manus_id=manus_id, task_id=task_id, progress=progress, note=note)

    def complete_task(
        self,
        task_id: str,
        manus_id: Optional[str] = None,
        result: Any = None,
        needs_review: Optional[bool] = None,
    ) -> bool:
        """Says that a task is done, which gives its files back and unblocks what waited for it.

        Without ``manus_id`` it counts as the assignee's own word.
        """
        return self._yes("complete_task", task_id=task_id, manus_id=manus_id, result=result, needs_review=needs_review)

    def send_message(
        self,
        from_manus: str,
        to_manus: str,
        message_type: str,
        content: Any,
        reply_to: Optional[int] = None,
        requires_ack: Optional[bool] = None,
    ) -> bool:
        """Sends any JSON to one agent, to everybody of a role (``role:QUALITY_ENHANCER``), or to all (``*``)."""
        return self._yes(
            "send_message",
            from_manus=from_manus,
            to_manus=to_manus,
            message_type=message_type,
            content=content,
            reply_to=reply_to,
            requires_ack=requires_ack,
        )

    def get_messages(
        self,
        manus_id: str,
        peek: bool = False,
        after: Optional[int] = None,
        limit: Optional[int] = None,
        wait_secs: Optional[int] = None,
    ) -> List[Message]:
        """The unprocessed messages of an agent, oldest first, which are marked as processed.

        With ``peek`` or ``after`` (the id of a message) they are only looked at, until ``ack_messages``. With
        ``wait_secs`` the call waits that long for a message to come.
        """
        try:
            given = self.call("get_messages", **wire.look(manus_id, peek, after, limit, wait_secs))
            # Taking is a change, which is written down on the disk; most looks into an inbox need none.
            if given and not peek and after is None:
                given = self.call("get_messages", manus_id=manus_id, limit=limit)
        except Refused as refused:
            self._refused("get_messages", refused)
            return []
        self._accepted()
        return [message(one) for one in given]

    @contextmanager
    def working_as(
        self,
        manus_id: str,
        role: Union[ManusRole, str],
        capabilities: Texts = (),
        *,
        interval_secs: Optional[float] = None,
        **profile: Any,
    ) -> Iterator[ManusInterface]:
        """Registers an agent, gives its signs of life in the background, and says goodbye at the end.

        Use it in a ``with``; it gives the agent's own view of the engine. The signs come as often as the server
        asks for (every 30 s), or every ``interval_secs``. ``profile`` are further arguments of ``register_manus``.
        Raises ``Refused`` when the registration is refused.
        """
        answer = self.call("register_manus", **wire.profile(manus_id, role, capabilities, **profile))
        ended = threading.Event()
        every_secs = interval_secs or answer["heartbeat_interval_secs"]
        beating = threading.Thread(
            target=self._keep_beating,
            args=(manus_id, every_secs, ended),
            name=f"heartbeat {manus_id}",
            daemon=True,
        )
        beating.start()
        try:
            yield ManusInterface(self, manus_id)
        finally:
            ended.set()
            beating.join(timeout=1.0)
            try:
                self.call("deregister_manus", manus_id=manus_id)
            except ManusSyncError as error:
                # Nothing is lost by it: the server notices the silence and gives everything back by itself.
                LOG.warning("%s could not say goodbye: %s", manus_id, error)

    def _keep_beating(self, manus_id: str, every_secs: float, ended: threading.Event) -> None:
        while not ended.wait(every_secs):
            try:
                self.call("heartbeat", manus_id=manus_id)
            except Refused as refused:
                if not ended.is_set():
                    LOG.warning("%s gives no more signs of life: %s", manus_id, refused)
                return
            except ManusSyncError as error:
                LOG.warning("%s could not give a sign of life: %s", manus_id, error)
