"""What travels between the client and the server, without any sockets: both clients are built on this."""

from __future__ import annotations

import json
import os
import random
import threading
import time
import uuid
from typing import Any, Dict, Iterable, List, Mapping, NamedTuple, Optional, Tuple, Union

from .errors import InvalidArgument, ServerError, Unavailable, Unreachable, refusal

#: A file, or several. A lone text counts as one file, not as a list of its letters.
Files = Union[str, "os.PathLike[str]", Iterable[Union[str, "os.PathLike[str]"]]]
#: A text, or several.
Texts = Union[str, Iterable[str]]

PREFIX = "/api/v1/"
#: The calls that take no request id: they change nothing, or only who comes in. All others carry one.
READS = frozenset(
    """
    list_manus get_manus get_task list_tasks check_files list_messages list_events snapshot
    explain_assignment forecast_conflicts plan self_check system_health performance_metrics
    list_tokens create_token revoke_token list_audit
    """.split()
)
#: The most that one page may hold.
PAGE = 1000

_FIRST_PAUSE_SECS = 0.05
_LONGEST_PAUSE_SECS = 2.0
_BUSY = (408, 429, 502, 503, 504)


class Response(NamedTuple):
    """An answer to a request."""

    status: int
    #: With names in lower case.
    headers: Mapping[str, str]
    body: bytes


def encode(name: str, arguments: Mapping[str, Any]) -> bytes:
    """The body of a call. A changing call gets a request id, so that repeating it does nothing twice."""
    given = dict(arguments)
    if _changes(name, given) and given.get("request_id") is None:
        given["request_id"] = str(uuid.uuid4())
    try:
        return json.dumps(given, default=_plain, allow_nan=False).encode()
    except (TypeError, ValueError) as error:
        raise InvalidArgument("invalid_argument", f"{name} takes what JSON can hold: {error}") from None


def _changes(name: str, given: Mapping[str, Any]) -> bool:
    if name == "get_messages":
        return not given.get("peek") and given.get("after") is None
    return name not in READS


def _plain(value: Any) -> Any:
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    if isinstance(value, (set, frozenset)):
        return sorted(value)
    raise TypeError(f"{value!r} is a {type(value).__name__}")


def decode(response: Response) -> Any:
    """The content of an answer; raises what the answer stands for when it is not a success."""
    try:
        content = json.loads(response.body)
    except ValueError:
        raise _no_answer_of_ours(response) from None
    if 200 <= response.status < 300:
        return content
    if not isinstance(content, dict) or "code" not in content:
        raise _no_answer_of_ours(response)
    code, message, detail = str(content["code"]), str(content.get("message", "")), content.get("detail") or {}
    if response.status in _BUSY:
        raise Unavailable(code, message, detail, _retry_after(response))
    if response.status >= 500:
        raise ServerError(f"{code}: {message}")
    raise refusal(response.status, code, message, detail)


def _no_answer_of_ours(response: Response) -> Exception:
    if response.status in _BUSY:
        message = f"something between here and the server answers in its place, with status {response.status}"
        return Unavailable("unavailable", message, None, _retry_after(response))
    kind = response.headers.get("content-type", "no content type")
    return ServerError(f"what answers is not manus-sync (status {response.status}, {kind}); check the address")


def _retry_after(response: Response) -> Optional[float]:
    try:
        return max(0.0, float(response.headers.get("retry-after", "")))
    except ValueError:
        return None


