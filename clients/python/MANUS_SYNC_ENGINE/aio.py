"""The engine for asyncio: the same methods to await."""

from __future__ import annotations

import asyncio
import os
from contextlib import asynccontextmanager
from typing import Any, AsyncIterator, Callable, Dict, Iterable, List, Mapping, Optional, TypeVar, Union

from . import aio_http, wire
from .aio_events import AsyncEvents
from .board import Priority, Status
from .core import LOG, Refusals
from .discovery import Whereabouts
from .errors import ManusSyncError, Refused, Unreachable
from .model import Beat, Event, ManusInstance, ManusRole, Message, SyncTask, message
from .wire import Files, Texts

_T = TypeVar("_T")


class AsyncManusSyncEngine(Refusals):
    """What ``ManusSyncEngine`` is, for asyncio; see there for what the methods do and return.

    The server is looked for, and started if need be, with the first call or at ``async with``. Each call has a
    connection of its own, which ends when the call is cancelled: nobody is left waiting for work in its name.
    """

    def __init__(
        self,
        project_root: "str | os.PathLike[str]" = ".",
        *,
        url: Optional[str] = None,
        token: Optional[str] = None,
        auto_start: bool = True,
        strict: bool = False,
        timeout_secs: float = 30.0,
        patience_secs: float = 30.0,
    ) -> None:
        """Takes what ``ManusSyncEngine`` takes."""
        self.strict = strict
        self.timeout_secs = timeout_secs
        self.patience_secs = patience_secs
        self._where = Whereabouts(project_root, url, auto_start, token)
        self._attempts = wire.Attempts()
        self._found = False

    async def connect(self) -> None:
        """Finds the server, or starts it."""
        if not self._found:
            # Waits for processes and files, as the rest of the loop should not.
            await asyncio.to_thread(self._where.find, self.patience_secs)
            self._found = True

    async def __aenter__(self: _T) -> _T:
        await self.connect()  # type: ignore[attr-defined]
        return self

    async def __aexit__(self, *exc: object) -> None:
        return None

    @property
    def url(self) -> str:
        """Where the server is; empty before it was found."""
        return self._where.url

    async def call(self, name: str, /, **arguments: Any) -> Any:
        """Makes any call of the HTTP interface; raises ``Refused`` and ``Unreachable``."""
        await self.connect()
        body = wire.encode(name, self._attempts.complete(name, arguments))
        shown = self._where.keys.headers(arguments)
        timeout_secs = self.timeout_secs + wire.waiting(arguments)
        patience = wire.Patience(self.patience_secs)
        while True:
            try:
                answer = wire.decode(await aio_http.post(self.url, name, body, timeout_secs, shown))
                self._where.keys.learn(name, answer)
                self._attempts.note(name, answer)
                return answer
            except Unreachable as failure:
                pause = patience.pause_after(failure)
            await asyncio.sleep(pause)
            await asyncio.to_thread(self._where.look_again, patience.failing_secs)

    # As documented: refusals become False

    async def register_manus(
        self,
        manus_id: str,
        role: Union[ManusRole, str, None] = None,
        capabilities: Texts = (),
        **profile: Any,
    ) -> bool:
        """Registers an agent; ``profile``: max_parallel, program, model, takeover."""
        return await self._yes("register_manus", **wire.profile(manus_id, role, capabilities, **profile))

    async def create_task(
        self,
        title: str,
        description: str = "",
        priority: Optional[Priority] = None,
        files_involved: Optional[Files] = None,
        dependencies: Optional[Texts] = None,
        estimated_duration: Optional[int] = None,
        required_capabilities: Optional[Texts] = None,
    ) -> str:
        """Creates a task and returns its id, empty when it was refused."""
        task = wire.new_task(
            title,
            description,
            priority,
            self._where.paths(files_involved),
            dependencies,
            estimated_duration,
            required_capabilities,
        )
        return await self._try("create_task", "", lambda answer: str(answer["id"]), **task)

    async def heartbeat(self, manus_id: str, status: Optional[str] = None, progress: Optional[int] = None) -> bool:
        """A sign of life."""
        return await self._yes("heartbeat", manus_id=manus_id, status=status, progress=progress)

    async def claim_files(self, manus_id: str, files: Files, reason: Optional[str] = None, **more: Any) -> bool:
        """Claims files, all or none; ``more``: mode, ttl_secs, wait_secs."""
        paths = self._where.paths(files)
        return await self._yes("claim_files", manus_id=manus_id, files=paths, reason=reason, **more)

    async def release_files(self, manus_id: str, files: Files, by: Optional[str] = None) -> bool:
        """Gives files back."""
        return await self._yes("release_files", manus_id=manus_id, files=self._where.paths(files), by=by)

    async def start_task(self, manus_id: str, task_id: str) -> bool:
        """Begins a task and claims its files."""
        return await self._yes("start_task", manus_id=manus_id, task_id=task_id)

    async def update_task_progress(
        self, manus_id: str, task_id: str, progress: int, note: Optional[str] = None
    ) -> bool:
        """Says how far a task is, in per cent."""
        return await self._yes("update_task_progress", manus_id=manus_id, task_id=task_id, progress=progress, note=note)

    async def complete_task(
        self,
        task_id: str,
        manus_id: Optional[str] = None,
        result: Any = None,
        needs_review: Optional[bool] = None,
    ) -> bool:
        """Says that a task is done."""
        return await self._yes(
            "complete_task", task_id=task_id, manus_id=manus_id, result=result, needs_review=needs_review
        )

    async def send_message(self, from_manus: str, to_manus: str, message_type: str, content: Any, **more: Any) -> bool:
        """Sends a message; ``more``: reply_to, requires_ack."""
        return await self._yes(
            "send_message",
            from_manus=from_manus,
            to_manus=to_manus,
            message_type=message_type,
            content=content,
            **more,
        )

    async def get_messages(
        self,
        manus_id: str,
        peek: bool = False,
        after: Optional[int] = None,
        limit: Optional[int] = None,
        wait_secs: Optional[int] = None,
    ) -> List[Message]:
        """Takes the messages that wait for an agent."""
        try:
            given = await self.call("get_messages", **wire.look(manus_id, peek, after, limit, wait_secs))
            if given and not peek and after is None:
                given = await self.call("get_messages", manus_id=manus_id, limit=limit)
        except Refused as refused:
            self._refused("get_messages", refused)
            return []
        self._accepted()
        return [message(one) for one in given]

    # Beyond: refusals are raised

    async def beat(self, manus_id: str) -> Beat:
        """A sign of life that tells what waits."""
        return Beat(**await self.call("heartbeat", manus_id=manus_id))

    async def deregister_manus(self, manus_id: str) -> Dict[str, List[str]]:
        """Goodbye."""
        answer: Dict[str, List[str]] = await self.call("deregister_manus", manus_id=manus_id)
        return answer

    async def get_manus(self, manus_id: str) -> ManusInstance:
        """One agent."""
        return ManusInstance.from_json(await self.call("get_manus", manus_id=manus_id))

    async def list_manus(self) -> List[ManusInstance]:
        """All agents."""
        return [ManusInstance.from_json(given) for given in await self.call("list_manus")]

    async def create_tasks(self, tasks: Iterable[Mapping[str, Any]]) -> List[SyncTask]:
        """Creates many tasks, all or none."""
        return [SyncTask.from_json(given) for given in await self.call("create_tasks", tasks=self._where.batch(tasks))]

    async def get_task(self, task_id: str) -> SyncTask:
        """One task."""
        return SyncTask.from_json(await self.call("get_task", task_id=task_id))

    async def list_tasks(
        self,
        status: Union[Status, Iterable[Status], None] = None,
        limit: Optional[int] = None,
        **filters: Any,
    ) -> List[SyncTask]:
        """Tasks in order of id; ``filters``: assigned_to, priority, text."""
        filters["status"] = None if status is None else wire.texts(status)
        return [SyncTask.from_json(given) async for given in self._pages("list_tasks", limit, **filters)]

    async def assign_task(self, task_id: str, manus_id: str) -> SyncTask:
        """Decides who does a task."""
        return SyncTask.from_json(await self.call("assign_task", task_id=task_id, manus_id=manus_id))

    async def cancel_task(self, task_id: str, reason: Optional[str] = None) -> SyncTask:
        """Says that a task will not be done."""
        return SyncTask.from_json(await self.call("cancel_task", task_id=task_id, reason=reason))

    async def next_task(self, manus_id: str, wait_secs: Optional[int] = None) -> Optional[SyncTask]:
        """Whatever to do next, started and with its files claimed."""
        task = (await self.call("next_task", manus_id=manus_id, wait_secs=wait_secs))["task"]
        return None if task is None else SyncTask.from_json(task)

    async def release_task(self, manus_id: str, task_id: str, reason: Optional[str] = None) -> SyncTask:
        """Gives a task back."""
        return SyncTask.from_json(await self.call("release_task", manus_id=manus_id, task_id=task_id, reason=reason))

    async def check_files(self, files: Files, manus_id: Optional[str] = None) -> Dict[str, Optional[Dict[str, Any]]]:
        """What stands in the way of claiming files."""
        answer = await self.call("check_files", files=self._where.paths(files), manus_id=manus_id)
        return {entry["file"]: entry["lock"] for entry in answer["files"]}

    async def ack_messages(self, manus_id: str, ids: Iterable[int]) -> int:
        """Marks messages as processed that were only looked at."""
        count: int = (await self.call("ack_messages", manus_id=manus_id, ids=list(ids)))["count"]
        return count

    async def list_messages(self, limit: Optional[int] = None, **filters: Any) -> List[Message]:
        """All messages ever sent that fit; ``filters`` as in ``ManusSyncEngine.list_messages``."""
        return [message(given) async for given in self._pages("list_messages", limit, **filters)]

    async def list_events(
        self, limit: Optional[int] = None, after: Optional[int] = None, **filters: Any
    ) -> List[Event]:
        """The log; ``filters``: kind, manus_id, since_ms, newest_first."""
        begin = None if after is None else str(after)
        return [Event.from_json(given) async for given in self._pages("list_events", limit, begin, **filters)]

    async def events(self, since: Optional[int] = None) -> AsyncEvents:
        """What happens, as it happens: ``async for event in await engine.events():``."""
        await self.connect()
        return await AsyncEvents(self._where, since, self.patience_secs).open()

    async def snapshot(self) -> Dict[str, Any]:
        """Everything that is live."""
        answer: Dict[str, Any] = await self.call("snapshot")
        return answer

    async def review_task(self, manus_id: str, task_id: str, verdict: str, comment: Optional[str] = None) -> SyncTask:
        """Decides on a task in review; ``verdict`` is ``approve`` or ``request_changes``."""
        args = {"manus_id": manus_id, "task_id": task_id, "verdict": verdict, "comment": comment}
        return SyncTask.from_json(await self.call("review_task", **args))

    async def block_task(self, manus_id: str, task_id: str, reason: Optional[str] = None) -> SyncTask:
        """Holds a task back; its agent keeps it, and has its hands and files free."""
        return SyncTask.from_json(await self.call("block_task", manus_id=manus_id, task_id=task_id, reason=reason))

    async def unblock_task(self, manus_id: str, task_id: str) -> SyncTask:
        """Lets a task go on that was held back, or had failed for good."""
        return SyncTask.from_json(await self.call("unblock_task", manus_id=manus_id, task_id=task_id))

    async def fail_task(self, manus_id: str, task_id: str, reason: Optional[str] = None) -> SyncTask:
        """Ends an attempt that failed; it is tried again after a growing pause."""
        return SyncTask.from_json(await self.call("fail_task", manus_id=manus_id, task_id=task_id, reason=reason))

    async def update_task(self, task_id: str, **changes: Any) -> SyncTask:
        """Changes what a task is: its title, priority, dependencies and so on; what is left out stays."""
        if changes.get("files_involved") is not None:
            changes["files_involved"] = self._where.paths(changes["files_involved"])
        return SyncTask.from_json(await self.call("update_task", task_id=task_id, **changes))

    async def drain_manus(self, manus_id: str, draining: bool = True) -> ManusInstance:
        """Lets an agent finish what it has begun and gives it nothing new, or lifts that."""
        return ManusInstance.from_json(await self.call("drain_manus", manus_id=manus_id, draining=draining))

    async def explain_assignment(self, task_id: str) -> Dict[str, Any]:
        """Why a task is with its agent: every agent with its reasons, the best candidate first."""
        answer: Dict[str, Any] = await self.call("explain_assignment", task_id=task_id)
        return answer

    async def forecast_conflicts(self) -> List[Dict[str, Any]]:
        """Running and ready tasks whose files collide, in the order that costs least."""
        answer: List[Dict[str, Any]] = await self.call("forecast_conflicts")
        return answer

    async def plan(self, with_capabilities: Optional[List[str]] = None) -> Dict[str, Any]:
        """Who should do what when, and the finish; with capabilities, how much sooner one more agent with these would be done."""
        answer: Dict[str, Any] = await self.call("plan", with_capabilities=with_capabilities)
        return answer

    async def create_token(
        self,
        role: str,
        manus_id: Optional[str] = None,
        label: Optional[str] = None,
        expires_in_secs: Optional[int] = None,
    ) -> Dict[str, Any]:
        """Makes a token (admin, agent, viewer, enrolment): all of it in ``token``, this once. Takes an admin."""
        answer: Dict[str, Any] = await self.call(
            "create_token", role=role, manus_id=manus_id, label=label, expires_in_secs=expires_in_secs
        )
        return answer

    async def list_tokens(self, all: bool = False) -> List[Dict[str, Any]]:
        """The tokens without their secrets, with ``all`` also the ended ones. Takes an admin."""
        answer: List[Dict[str, Any]] = await self.call("list_tokens", all=all)
        return answer

    async def revoke_token(self, id: str, and_enrolled: bool = False) -> Dict[str, Any]:
        """Takes a token back, perhaps with those of the agents enrolled with it. Takes an admin."""
        answer: Dict[str, Any] = await self.call("revoke_token", id=id, and_enrolled=and_enrolled)
        return answer

    async def list_audit(
        self,
        kind: Optional[str] = None,
        since_ms: Optional[int] = None,
        newest_first: bool = False,
        cursor: Optional[str] = None,
        limit: Optional[int] = None,
    ) -> Dict[str, Any]:
        """A page of what was denied to whom and what people did: ``items`` and ``next_cursor``. Takes an admin."""
        answer: Dict[str, Any] = await self.call(
            "list_audit", kind=kind, since_ms=since_ms, newest_first=newest_first, cursor=cursor, limit=limit
        )
        return answer

    async def self_check(self) -> Dict[str, Any]:
        """Who answers, what the clock shows, and every promise of the live state, recounted."""
        answer: Dict[str, Any] = await self.call("self_check")
        return answer

    async def performance_metrics(self, range: Optional[int] = None) -> Dict[str, Any]:
        """Counts and rates, per agent and overall; ``range`` is how far back the series go, in minutes."""
        answer: Dict[str, Any] = await self.call("performance_metrics", range=range)
        return answer

    async def system_health(self) -> Dict[str, Any]:
        """How the project is doing."""
        answer: Dict[str, Any] = await self.call("system_health")
        return answer

    @asynccontextmanager
    async def working_as(
        self,
        manus_id: str,
        role: Union[ManusRole, str],
        capabilities: Texts = (),
        *,
        interval_secs: Optional[float] = None,
        **profile: Any,
    ) -> AsyncIterator[ManusInstance]:
        """Registers an agent, gives its signs of life meanwhile, and says goodbye at the end of the ``async with``."""
        answer = await self.call("register_manus", **wire.profile(manus_id, role, capabilities, **profile))
        every_secs = interval_secs or answer["heartbeat_interval_secs"]
        beating = asyncio.ensure_future(self._keep_beating(manus_id, every_secs))
        try:
            yield ManusInstance.from_json(answer["manus"])
        finally:
            beating.cancel()
            try:
                await self.call("deregister_manus", manus_id=manus_id)
            except ManusSyncError as error:
                LOG.warning("%s could not say goodbye: %s", manus_id, error)

    async def _keep_beating(self, manus_id: str, every_secs: float) -> None:
        while True:
            await asyncio.sleep(every_secs)
            try:
                await self.call("heartbeat", manus_id=manus_id)
            except Refused as refused:
                LOG.warning("%s gives no more signs of life: %s", manus_id, refused)
                return
            except ManusSyncError as error:
                LOG.warning("%s could not give a sign of life: %s", manus_id, error)

    async def _try(self, name: str, otherwise: _T, read: Callable[[Any], _T], **arguments: Any) -> _T:
        try:
            answer = await self.call(name, **arguments)
        except Refused as refused:
            self._refused(name, refused)
            return otherwise
        self._accepted()
        return read(answer)

    async def _yes(self, name: str, **arguments: Any) -> bool:
        return await self._try(name, False, lambda _: True, **arguments)

    async def _pages(
        self, name: str, limit: Optional[int], begin: Optional[str] = None, **filters: Any
    ) -> AsyncIterator[Dict[str, Any]]:
        cursor = begin
        got = 0
        while wire.page_size(limit, got) > 0:
            page = await self.call(name, limit=wire.page_size(limit, got), cursor=cursor, **filters)
            for item in page["items"]:
                yield item
            got += len(page["items"])
            cursor = page["next_cursor"]
            if cursor is None:
                return
