"""HTTP for asyncio: a request over a connection of its own, on the streams of the standard library."""

from __future__ import annotations

import asyncio
import ssl
from typing import AsyncIterator, Dict, List, Mapping, Tuple

from .transport import Address, unreachable
from .wire import PREFIX, Response

Streams = Tuple[asyncio.StreamReader, asyncio.StreamWriter]
#: What a connection that does not work raises.
BROKEN = (OSError, EOFError, ValueError, asyncio.TimeoutError, asyncio.LimitOverrunError)
#: How much of a line is read at most. Events come in one line each.
_LINE_MAX = 8 * 1024 * 1024


async def post(url: str, name: str, body: bytes, timeout_secs: float, more: Mapping[str, str] = {}) -> Response:
    """Sends a call and reads its answer; ``Unreachable`` when none came. Cancelling closes the connection."""
    try:
        return await asyncio.wait_for(_post(Address.of(url), name, body, more), timeout_secs)
    except BROKEN as error:
        raise unreachable(url, error) from error


async def _post(address: Address, name: str, body: bytes, more: Mapping[str, str]) -> Response:
    headers = {"Content-Type": "application/json", "Content-Length": str(len(body)), "Connection": "close", **more}
    reader, writer = await send(address, "POST", address.path + PREFIX + name, headers, body)
    try:
        status, found = await head(reader)
        return Response(status, found, b"".join([part async for part in parts(reader, found)]))
    finally:
        writer.close()


async def send(address: Address, method: str, path: str, headers: Dict[str, str], body: bytes = b"") -> Streams:
    """Opens a connection and sends a request over it."""
    security = ssl.create_default_context() if address.secure else None
    reader, writer = await asyncio.open_connection(address.host, address.port, ssl=security, limit=_LINE_MAX)
    host = f"[{address.host}]" if ":" in address.host else address.host
    lines = [f"{method} {path} HTTP/1.1", f"Host: {host}:{address.port}"]
    lines += [f"{key}: {value}" for key, value in headers.items()]
    try:
        writer.write("\r\n".join([*lines, "", ""]).encode() + body)
        await writer.drain()
    except BaseException:
        writer.close()
        raise
    return reader, writer


async def head(reader: asyncio.StreamReader) -> Tuple[int, Dict[str, str]]:
    """The status and the headers of an answer, their names in lower case."""
    status_line = (await _line(reader)).split(None, 2)
    if len(status_line) < 2 or not status_line[0].startswith("HTTP/1."):
        raise ValueError("the answer is not HTTP")
    headers: Dict[str, str] = {}
    while True:
        line = await _line(reader)
        if not line:
            return int(status_line[1]), headers
        key, _, value = line.partition(":")
        headers[key.strip().lower()] = value.strip()


async def _line(reader: asyncio.StreamReader) -> str:
    return (await reader.readuntil(b"\n")).decode("latin-1").rstrip("\r\n")


async def parts(reader: asyncio.StreamReader, headers: Dict[str, str]) -> AsyncIterator[bytes]:
    """The content of an answer, as it comes."""
    if headers.get("transfer-encoding", "").lower() == "chunked":
        while True:
            size = int((await _line(reader)).partition(";")[0], 16)
            if size > 0:
                yield await reader.readexactly(size)
            await _line(reader)
            if size == 0:
                return
    elif "content-length" in headers:
        yield await reader.readexactly(int(headers["content-length"]))
    else:
        while True:
            part = await reader.read(65536)
            if not part:
                return
            yield part


async def lines(reader: asyncio.StreamReader, headers: Dict[str, str]) -> AsyncIterator[bytes]:
    """The content of an answer line by line, as it comes."""
    rest: List[bytes] = []
    async for part in parts(reader, headers):
        *whole, last = part.split(b"\n")
        for line in whole:
            yield b"".join([*rest, line])
            rest = []
        rest.append(last)
