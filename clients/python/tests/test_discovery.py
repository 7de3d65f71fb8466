"""Finding the project's server, and starting it."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any, List
from unittest import mock

from MANUS_SYNC_ENGINE import ManusSyncEngine, ManusSyncError, NoServer, Unreachable

from .server import ProjectCase, Server, ended, left_running, register, until


class FindTest(ProjectCase):
    """A server that is running."""

    def setUp(self) -> None:
        super().setUp()
        self.server = Server(self.root)
        self.addCleanup(lambda: self.server.end())

    def test_from_the_root_and_from_below(self) -> None:
        below = self.root / "a" / "b"
        below.mkdir(parents=True)
        for folder in (self.root, below, str(below)):
            self.assertEqual(ManusSyncEngine(folder, auto_start=False).url, self.server.url)

    def test_by_the_environment(self) -> None:
        other = self.root / "elsewhere"
        with mock.patch.dict(os.environ, MANUS_SYNC_URL=self.server.url):
            engine = ManusSyncEngine(other)
            self.assertEqual(engine.url, self.server.url)
        self.assertFalse(other.exists())

    def test_a_named_server_that_does_not_answer_is_an_error(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as nobody:
            url = f"http://127.0.0.1:{nobody.getsockname()[1]}"
        with self.assertRaisesRegex(Unreachable, url):
            ManusSyncEngine(self.root, url=url, patience_secs=0.1)
        for bad in ("localhost:3334", "ftp://x", "http://", "http://x:port"):
            with self.assertRaisesRegex(ManusSyncError, "write it like http://localhost:3334"):
                ManusSyncEngine(self.root, url=bad)

    def test_what_a_killed_server_left_behind_is_not_believed(self) -> None:
        # Its port belongs to the server of another project by now.
        other = self.root / "other"
        (other / ".manus-sync").mkdir(parents=True)
        gone = subprocess.Popen([sys.executable, "-c", ""])
        gone.wait()
        info = {"pid": gone.pid, "url": self.server.url, "started_at_ms": 0}
        (other / ".manus-sync" / "server.json").write_text(json.dumps(info))
        with self.assertRaisesRegex(NoServer, "no server is running for .*other"):
            ManusSyncEngine(other, auto_start=False)
        for rubbish in ("", "[]", '{"pid": 1}', '{"pid": "x", "url": 7}'):
            (other / ".manus-sync" / "server.json").write_text(rubbish)
            with self.assertRaises(NoServer):
                ManusSyncEngine(other, auto_start=False)


class StartTest(ProjectCase):
    """No server is running yet."""

    def test_is_started_and_left_running(self) -> None:
        # In a process of its own, which is gone before the server is looked at.
        code = (
            "import sys; from MANUS_SYNC_ENGINE import ManusSyncEngine\n"
            "engine = ManusSyncEngine(sys.argv[1]); print(engine.url, engine.register_manus('ada', 'COORDINATOR'))"
        )
        package = str(Path(__file__).resolve().parents[1])
        ran = subprocess.run(
            [sys.executable, "-W", "error", "-c", code, str(self.root)],
            env={**os.environ, "PYTHONPATH": package},
            capture_output=True,
            text=True,
            timeout=60,
        )
        self.assertEqual((ran.returncode, ran.stderr), (0, ""))
        url, registered = ran.stdout.split()
        self.assertEqual(registered, "True")
        with ended(left_running(self.root)):
            engine = ManusSyncEngine(self.root, auto_start=False)
            self.assertEqual((engine.url, engine.get_manus("ada").status), (url, "IDLE"))

    def test_a_busy_port_is_no_obstacle(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as busy:
            port = busy.getsockname()[1]
            with mock.patch.dict(os.environ, MANUS_SYNC_LISTEN=f"127.0.0.1:{port}"):
                engine = ManusSyncEngine(self.root)
            with ended(left_running(self.root)):
                self.assertEqual(engine.list_manus(), [])
                self.assertFalse(engine.url.endswith(f":{port}"))

    def test_many_at_once_meet_at_one_server(self) -> None:
        code = "import sys; from MANUS_SYNC_ENGINE import ManusSyncEngine; print(ManusSyncEngine(sys.argv[1]).url)"
        package = str(Path(__file__).resolve().parents[1])
        processes = [
            subprocess.Popen(
                [sys.executable, "-c", code, str(self.root)],
                env={**os.environ, "PYTHONPATH": package},
                stdout=subprocess.PIPE,
                text=True,
            )
            for _ in range(4)
        ]
        found: List[Any] = []
        threads = [threading.Thread(target=lambda: found.append(ManusSyncEngine(self.root).url)) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        found += [process.communicate(timeout=60)[0].strip() for process in processes]
        with ended(left_running(self.root)):
            self.assertEqual(len(found), 8)
            self.assertEqual(len(set(found)), 1, found)

    def test_one_that_died_is_started_again(self) -> None:
        engine = ManusSyncEngine(self.root)
        register(engine, "ada")
        os.kill(left_running(self.root), 9)
        self.assertTrue(engine.heartbeat("ada"))
        with ended(left_running(self.root)):
            self.assertEqual([manus.id for manus in engine.list_manus()], ["ada"])

    def test_without_a_binary_it_says_what_to_do(self) -> None:
        with mock.patch.dict(os.environ, PATH="", MANUS_SYNC_BIN=""):
            with self.assertRaisesRegex(NoServer, "put the binary on the PATH, name it in MANUS_SYNC_BIN"):
                ManusSyncEngine(self.root)
        with mock.patch.dict(os.environ, MANUS_SYNC_BIN="/no/such/program"):
            with self.assertRaisesRegex(NoServer, "MANUS_SYNC_BIN is /no/such/program"):
                ManusSyncEngine(self.root)

    def test_a_server_that_cannot_start_says_why(self) -> None:
        with self.assertRaisesRegex(NoServer, "is not a folder"):
            ManusSyncEngine(self.root / "missing")
        (self.root / ".manus-sync").mkdir()
        (self.root / ".manus-sync" / "config.toml").write_text("lisen = 1\n")
        began = time.monotonic()
        with self.assertRaisesRegex(NoServer, "lisen"):
            ManusSyncEngine(self.root)
        self.assertLess(time.monotonic() - began, 15, "it does not wait for what will not come")

    def test_until_it_is_needed_nothing_is_started(self) -> None:
        with self.assertRaisesRegex(NoServer, "manus-sync serve --project-root"):
            ManusSyncEngine(self.root, auto_start=False)
        self.assertEqual(list(self.root.iterdir()), [])


class StopTest(ProjectCase):
    """The end of a server."""

    def test_one_that_was_stopped_on_purpose_stays_stopped(self) -> None:
        engine = ManusSyncEngine(self.root, patience_secs=4)
        announcement = self.root / ".manus-sync" / "server.json"
        with ended(left_running(self.root)):
            self.assertEqual(engine.list_manus(), [])
        until(lambda: not announcement.exists(), "the server's goodbye")
        with self.assertRaises(Unreachable):
            engine.list_manus()
        self.assertFalse(announcement.exists())
        # A new engine says that somebody wants one again.
        ManusSyncEngine(self.root)
        with ended(left_running(self.root)):
            self.assertEqual(engine.list_manus(), [])
