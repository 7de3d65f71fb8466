"""Making calls: finds the server, sends, repeats what got no answer, and turns refusals into ``False``."""

from __future__ import annotations

import logging
import os
import time
from contextvars import ContextVar
from typing import Any, Callable, Dict, Iterator, Optional, Tuple, TypeVar

from . import wire
from .discovery import Whereabouts
from .errors import Conflict, Refused, Unreachable
from .transport import Transport

LOG = logging.getLogger("MANUS_SYNC_ENGINE")
_T = TypeVar("_T")

# Of the last call of the seed's kind in this thread or task, with the engine it was made on.
_last: "ContextVar[Tuple[int, Optional[Refused]]]" = ContextVar("manus_sync_last_refusal", default=(0, None))


class Refusals:
    """What both engines do with refusals: the documented ``False``, or the exception."""

    #: True: every refused call raises ``Refused``. False: the documented methods return ``False`` instead.
    strict: bool = False

    @property
    def last_refusal(self) -> Optional[Refused]:
        """Why the last call in this thread or task returned ``False``; ``None`` when it was not refused."""
        engine, refused = _last.get()
        return refused if engine == id(self) else None

    def _accepted(self) -> None:
        _last.set((id(self), None))

    def _refused(self, name: str, refused: Refused) -> None:
        """Takes note of a refusal; raises it in strict engines."""
        _last.set((id(self), refused))
        if self.strict:
            raise refused
        # Conflicts are everyday life. Anything else is a mistake in the calling program, which should not go unseen.
        level = logging.INFO if isinstance(refused, Conflict) else logging.WARNING
        LOG.log(level, "%s was refused: %s", name, refused.message)


class Core(Refusals):
    """A connection to the server of one project. Safe to use from many threads."""

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
        """Finds the project's server, or starts one.

        The address is ``url``, else ``MANUS_SYNC_URL``, else what a running server left in
        ``.manus-sync/server.json`` of the nearest project root, from ``project_root`` upward. Without any, the
        installed binary (``MANUS_SYNC_BIN``, else ``manus-sync`` on the ``PATH``) is started, and left running,
        unless ``auto_start`` is off. Raises ``Unreachable`` when no server can be had.

        ``token`` is shown to a server that asks who comes in; without it ``MANUS_SYNC_TOKEN``, else ``token`` in the
        project's ``.manus-sync/config.toml``. With a token for enrolment, agents that are registered get tokens of
        their own, and their calls are made with these.

        One attempt of a call may take ``timeout_secs``; attempts without an answer are repeated for
        ``patience_secs``.
        """
        self.strict = strict
        self.timeout_secs = timeout_secs
        self.patience_secs = patience_secs
        self._where = Whereabouts(project_root, url, auto_start, token)
        self._attempts = wire.Attempts()
        self._transport = self._prepare()
        self._where.find(patience_secs)

    def _prepare(self) -> Transport:
        """How requests are sent. Called once, by the constructor."""
        return Transport()

    @property
    def url(self) -> str:
        """Where the server is; its dashboard can be opened there."""
        return self._where.url

    @property
    def project_root(self) -> str:
        """The project's folder, as far as it lies on this machine."""
        return str(self._where.root)

    def call(self, name: str, /, **arguments: Any) -> Any:
        """Makes any call of the HTTP interface and returns its answer as it came.

        Raises ``Refused`` (code, message, detail) when the server says no, and ``Unreachable`` when no answer came
        in time. Repeating is safe: a changing call carries a request id, by which the server knows it again.
        """
        body = wire.encode(name, self._attempts.complete(name, arguments))
        shown = self._where.keys.headers(arguments)
        timeout_secs = self.timeout_secs + wire.waiting(arguments)
        patience = wire.Patience(self.patience_secs)
        began = time.monotonic()
        while True:
            try:
                answer = wire.decode(self._transport.post(self.url, name, body, timeout_secs, shown))
                self._where.keys.learn(name, answer)
                LOG.debug("%s took %.1f ms", name, (time.monotonic() - began) * 1000)
                self._attempts.note(name, answer)
                return answer
            except Unreachable as failure:
                pause = patience.pause_after(failure)
                LOG.debug("%s is repeated in %.2f s: %s", name, pause, failure)
            time.sleep(pause)
            self._where.look_again(patience.failing_secs)

    def close(self) -> None:
        """Closes idle connections. The server goes on running, and the engine can still be used."""
        self._transport.close()

    def __enter__(self: _T) -> _T:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def _try(self, name: str, otherwise: _T, read: Callable[[Any], _T], **arguments: Any) -> _T:
        """A call of the documented kind: ``otherwise`` when it is refused."""
        try:
            answer = self.call(name, **arguments)
        except Refused as refused:
            self._refused(name, refused)
            return otherwise
        self._accepted()
        return read(answer)

    def _yes(self, name: str, **arguments: Any) -> bool:
        """A call of the documented kind that answers yes or no."""
        return self._try(name, False, lambda _: True, **arguments)

    def _pages(
        self, name: str, limit: Optional[int], begin: Optional[str] = None, **filters: Any
    ) -> Iterator[Dict[str, Any]]:
        """The items of a long list, page by page; ``begin`` is the cursor to begin at."""
        cursor = begin
        got = 0
        while wire.page_size(limit, got) > 0:
            page = self.call(name, limit=wire.page_size(limit, got), cursor=cursor, **filters)
            yield from page["items"]
            got += len(page["items"])
            cursor = page["next_cursor"]
            if cursor is None:
                return
