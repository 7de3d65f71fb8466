"""HTTP for threads: one connection a request, or connections that are kept for the next one."""

from __future__ import annotations

import http.client
import os
import threading
import time
from typing import List, Mapping, NamedTuple, Optional, Tuple
from urllib.parse import urlsplit

from .errors import ManusSyncError, Unreachable
from .wire import PREFIX, Response

#: How long a connection may lie idle before it is not used again. The server closes them after 75 s.
_IDLE_SECS = 50.0


class Address(NamedTuple):
    """Where a server is."""

    secure: bool
    host: str
    port: int
    #: What goes before the paths of the interface; empty, or without a slash at its end.
    path: str

    @classmethod
    def of(cls, url: str) -> "Address":
        """Reads an address like ``http://localhost:3334``."""
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError:
            parts, port = urlsplit(""), None
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ManusSyncError(f"{url!r} is not a server's address; write it like http://localhost:3334")
        secure = parts.scheme == "https"
        return cls(secure, parts.hostname, port or (443 if secure else 80), parts.path.rstrip("/"))

    def connection(self, timeout_secs: float) -> http.client.HTTPConnection:
        """A connection, not yet open."""
        kind = http.client.HTTPSConnection if self.secure else http.client.HTTPConnection
        return kind(self.host, self.port, timeout=timeout_secs)


class Transport:
    """Sends requests, each over a connection of its own."""

    def post(self, url: str, name: str, body: bytes, timeout_secs: float, more: Mapping[str, str] = {}) -> Response:
        """Sends a call and reads its answer; ``Unreachable`` when none came."""
        address = Address.of(url)
        headers = {"Content-Type": "application/json", "Connection": "close", **more}
        connection = address.connection(timeout_secs)
        try:
            return exchange(connection, "POST", address.path + PREFIX + name, body, headers)
        except (OSError, http.client.HTTPException) as error:
            raise unreachable(url, error) from error
        finally:
            connection.close()

    def close(self) -> None:
        """Lets go of what is open."""


class KeepAlive(Transport):
    """Sends requests over connections that are kept open, as many as there are calls at one time."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._idle: List[Tuple[float, str, http.client.HTTPConnection]] = []
        self._process = os.getpid()

    def post(self, url: str, name: str, body: bytes, timeout_secs: float, more: Mapping[str, str] = {}) -> Response:
        """Sends a call and reads its answer; ``Unreachable`` when none came."""
        address = Address.of(url)
        headers = {"Content-Type": "application/json", **more}
        while True:
            kept = self._take(url, timeout_secs)
            connection = kept or address.connection(timeout_secs)
            try:
                response = exchange(connection, "POST", address.path + PREFIX + name, body, headers)
            except (OSError, http.client.HTTPException) as error:
                connection.close()
                # The server may have closed an idle connection just now. That is no reason to wait: all calls can
                # safely be repeated.
                if kept is not None and isinstance(error, ConnectionError):
                    continue
                raise unreachable(url, error) from error
            except BaseException:
                connection.close()
                raise
            self._keep(url, connection)
            return response

    def close(self) -> None:
        """Closes the idle connections."""
        with self._lock:
            idle, self._idle = self._idle, []
        for _, _, connection in idle:
            connection.close()

    def __del__(self) -> None:
        self.close()

    def _take(self, url: str, timeout_secs: float) -> Optional[http.client.HTTPConnection]:
        with self._lock:
            # After a fork, parent and child would read each other's answers. The parent goes on using these.
            forked, self._process = self._process != os.getpid(), os.getpid()
            while self._idle:
                since, to, connection = self._idle.pop()
                idle_secs = time.monotonic() - since
                if to == url and idle_secs < _IDLE_SECS and connection.sock is not None and not forked:
                    connection.sock.settimeout(timeout_secs)
                    return connection
                connection.close()
        return None

    def _keep(self, url: str, connection: http.client.HTTPConnection) -> None:
        if connection.sock is None:
            return  # The server asked to have it closed.
        with self._lock:
            self._idle.append((time.monotonic(), url, connection))


def exchange(
    connection: http.client.HTTPConnection,
    method: str,
    path: str,
    body: Optional[bytes],
    headers: "dict[str, str]",
) -> Response:
    """Sends a request over this connection and reads the whole answer."""
    connection.request(method, path, body, headers)
    response = connection.getresponse()
    content = response.read()
    return Response(response.status, {key.lower(): value for key, value in response.getheaders()}, content)


def unreachable(url: str, why: object) -> Unreachable:
    """The exception for a server that did not answer."""
    said = str(why) or type(why).__name__
    return Unreachable(f"no answer from {url} ({said}); is the server running?")


def is_healthy(url: str, timeout_secs: float = 2.0) -> bool:
    """Whether a server answers at this address."""
    address = Address.of(url)
    connection = address.connection(timeout_secs)
    try:
        response = exchange(connection, "GET", address.path + "/healthz", None, {"Connection": "close"})
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
    return response.status == 200 and response.body.strip() == b"ok"
