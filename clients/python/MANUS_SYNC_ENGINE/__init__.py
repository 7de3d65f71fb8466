"""The Python door to manus-sync: agents register, get tasks, claim files and talk to each other.

    from MANUS_SYNC_ENGINE import ManusSyncEngine, ManusRole

    engine = ManusSyncEngine(project_root=".")
    engine.register_manus("manus_1", ManusRole.COORDINATOR, ["python", "planning"])

The standard library is all it needs. ``AsyncManusSyncEngine`` is the same for asyncio, and
``MANUS_SYNC_ENGINE_OPTIMIZED`` the same with a connection that stays open and a cache.
"""

from .aio import AsyncManusSyncEngine
from .engine import ManusSyncEngine
from .errors import (
    Conflict,
    FileLocked,
    Forbidden,
    InvalidArgument,
    ManusSyncError,
    NoServer,
    NotFound,
    Refused,
    ServerError,
    Unavailable,
    Unreachable,
)
from .interface import ManusInterface
from .model import Beat, Event, ManusInstance, ManusRole, Message, SyncTask, TaskPriority, TaskStatus

__version__ = "0.1.0"

__all__ = [
    "AsyncManusSyncEngine",
    "Beat",
    "Conflict",
    "Event",
    "FileLocked",
    "Forbidden",
    "InvalidArgument",
    "ManusInstance",
    "ManusInterface",
    "ManusRole",
    "ManusSyncEngine",
    "ManusSyncError",
    "Message",
    "NoServer",
    "NotFound",
    "Refused",
    "ServerError",
    "SyncTask",
    "TaskPriority",
    "TaskStatus",
    "Unavailable",
    "Unreachable",
]