class Attempts:
    """The attempts at tasks that an engine has begun, so that what it says of one that is over by now is refused."""

    _BEGIN = ("start_task", "next_task")
    _SPEAK = ("update_task_progress", "complete_task", "fail_task", "release_task")
    _KEPT = 1000

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._begun: Dict[str, Tuple[str, int]] = {}

    def complete(self, name: str, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
        """The arguments, with the attempt where the call speaks of one that was begun here."""
        if name not in self._SPEAK or arguments.get("attempt") is not None:
            return arguments
        with self._lock:
            manus_id, attempt = self._begun.get(str(arguments.get("task_id")), ("", 0))
        if attempt == 0 or arguments.get("manus_id") not in (None, manus_id):
            return arguments
        return {**arguments, "attempt": attempt}

    def note(self, name: str, answer: Any) -> None:
        """Notes what a call began."""
        if name not in self._BEGIN or answer["task"] is None:
            return
        task = answer["task"]
        with self._lock:
            self._begun.pop(task["id"], None)
            self._begun[task["id"]] = (task["assigned_to"], task["attempts"])
            if len(self._begun) > self._KEPT:
                del self._begun[next(iter(self._begun))]


class Patience:
    """Says how long to wait before a call is repeated, and when to give up.

    Pauses double, with some chance in them so that many clients do not come back in step. The time counts from the
    first failure, since a call may rightly have waited for minutes before.
    """

    def __init__(self, secs: float) -> None:
        self._secs = secs
        self._pause = _FIRST_PAUSE_SECS
        self._failing_since: Optional[float] = None

    @property
    def failing_secs(self) -> float:
        """How long the call has been failing."""
        return 0.0 if self._failing_since is None else time.monotonic() - self._failing_since

    def pause_after(self, failure: Unreachable) -> float:
        """How many seconds to wait before the next attempt; raises the failure itself when it was the last."""
        if self._failing_since is None:
            self._failing_since = time.monotonic()
        pause = max(self._pause * random.uniform(0.5, 1.0), failure.retry_after_secs or 0.0)
        if self.failing_secs + pause > self._secs:
            raise failure
        self._pause = min(self._pause * 2, _LONGEST_PAUSE_SECS)
        return pause


def texts(given: Texts) -> List[str]:
    """One or several texts as a list."""
    return [given] if isinstance(given, str) else list(given)


def profile(
    manus_id: str,
    role: Optional[str],
    capabilities: Texts,
    max_parallel: Optional[int] = None,
    program: Optional[str] = None,
    model: Optional[str] = None,
    takeover: Optional[bool] = None,
) -> Dict[str, Any]:
    """The arguments of ``register_manus``. Without a role, the server names those that there are."""
    given: Dict[str, Any] = {} if role is None else {"role": role}
    given.update(manus_id=manus_id, capabilities=texts(capabilities), max_parallel=max_parallel)
    given.update(program=program, model=model, takeover=takeover)
    return given


def new_task(
    title: str,
    description: str,
    priority: Union[str, int, None],
    files_involved: Optional[List[str]],
    dependencies: Optional[Texts],
    estimated_duration: Optional[int],
    required_capabilities: Optional[Texts],
) -> Dict[str, Any]:
    """The arguments of ``create_task``."""
    return {
        "title": title,
        "description": description,
        "priority": priority,
        "files_involved": files_involved,
        "dependencies": None if dependencies is None else texts(dependencies),
        "estimated_duration": estimated_duration,
        "required_capabilities": None if required_capabilities is None else texts(required_capabilities),
    }


def look(
    manus_id: str, peek: bool, after: Optional[int], limit: Optional[int], wait_secs: Optional[int]
) -> Dict[str, Any]:
    """The arguments with which ``get_messages`` looks into an inbox. Before taking, one message tells enough."""
    only_looks = peek or after is not None
    return {
        "manus_id": manus_id,
        "peek": True,
        "after": after,
        "limit": limit if only_looks else 1,
        "wait_secs": wait_secs,
    }


def page_size(limit: Optional[int], got: int) -> int:
    """How much to ask for next, out of ``limit`` (``None``: everything) and having ``got`` so many; 0 when done."""
    return PAGE if limit is None else max(0, min(PAGE, limit - got))


def waiting(arguments: Mapping[str, Any]) -> float:
    """How many seconds a call may rightly take because it was told to wait."""
    wait: Any = arguments.get("wait_secs")
    return float(wait) if isinstance(wait, (int, float)) else 0.0
