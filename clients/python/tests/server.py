"""A real server in a temporary folder, and what else the tests need to play with it."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
import unittest
from pathlib import Path
from typing import Callable, Iterator, List, Optional, Sequence
from unittest import mock

from MANUS_SYNC_ENGINE import ManusRole, ManusSyncEngine

_REPOSITORY = Path(__file__).resolve().parents[3]
_TAKEN_AWAY = ("MANUS_SYNC_URL", "MANUS_SYNC_LISTEN", "MANUS_SYNC_PROJECT_ROOT", "MANUS_SYNC_DATABASE", "MANUS_SYNC_TOKEN")


def binary() -> str:
    """The server's binary: ``MANUS_SYNC_BIN``, or what lies around. Without any, the test is skipped."""
    named = os.environ.get("MANUS_SYNC_BIN")
    if named:
        if shutil.which(named) is None:
            raise AssertionError(f"MANUS_SYNC_BIN is {named}, which is not a program; build it with: make build")
        return str(shutil.which(named))
    built = (_REPOSITORY / "target" / profile / "manus-sync" for profile in ("release", "debug"))
    for candidate in (shutil.which("manus-sync"), *built):
        if candidate and Path(candidate).is_file():
            return str(candidate)
    raise unittest.SkipTest("no manus-sync binary: build one with `make build`, or name one in MANUS_SYNC_BIN")


class Server:
    """A server of a project, started and ended by the test."""

    def __init__(self, root: Path, listen: str = "127.0.0.1:0", more: Sequence[str] = ()) -> None:
        self.root = root
        command = [binary(), "serve", "--project-root", str(root), "--listen", listen, *more]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        assert self.process.stdout is not None
        self.url = self.process.stdout.readline().decode().strip()
        if not self.url.startswith("http://"):
            self.end()
            raise AssertionError(f"{command} did not start: {self.url!r}")
        self.port = int(self.url.rsplit(":", 1)[1])

    def again(self) -> "Server":
        """Another server on the same project at the same port."""
        return Server(self.root, f"127.0.0.1:{self.port}")

    def kill(self) -> None:
        """Ends it without giving it a chance to do anything."""
        self._end(signal.SIGKILL)

    def end(self) -> None:
        """Asks it to stop, and waits until it has."""
        self._end(signal.SIGTERM)

    def _end(self, how: signal.Signals) -> None:
        if self.process.poll() is None:
            self.process.send_signal(how)
            self.process.wait(timeout=30)
        if self.process.stdout is not None:
            self.process.stdout.close()


class ProjectCase(unittest.TestCase):
    """A test in an empty project without a server."""

    def setUp(self) -> None:
        binary()
        folder = tempfile.TemporaryDirectory(prefix="manus-sync-test-")
        self.addCleanup(folder.cleanup)
        self.root = Path(folder.name).resolve()
        environment = {name: value for name, value in os.environ.items() if name not in _TAKEN_AWAY}
        environment["MANUS_SYNC_BIN"] = binary()
        environment["MANUS_SYNC_LISTEN"] = "127.0.0.1:0"  # For servers that the client starts.
        self.start(mock.patch.dict(os.environ, environment, clear=True))
        # Refusals are logged for those who do not look at what is returned. Here they are expected.
        logger = logging.getLogger("MANUS_SYNC_ENGINE")
        level = logger.level
        logger.setLevel(logging.CRITICAL)
        self.addCleanup(logger.setLevel, level)

    def start(self, context: "contextlib.AbstractContextManager[object]") -> None:
        """Enters a context until the end of the test."""
        context.__enter__()
        self.addCleanup(context.__exit__, None, None, None)


class ServerCase(ProjectCase):
    """A test in an empty project with a server."""

    server: Server
    #: How the server is started, beside the usual.
    serve: Sequence[str] = ()

    def setUp(self) -> None:
        super().setUp()
        self.server = Server(self.root, more=self.serve)
        self.addCleanup(lambda: self.server.end())

    def engine(self, **options: object) -> ManusSyncEngine:
        """An engine connected to the server."""
        return ManusSyncEngine(self.root, url=self.server.url, **options)  # type: ignore[arg-type]


def register(engine: ManusSyncEngine, *names: str, **more: object) -> None:
    """Registers agents that differ in nothing but their names."""
    for name in names:
        assert engine.register_manus(name, ManusRole.SPEED_DEVELOPER, ["python"], **more)  # type: ignore[arg-type]


def until(state: Callable[[], bool], what: str) -> None:
    """Waits for a state; fails when it does not come."""
    deadline = time.monotonic() + 30
    while not state():
        if time.monotonic() > deadline:
            raise AssertionError(f"in vain: {what}")
        time.sleep(0.01)


class Proxy:
    """Stands between a client and a server, and loses answers: the first ``losses`` ones after the server gave them."""

    def __init__(self, port: int, losses: int) -> None:
        self._port = port
        self._losses = losses
        self._lock = threading.Lock()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        #: What was asked: the first line and the body of each request.
        self.requests: List[bytes] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """Accepts nothing more."""
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._pass_on, args=(client,), daemon=True).start()

    def _pass_on(self, client: socket.socket) -> None:
        with client, socket.create_connection(("127.0.0.1", self._port)) as server:
            while True:
                request = _message(client)
                if request is None:
                    return
                is_call = request.startswith(b"POST")
                with self._lock:
                    lost = is_call and self._losses > 0
                    self._losses -= lost
                    if is_call:
                        self.requests.append(request)
                server.sendall(request)
                answer = _message(server)
                if answer is None or lost:
                    return
                client.sendall(answer)


def _message(source: socket.socket) -> Optional[bytes]:
    """A whole HTTP message with a content-length."""
    got = b""
    while b"\r\n\r\n" not in got:
        part = source.recv(65536)
        if not part:
            return None
        got += part
    head, _, body = got.partition(b"\r\n\r\n")
    length = 0
    for line in head.split(b"\r\n"):
        if line.lower().startswith(b"content-length:"):
            length = int(line.split(b":")[1])
    while len(body) < length:
        part = source.recv(65536)
        if not part:
            return None
        body += part
    return head + b"\r\n\r\n" + body


def left_running(root: Path) -> int:
    """The process of the server that a client has started."""
    pid: int = json.loads((root / ".manus-sync" / "server.json").read_bytes())["pid"]
    return pid


@contextlib.contextmanager
def ended(pid: int) -> Iterator[None]:
    """Ends a process that a client started and left running."""
    try:
        yield
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGTERM)
