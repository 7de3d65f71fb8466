"""Finds the server of a project, and starts one where none is running.

A server leaves its address in ``.manus-sync/server.json`` of the project's root. The root is the nearest folder, from
the given one upward, that has a ``.manus-sync``; where there is none, the given folder becomes a project.
"""

from __future__ import annotations

import json
import logging
import os
import shutil
import subprocess
import threading
import time
from pathlib import Path
from typing import Any, Dict, Iterable, List, Mapping, NamedTuple, Optional

from .errors import NoServer
from .keys import Keys
from .transport import Address, is_healthy, unreachable
from .wire import Files, Patience

_LOG = logging.getLogger("MANUS_SYNC_ENGINE")
_FOLDER = ".manus-sync"
#: How long a server may take to start.
_START_SECS = 20.0
#: After how long without a server a client starts one again, so that whoever looks after the server comes first.
_START_AGAIN_SECS = 3.0
_LOOK_SECS = 0.05

# Two threads shall not start two servers.
_starting = threading.Lock()


class Whereabouts:
    """Where a project's server is, now and after it was started again somewhere else."""

    def __init__(
        self,
        project_root: "str | os.PathLike[str]",
        url: Optional[str],
        auto_start: bool,
        token: Optional[str] = None,
    ) -> None:
        given = Path(project_root).resolve()
        self.root = _root_of(given)
        #: From the root to the folder that was given: relative paths of files are meant from there.
        self.prefix = "" if given == self.root else given.relative_to(self.root).as_posix()
        self._auto_start = auto_start
        #: What is shown to a server that asks who comes in.
        self.keys = Keys(token, self.root)
        self._next_start = 0.0
        named = url or os.environ.get("MANUS_SYNC_URL") or None
        #: True when somebody named the address: then no other server will do.
        self._named = named is not None
        self.url = named or ""
        if named is not None:
            Address.of(named)

    def find(self, patience_secs: float) -> None:
        """Makes sure that there is a server; starts one if it must and may."""
        if not self._named:
            self.url = find_or_start(self.root, self._auto_start)
            return
        patience = Patience(patience_secs)
        while not is_healthy(self.url):
            time.sleep(patience.pause_after(unreachable(self.url, "/healthz does not answer ok")))

    def look_again(self, failing_secs: float) -> None:
        """After a failed call: the server may have moved, and one that died may have to be started again.

        One that was stopped on purpose has taken its announcement back, and stays stopped.
        """
        info = None if self._named else _info(self.root)
        if info is None:
            return
        if info.is_alive():
            self.url = info.url or self.url
        elif self._auto_start and failing_secs >= _START_AGAIN_SECS and time.monotonic() > self._next_start:
            self._next_start = time.monotonic() + _START_SECS
            try:
                self.url = find_or_start(self.root, True)
            except NoServer as error:
                # Somebody else may still start it. The call goes on trying, and fails in its own time.
                _LOG.warning("%s", error)

    def paths(self, files: Optional[Files]) -> Optional[List[str]]:
        """Files as the server knows them: from the project's root, even if this client works in a folder below."""
        if files is None:
            return None
        return [self._path(file) for file in ([files] if isinstance(files, (str, os.PathLike)) else files)]

    def batch(self, tasks: Iterable[Mapping[str, Any]]) -> List[Dict[str, Any]]:
        """New tasks with their files as the server knows them."""
        return [{**task, "files_involved": self.paths(task.get("files_involved"))} for task in tasks]

    def _path(self, file: "str | os.PathLike[str]") -> str:
        name = os.fspath(file) if isinstance(file, os.PathLike) else file
        # What is no path is left for the server to refuse.
        if not self.prefix or not isinstance(name, str) or os.path.isabs(name):
            return name
        return f"{self.prefix}/{name}"


def _root_of(folder: Path) -> Path:
    for candidate in (folder, *folder.parents):
        if (candidate / _FOLDER).is_dir():
            return candidate
    return folder


def find_or_start(root: Path, auto_start: bool) -> str:
    """The address of the project's server, which is started when there is none and ``auto_start`` allows it."""
    url = _running(root)
    if url is not None:
        return url
    if not auto_start:
        raise NoServer(f"no server is running for {root}; start one with: manus-sync serve --project-root {root}")
    with _starting:
        return _running(root) or _start(root)


def _running(root: Path) -> Optional[str]:
    info = _info(root)
    # A killed server leaves its word behind, and its port may by now belong to the server of another project.
    if info is None or info.url is None or not info.is_alive():
        return None
    return info.url if is_healthy(info.url) else None


class _Info(NamedTuple):
    """What a server says of itself."""

    pid: int
    #: Missing until it accepts connections.
    url: Optional[str]

    def is_alive(self) -> bool:
        """False when that server is known to have ended."""
        if os.name != "posix":
            return True  # There, asking would be killing. A healthy answer has to do.
        try:
            os.kill(self.pid, 0)
        except (ProcessLookupError, OverflowError):
            return False
        except OSError:
            return True  # Somebody else's.
        return True


def _info(root: Path) -> Optional[_Info]:
    try:
        said: Dict[str, Any] = json.loads((root / _FOLDER / "server.json").read_bytes())
        pid, url = int(said["pid"]), said["url"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return _Info(pid, url) if pid > 0 and (url is None or isinstance(url, str)) else None


def _start(root: Path) -> str:
    program = _program()
    if not root.is_dir():
        raise NoServer(f"{root} is not a folder; project_root must name an existing one")
    deadline = time.monotonic() + _START_SECS
    # At the address of the configuration, else port 3334; if that cannot be had, wherever there is room.
    for more in ([], ["--listen", "127.0.0.1:0"]):
        log = root / _FOLDER / "server.log"
        log.parent.mkdir(exist_ok=True)
        begin = log.stat().st_size if log.exists() else 0
        process = _spawn([program, "serve", "--project-root", str(root), *more], root, log)
        while time.monotonic() < deadline:
            # Whoever started it: somebody else may have been faster, and then ours ends by itself.
            url = _running(root)
            if url is not None:
                _LOG.info("Started %s for %s at %s", program, root, url)
                return url
            if process.poll() is not None:
                break
            time.sleep(_LOOK_SECS)
    said = log.read_bytes()[begin:].decode(errors="replace").strip()
    why = said.splitlines()[-1] if said else "it said nothing"
    raise NoServer(f"{program} did not start for {root}: {why} (see {log})")


def _program() -> str:
    named = os.environ.get("MANUS_SYNC_BIN")
    program = shutil.which(named or "manus-sync")
    if program is not None:
        return program
    if named:
        raise NoServer(f"MANUS_SYNC_BIN is {named}, which is not a program")
    raise NoServer(
        "no server is running, and manus-sync is not installed: put the binary on the PATH, name it in MANUS_SYNC_BIN, "
        "or name a running server in MANUS_SYNC_URL"
    )


def _spawn(command: List[str], root: Path, log: Path) -> "subprocess.Popen[bytes]":
    detached: Dict[str, Any] = {"start_new_session": True}
    if os.name == "nt":
        # CREATE_NEW_PROCESS_GROUP and DETACHED_PROCESS, which exist as names on Windows alone.
        detached = {"creationflags": 0x00000200 | 0x00000008}
    with open(log, "ab") as output:
        # Into a file, not a pipe: the server outlives this process, and a pipe would not.
        try:
            process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, cwd=root, **detached
            )
        except OSError as error:
            raise NoServer(f"{command[0]} could not be started: {error}") from error
    # A process that ended counts as alive until its parent asks how it ended.
    threading.Thread(target=process.wait, name=f"manus-sync {process.pid}", daemon=True).start()
    return process
