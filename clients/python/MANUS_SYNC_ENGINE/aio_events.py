"""The stream of events for asyncio."""

from __future__ import annotations

import asyncio
from typing import AsyncIterator, Optional

from .aio_http import BROKEN, head, lines, parts, send
from .discovery import Whereabouts
from .errors import Unreachable
from .events import SILENCE_SECS, Parser, Seen
from .model import Event
from .transport import Address, unreachable
from .wire import Patience, Response, decode


class AsyncEvents(AsyncIterator[Event]):
    """An asynchronous iterator over what happens; leaving its ``async with`` closes it.

    It is open when ``events()`` returns it, and opened again whenever the connection breaks.
    """

    def __init__(self, where: Whereabouts, since: Optional[int], patience_secs: float) -> None:
        self._where = where
        self._patience_secs = patience_secs
        self._patience = Patience(patience_secs)
        self._writer: Optional[asyncio.StreamWriter] = None
        self._lines: Optional[AsyncIterator[bytes]] = None
        self._parser = Parser()
        self._closed = False
        self._seen = Seen(since)

    @property
    def seq(self) -> Optional[int]:
        """The number of the last event that was seen."""
        return self._seen.seq

    async def open(self) -> "AsyncEvents":
        """Opens the stream, so that "from now on" means from this moment."""
        while not await self._try_open():
            pass
        return self

    async def __anext__(self) -> Event:
        while not self._closed:
            if self._lines is None and not await self._try_open():
                continue
            event = await self._read()
            if event is not None:
                self._seen.seq = event.seq
                return event
            self._let_go()
        raise StopAsyncIteration

    def close(self) -> None:
        """Ends the stream."""
        self._closed = True
        self._let_go()

    async def __aenter__(self) -> "AsyncEvents":
        return self

    async def __aexit__(self, *exc: object) -> None:
        self.close()

    async def _read(self) -> Optional[Event]:
        try:
            while self._lines is not None:
                line = await asyncio.wait_for(self._lines.__anext__(), SILENCE_SECS)
                event = self._parser.line(line)
                if event is not None or line.startswith(b":"):
                    self._patience = Patience(self._patience_secs)
                if event is not None:
                    return event
        except (*BROKEN, StopAsyncIteration):
            pass
        return None

    async def _try_open(self) -> bool:
        try:
            await asyncio.wait_for(self._open(), SILENCE_SECS)
            return True
        except Unreachable as answered:
            failure = answered
        except BROKEN as error:
            failure = unreachable(self._where.url, error)
        self._let_go()
        await asyncio.sleep(self._patience.pause_after(failure))
        await asyncio.to_thread(self._where.look_again, self._patience.failing_secs)
        return False

    async def _open(self) -> None:
        address = Address.of(self._where.url)
        path, headers = self._seen.request(address, self._where.keys.headers({}))
        reader, self._writer = await send(address, "GET", path, headers)
        status, found = await head(reader)
        if status != 200:
            decode(Response(status, found, b"".join([part async for part in parts(reader, found)])))
        self._lines, self._parser = lines(reader, found), Parser()
        self._seen.answered(found)

    def _let_go(self) -> None:
        if self._writer is not None:
            self._writer.close()
        self._writer = self._lines = None
