"""Agents, tasks, messages and events as Python objects.

Times come twice: as milliseconds since the epoch in fields that end in ``_ms``, and as ISO text in local time without
an offset, as ``datetime.now().isoformat()`` writes it, so that both can be compared.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum, IntEnum
from typing import Any, Dict, List, Mapping, Optional, TypedDict


class _Word(str, Enum):
    """A word of a fixed vocabulary, in upper case on the wire and read in any case."""

    @classmethod
    def _missing_(cls, value: object) -> Optional["_Word"]:
        if isinstance(value, str) and value != value.upper():
            return cls(value.upper())
        return None

    def __str__(self) -> str:
        return str(self.value)


class ManusRole(_Word):
    """What an agent is for."""

    SPEED_DEVELOPER = "SPEED_DEVELOPER"
    QUALITY_ENHANCER = "QUALITY_ENHANCER"
    AI_SPECIALIST = "AI_SPECIALIST"
    COORDINATOR = "COORDINATOR"


class TaskPriority(IntEnum):
    """How urgent a task is; the smallest goes first."""

    CRITICAL = 1
    HIGH = 2
    MEDIUM = 3
    LOW = 4


class TaskStatus(_Word):
    """How far a task is."""

    PENDING = "PENDING"
    IN_PROGRESS = "IN_PROGRESS"
    COMPLETED = "COMPLETED"
    BLOCKED = "BLOCKED"
    NEEDS_REVIEW = "NEEDS_REVIEW"
    CANCELLED = "CANCELLED"


@dataclass
class ManusInstance:
    """An agent as others see it."""

    id: str
    role: ManusRole
    capabilities: List[str] = field(default_factory=list)
    current_task: Optional[str] = None
    #: ACTIVE (at work), IDLE, INACTIVE (said goodbye) or LOST (silent for too long).
    status: str = "IDLE"
    #: In per cent, of the current task.
    progress: int = 0
    #: The patterns that it holds.
    files_claimed: List[str] = field(default_factory=list)
    #: When it last gave a sign of life, as ISO text in local time.
    last_heartbeat: str = ""
    performance_score: float = 100.0
    last_heartbeat_ms: int = 0
    max_parallel: int = 1
    program: Optional[str] = None
    model: Optional[str] = None
    registered_at_ms: int = 0
    draining: bool = False

    @classmethod
    def from_json(cls, given: Mapping[str, Any]) -> "ManusInstance":
        """From the shape on the wire."""
        known = _known(cls, given)
        known["role"] = ManusRole(given["role"])
        known["last_heartbeat"] = iso(given["last_heartbeat_ms"])
        return cls(**known)


@dataclass
class SyncTask:
    """A task as others see it."""

    id: str
    title: str
    description: str = ""
    assigned_to: Optional[str] = None
    priority: TaskPriority = TaskPriority.MEDIUM
    status: TaskStatus = TaskStatus.PENDING
    #: The tasks that must be completed first.
    dependencies: List[str] = field(default_factory=list)
    #: In minutes.
    estimated_duration: int = 60
    #: The three times of the task as ISO text in local time.
    created_at: str = ""
    started_at: Optional[str] = None
    completed_at: Optional[str] = None
    files_involved: List[str] = field(default_factory=list)
    #: Those of the dependencies that are not completed.
    waiting_for: List[str] = field(default_factory=list)
    blocked_reason: Optional[str] = None
    #: In per cent.
    progress: int = 0
    required_capabilities: List[str] = field(default_factory=list)
    #: How often it was started.
    attempts: int = 0
    #: What came of it, any JSON.
    result: Any = None
    reviewer: Optional[str] = None
    #: True while it is in progress and nothing moves.
    stalled: bool = False
    #: The last thing said about it with a progress report.
    note: Optional[str] = None
    created_at_ms: int = 0
    started_at_ms: Optional[int] = None
    completed_at_ms: Optional[int] = None
    #: Who should do it, as planned.
    planned_for: Optional[str] = None
    returned_by: Optional[str] = None
    expected_start_ms: Optional[int] = None
    expected_finish_ms: Optional[int] = None

    @classmethod
    def from_json(cls, given: Mapping[str, Any]) -> "SyncTask":
        """From the shape on the wire."""
        known = _known(cls, given)
        known["priority"] = TaskPriority[given["priority"]]
        known["status"] = TaskStatus(given["status"])
        for name in ("created_at", "started_at", "completed_at"):
            at_ms = given.get(name + "_ms")
            known[name] = None if at_ms is None else iso(at_ms)
        return cls(**known)


class Message(TypedDict):
    """A message to one agent, as a dictionary with the keys of the communication log."""

    id: int
    from_manus: str
    to_manus: str
    message_type: str
    #: Any JSON.
    content: Any
    #: ISO text in local time.
    timestamp: str
    timestamp_ms: int
    #: True once the recipient had taken it.
    processed: bool
    reply_to: Optional[int]
    thread_id: Optional[int]
    requires_ack: bool


def message(given: Mapping[str, Any]) -> Message:
    """A message from its shape on the wire."""
    return {**given, "timestamp": iso(given["timestamp_ms"])}  # type: ignore[typeddict-item]


@dataclass
class Event:
    """Something that happened.

    One of the kind ``resync`` stands for a gap: events were missed that are too old to be sent again. Look at
    everything anew, then go on reading; ``seq`` says how far the stream is.
    """

    #: Its number; each is larger than the one before.
    seq: int
    #: Such as ``task_started``.
    kind: str
    #: What it says; depends on the kind.
    data: Dict[str, Any] = field(default_factory=dict)
    at_ms: int = 0
    #: The agent whose call it comes from; ``None`` for what the engine did by itself.
    by: Optional[str] = None

    @classmethod
    def from_json(cls, given: Mapping[str, Any]) -> "Event":
        """From the shape on the wire."""
        return cls(**_known(cls, given))


@dataclass
class Beat:
    """The answer to a sign of life."""

    #: How many messages wait.
    unread_messages: int
    #: What the agent works on and has in its queue, in the order in which to do it.
    assigned_tasks: List[str]
    server_time_ms: int


def iso(at_ms: int) -> str:
    """A moment as ISO text in local time, like ``2025-03-01T14:05:09.250000``."""
    return datetime.fromtimestamp(at_ms / 1000).isoformat(timespec="microseconds")


def _known(cls: type, given: Mapping[str, Any]) -> Dict[str, Any]:
    """The fields that this version knows. Newer servers may send more."""
    return {name: given[name] for name in cls.__dataclass_fields__ if name in given}  # type: ignore[attr-defined]
