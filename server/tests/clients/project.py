"""A real server in a temporary folder, ended by the test that started it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import tempfile
import unittest
import urllib.request
from pathlib import Path
from typing import Any

BINARY = os.environ.get("MANUS_SYNC_BIN") or str(Path(__file__).parents[3] / "target/debug/manus-sync")


def environment() -> "dict[str, str]":
    """This environment without settings of the program under test."""
    return {name: value for name, value in os.environ.items() if not name.startswith("MANUS_")}


class Server:
    """A running server."""

    def __init__(self, root: str, listen: str = "127.0.0.1:0") -> None:
        command = [BINARY, "serve", "--project-root", root, "--listen", listen]
        self._process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=environment()
        )
        assert self._process.stdout is not None
        self.url = self._process.stdout.readline().strip()
        assert self.url.startswith("http://"), f"{command} did not start"

    def call(self, name: str, **arguments: Any) -> Any:
        """Makes a call over HTTP."""
        request = urllib.request.Request(
            f"{self.url}/api/v1/{name}", json.dumps(arguments).encode(), {"content-type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=30) as response:
            return json.load(response)

    def stop(self, how: signal.Signals = signal.SIGTERM, patience: float = 30) -> int:
        """Ends it, and waits until it has; fails where that takes too long."""
        if self._process.poll() is None:
            self._process.send_signal(how)
        code = self._process.wait(timeout=patience)
        assert self._process.stdout is not None
        self._process.stdout.close()
        return code


class Project(unittest.TestCase):
    """A test with a server on an empty project."""

    def setUp(self) -> None:
        self.begin()

    def begin(self) -> None:
        """A new project with a server of its own."""
        folder = tempfile.TemporaryDirectory(prefix="manus-sync-clients-")
        self.addCleanup(folder.cleanup)
        self.root = os.path.realpath(folder.name)
        self.server = Server(self.root)
        # Whichever is there by then.
        self.addCleanup(lambda: self.server.stop())
