"""The calls beyond the documented ones. They return the answer, and raise ``Refused`` when there is none."""

from __future__ import annotations

from typing import Any, Dict, Iterable, List, Mapping, Optional, Union

from . import wire
from .core import Core
from .events import Events
from .model import Beat, Event, ManusInstance, Message, SyncTask, TaskPriority, TaskStatus, message
from .wire import Files, Texts

Priority = Union[TaskPriority, str, int]
Status = Union[TaskStatus, str]


class Board(Core):
    """What there is to see of a project, and the finer tools to work on it."""

    # Agents

    def beat(self, manus_id: str) -> Beat:
        """A sign of life that tells what waits for the agent. (``heartbeat`` only says whether it was taken.)"""
        return Beat(**self.call("heartbeat", manus_id=manus_id))

    def deregister_manus(self, manus_id: str) -> Dict[str, List[str]]:
        """Goodbye: the agent's files are free at once, its tasks are anybody's again.

        Returns ``{"released": [path], "returned_tasks": [task id]}``.
        """
        answer: Dict[str, List[str]] = self.call("deregister_manus", manus_id=manus_id)
        return answer

    def get_manus(self, manus_id: str) -> ManusInstance:
        """One agent."""
        return ManusInstance.from_json(self.call("get_manus", manus_id=manus_id))

    def list_manus(self) -> List[ManusInstance]:
        """All agents, in order of id."""
        return [ManusInstance.from_json(given) for given in self.call("list_manus")]

    # Tasks

    def create_tasks(self, tasks: Iterable[Mapping[str, Any]]) -> List[SyncTask]:
        """Creates many tasks, all or none.

        Each is a dictionary of ``create_task``'s arguments and perhaps a ``key``, by which others of the same batch
        can name it in their ``dependencies``.
        """
        return [SyncTask.from_json(given) for given in self.call("create_tasks", tasks=self._where.batch(tasks))]

    def get_task(self, task_id: str) -> SyncTask:
        """One task, however long ago it was closed."""
        return SyncTask.from_json(self.call("get_task", task_id=task_id))

    def list_tasks(
        self,
        status: Union[Status, Iterable[Status], None] = None,
        assigned_to: Optional[str] = None,
        priority: Optional[Priority] = None,
        text: Optional[str] = None,
        limit: Optional[int] = None,
    ) -> List[SyncTask]:
        """Tasks in order of id; ``text`` is what title or description contains, ``limit`` the most to return."""
        wanted = None if status is None else wire.texts(status)
        pages = self._pages("list_tasks", limit, status=wanted, assigned_to=assigned_to, priority=priority, text=text)
        return [SyncTask.from_json(given) for given in pages]

    def assign_task(self, task_id: str, manus_id: str) -> SyncTask:
        """Decides who does a task. The rules leave it there."""
        return SyncTask.from_json(self.call("assign_task", task_id=task_id, manus_id=manus_id))

    def cancel_task(self, task_id: str, reason: Optional[str] = None) -> SyncTask:
        """Says that a task will not be done."""
        return SyncTask.from_json(self.call("cancel_task", task_id=task_id, reason=reason))

    def next_task(self, manus_id: str, wait_secs: Optional[int] = None) -> Optional[SyncTask]:
        """Whatever the agent should do next, started and with its files claimed; ``None`` when there is nothing.

        With ``wait_secs`` the call waits that long for something to turn up.
        """
        task = self.call("next_task", manus_id=manus_id, wait_secs=wait_secs)["task"]
        return None if task is None else SyncTask.from_json(task)

    def release_task(self, manus_id: str, task_id: str, reason: Optional[str] = None) -> SyncTask:
        """Gives a task back, so that somebody else can have it."""
        return SyncTask.from_json(self.call("release_task", manus_id=manus_id, task_id=task_id, reason=reason))

    # Files

    def check_files(self, files: Files, manus_id: Optional[str] = None) -> Dict[str, Optional[Dict[str, Any]]]:
        """What stands in the way of claiming files: for each the lock, or ``None`` when it is free.

        The keys are the files as the server knows them, from the project's root. With ``manus_id``, that agent's
        own locks are not in its way. What is free now may be taken a moment later: only a claim settles it.
        """
        answer = self.call("check_files", files=self._where.paths(files), manus_id=manus_id)
        return {entry["file"]: entry["lock"] for entry in answer["files"]}

    # Messages

    def ack_messages(self, manus_id: str, ids: Iterable[int]) -> int:
        """Marks messages as processed that ``get_messages`` showed with ``peek`` or ``after``.

        Returns how many of them had been waiting until now.
        """
        count: int = self.call("ack_messages", manus_id=manus_id, ids=list(ids))["count"]
        return count

    def list_messages(
        self,
        manus_id: Optional[str] = None,
        from_manus: Optional[str] = None,
        to_manus: Optional[str] = None,
        message_type: Optional[str] = None,
        thread_id: Optional[int] = None,
        text: Optional[str] = None,
        newest_first: bool = False,
        limit: Optional[int] = None,
    ) -> List[Message]:
        """All messages ever sent that fit; nothing is marked. ``manus_id`` stands for sender or recipient."""
        pages = self._pages(
            "list_messages",
            limit,
            manus_id=manus_id,
            from_manus=from_manus,
            to_manus=to_manus,
            message_type=message_type,
            thread_id=thread_id,
            text=text,
            newest_first=newest_first,
        )
        return [message(given) for given in pages]

    # Everything

    def list_events(
        self,
        kind: Optional[Texts] = None,
        manus_id: Optional[str] = None,
        since_ms: Optional[int] = None,
        after: Optional[int] = None,
        newest_first: bool = False,
        limit: Optional[int] = None,
    ) -> List[Event]:
        """The log: what happened, of these kinds, from this agent's calls, not before this moment.

        ``after`` is the ``seq`` of the event to begin behind.
        """
        pages = self._pages(
            "list_events",
            limit,
            begin=None if after is None else str(after),
            kind=None if kind is None else wire.texts(kind),
            manus_id=manus_id,
            since_ms=since_ms,
            newest_first=newest_first,
        )
        return [Event.from_json(given) for given in pages]

    def events(self, since: Optional[int] = None) -> Events:
        """What happens, as it happens: an iterator over events that does not end by itself.

        It begins behind the event numbered ``since``, or with what happens from now on. When the connection breaks,
        it is opened again and goes on without a gap. ``close()``, or leaving its ``with``, ends it.
        """
        return Events(self._where, since, self.patience_secs)

    def snapshot(self) -> Dict[str, Any]:
        """Everything that is live, as the server sends it, with the ``seq`` of the last event that it includes."""
        answer: Dict[str, Any] = self.call("snapshot")
        return answer

    def review_task(self, manus_id: str, task_id: str, verdict: str, comment: Optional[str] = None) -> SyncTask:
        """Decides on a task in review; ``verdict`` is ``approve`` or ``request_changes``."""
        args = {"manus_id": manus_id, "task_id": task_id, "verdict": verdict, "comment": comment}
        return SyncTask.from_json(self.call("review_task", **args))

    def block_task(self, manus_id: str, task_id: str, reason: Optional[str] = None) -> SyncTask:
        """Holds a task back; its agent keeps it, and has its hands and files free."""
        return SyncTask.from_json(self.call("block_task", manus_id=manus_id, task_id=task_id, reason=reason))

    def unblock_task(self, manus_id: str, task_id: str) -> SyncTask:
        """Lets a task go on that was held back, or had failed for good."""
        return SyncTask.from_json(self.call("unblock_task", manus_id=manus_id, task_id=task_id))

    def fail_task(self, manus_id: str, task_id: str, reason: Optional[str] = None) -> SyncTask:
        """Ends an attempt that failed; it is tried again after a growing pause."""
        return SyncTask.from_json(self.call("fail_task", manus_id=manus_id, task_id=task_id, reason=reason))

    def update_task(self, task_id: str, **changes: Any) -> SyncTask:
        """Changes what a task is: its title, priority, dependencies and so on; what is left out stays."""
        if changes.get("files_involved") is not None:
            changes["files_involved"] = self._where.paths(changes["files_involved"])
        return SyncTask.from_json(self.call("update_task", task_id=task_id, **changes))

    def drain_manus(self, manus_id: str, draining: bool = True) -> ManusInstance:
        """Lets an agent finish what it has begun and gives it nothing new, or lifts that."""
        return ManusInstance.from_json(self.call("drain_manus", manus_id=manus_id, draining=draining))

    def explain_assignment(self, task_id: str) -> Dict[str, Any]:
        """Why a task is with its agent: every agent with its reasons, the best candidate first."""
        answer: Dict[str, Any] = self.call("explain_assignment", task_id=task_id)
        return answer

    def forecast_conflicts(self) -> List[Dict[str, Any]]:
        """Running and ready tasks whose files collide, in the order that costs least."""
        answer: List[Dict[str, Any]] = self.call("forecast_conflicts")
        return answer

    def plan(self, with_capabilities: Optional[List[str]] = None) -> Dict[str, Any]:
        """Who should do what when, and the finish; with capabilities, how much sooner one more agent with these would be done."""
        answer: Dict[str, Any] = self.call("plan", with_capabilities=with_capabilities)
        return answer

    def create_token(
        self,
        role: str,
        manus_id: Optional[str] = None,
        label: Optional[str] = None,
        expires_in_secs: Optional[int] = None,
    ) -> Dict[str, Any]:
        """Makes a token (admin, agent, viewer, enrolment): all of it in ``token``, this once. Takes an admin."""
        answer: Dict[str, Any] = self.call(
            "create_token", role=role, manus_id=manus_id, label=label, expires_in_secs=expires_in_secs
        )
        return answer

    def list_tokens(self, all: bool = False) -> List[Dict[str, Any]]:
        """The tokens without their secrets, with ``all`` also the ended ones. Takes an admin."""
        answer: List[Dict[str, Any]] = self.call("list_tokens", all=all)
        return answer

    def revoke_token(self, id: str, and_enrolled: bool = False) -> Dict[str, Any]:
        """Takes a token back, perhaps with those of the agents enrolled with it. Takes an admin."""
        answer: Dict[str, Any] = self.call("revoke_token", id=id, and_enrolled=and_enrolled)
        return answer

    def list_audit(
        self,
        kind: Optional[str] = None,
        since_ms: Optional[int] = None,
        newest_first: bool = False,
        cursor: Optional[str] = None,
        limit: Optional[int] = None,
    ) -> Dict[str, Any]:
        """A page of what was denied to whom and what people did: ``items`` and ``next_cursor``. Takes an admin."""
        answer: Dict[str, Any] = self.call(
            "list_audit", kind=kind, since_ms=since_ms, newest_first=newest_first, cursor=cursor, limit=limit
        )
        return answer

    def self_check(self) -> Dict[str, Any]:
        """Who answers, what the clock shows, and every promise of the live state, recounted."""
        answer: Dict[str, Any] = self.call("self_check")
        return answer

    def performance_metrics(self, range: Optional[int] = None) -> Dict[str, Any]:
        """Counts and rates, per agent and overall; ``range`` is how far back the series go, in minutes."""
        answer: Dict[str, Any] = self.call("performance_metrics", range=range)
        return answer

    def system_health(self) -> Dict[str, Any]:
        """How the project is doing: ``score`` (0 to 100), ``status``, and in ``causes`` why not better."""
        answer: Dict[str, Any] = self.call("system_health")
        return answer
