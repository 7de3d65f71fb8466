"""Why a call did not succeed.

``Refused`` means that the server decided against the call and that nothing was changed. ``Unreachable`` means that no
answer came, however often the call was repeated; what it would have done has been done at most once.
"""

from __future__ import annotations

from typing import Any, Dict, List, Optional, Type


class ManusSyncError(Exception):
    """The base of everything that this package raises by itself."""


class Refused(ManusSyncError):
    """The server decided against a call; nothing was changed.

    ``code`` is a stable word in snake_case, ``message`` a sentence that says what to do next, ``detail`` what the
    sentence was made of, and ``status`` the HTTP status (0 where the call was not even sent).
    """

    def __init__(self, code: str, message: str, detail: Optional[Dict[str, Any]] = None, status: int = 0) -> None:
        # All of them, so that the exception survives pickling, for example on its way out of a process pool.
        super().__init__(code, message, detail, status)
        self.code = code
        self.message = message
        self.detail: Dict[str, Any] = detail or {}
        self.status = status

    def __str__(self) -> str:
        return f"{self.code}: {self.message}"


class InvalidArgument(Refused):
    """An argument that cannot be used: ``detail["argument"]`` names it."""


class Forbidden(Refused):
    """The server does not let this caller do that."""


class NotFound(Refused):
    """There is no such agent, task, message or call."""


class Conflict(Refused):
    """The call makes sense, but not as things stand: somebody else's task, a taken name, a task that is blocked."""


class FileLocked(Conflict):
    """A file is held by somebody else."""

    @property
    def conflicts(self) -> List[Dict[str, Any]]:
        """The locks in the way: ``file_path``, ``locked_by``, ``lock_reason``, ``expires_at_ms`` and so on."""
        return list(self.detail.get("conflicts", []))


class Unreachable(ManusSyncError):
    """No answer came, although the call was repeated for as long as the engine's ``patience_secs``."""

    #: How long the server asks callers to wait before the next attempt; ``None`` when it said nothing.
    retry_after_secs: Optional[float] = None


class Unavailable(Unreachable):
    """The server answers, but can do nothing at the moment: it is overloaded, or cannot store anything."""

    def __init__(
        self,
        code: str,
        message: str,
        detail: Optional[Dict[str, Any]] = None,
        retry_after_secs: Optional[float] = None,
    ) -> None:
        super().__init__(code, message, detail, retry_after_secs)
        self.code = code
        self.message = message
        self.detail: Dict[str, Any] = detail or {}
        self.retry_after_secs = retry_after_secs

    def __str__(self) -> str:
        return f"{self.code}: {self.message}"


class NoServer(Unreachable):
    """No server is running for the project, and none could be started."""


class ServerError(ManusSyncError):
    """The server has a fault, or what answers at its address is something else."""


_BY_STATUS: Dict[int, Type[Refused]] = {
    400: InvalidArgument,
    401: Forbidden,
    403: Forbidden,
    404: NotFound,
    409: Conflict,
    413: InvalidArgument,
    415: InvalidArgument,
}


def refusal(status: int, code: str, message: str, detail: Dict[str, Any]) -> Refused:
    """The exception for a refusal, of the class that fits it best."""
    kind = FileLocked if code == "file_locked" else _BY_STATUS.get(status, Refused)
    return kind(code, message, detail, status)
