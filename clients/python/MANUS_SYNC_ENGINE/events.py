"""The stream of events: Server-Sent Events, read line by line, and opened again when the connection breaks."""

from __future__ import annotations

import http.client
import json
import socket
import threading
import time
from typing import Dict, Iterator, List, Mapping, Optional, Tuple

from .discovery import Whereabouts
from .errors import Unreachable
from .model import Event
from .transport import Address, unreachable
from .wire import PREFIX, Patience, Response, decode

#: The server shows every 15 s that it is there. After this long without a word, the connection counts as broken.
SILENCE_SECS = 45.0


class Parser:
    """Puts events together from the lines of a stream."""

    def __init__(self) -> None:
        self._id = ""
        self._kind = ""
        self._data: List[str] = []

    def line(self, line: bytes) -> Optional[Event]:
        """Takes the next line; returns an event when the line completes one."""
        text = line.decode(errors="replace").rstrip("\r\n")
        if text:
            name, _, value = text.partition(":")
            value = value[1:] if value.startswith(" ") else value
            if name == "id":
                self._id = value
            elif name == "event":
                self._kind = value
            elif name == "data":
                self._data.append(value)
            return None
        kind, data, self._kind, self._data = self._kind, self._data, "", []
        if not data:
            return None
        if kind == "resync":
            return Event(seq=int(self._id), kind=kind)
        return Event.from_json(json.loads("\n".join(data)))


class Seen:
    """The last event that was seen, and of which log: after a restore, the same number is another event."""

    def __init__(self, seq: Optional[int]) -> None:
        self.seq = seq
        self._log = ""

    def request(self, address: Address, more: Mapping[str, str]) -> Tuple[str, Dict[str, str]]:
        """Path and headers that ask for the stream behind this event."""
        headers = {"Accept": "text/event-stream", "Cache-Control": "no-store", **more}
        if self.seq is not None:
            headers["Last-Event-ID"] = str(self.seq)
        log = f"?log={self._log}" if self._log else ""
        return f"{address.path}{PREFIX}events{log}", headers

    def answered(self, headers: "Dict[str, str]") -> None:
        """Takes in where the stream begins: behind what was asked for, else behind what the server says is the newest."""
        self._log = headers.get("manus-log", "")
        newest = headers.get("manus-seq", "")
        if self.seq is None and newest.isdigit():
            self.seq = int(newest)


class Events(Iterator[Event]):
    """An iterator over what happens. It waits for the next event, and ends only when it is closed."""

    def __init__(self, where: Whereabouts, since: Optional[int], patience_secs: float) -> None:
        self._where = where
        self._patience_secs = patience_secs
        self._patience = Patience(patience_secs)
        self._closed = False
        # Held while the stream is read, since its parts must not be closed meanwhile.
        self._reading = threading.Lock()
        self._parser = Parser()
        self._connection: Optional[http.client.HTTPConnection] = None
        self._response: Optional[http.client.HTTPResponse] = None
        self._socket: Optional[socket.socket] = None
        self._seen = Seen(since)
        # At once, so that "from now on" means from this call and not from the first event asked for.
        while not self._try_open():
            pass

    @property
    def seq(self) -> Optional[int]:
        """The number of the last event that was seen."""
        return self._seen.seq

    def __next__(self) -> Event:
        with self._reading:
            while not self._closed:
                if self._response is None and not self._try_open():
                    continue
                event = self._read()
                if event is not None:
                    self._seen.seq = event.seq
                    return event
                self._let_go()
            self._let_go()
        raise StopIteration

    def close(self) -> None:
        """Ends the stream, even while another thread waits for its next event."""
        self._closed = True
        if self._socket is not None:
            try:
                self._socket.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass  # It was broken already.
        # Whoever reads notices soon. If not at once, it lets go by itself.
        if self._reading.acquire(timeout=1.0):
            self._let_go()
            self._reading.release()

    def __enter__(self) -> "Events":
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def _read(self) -> Optional[Event]:
        """The next event of this connection; ``None`` when it is over."""
        try:
            while self._response is not None:
                line = self._response.readline()
                if not line:
                    return None
                event = self._parser.line(line)
                if event is not None or line.startswith(b":"):
                    self._patience = Patience(self._patience_secs)
                if event is not None:
                    return event
        except (OSError, http.client.HTTPException, ValueError):
            pass
        return None

    def _try_open(self) -> bool:
        """Opens the stream; waits a moment when that fails, or when the one before brought nothing."""
        failure = self._open()
        if failure is None:
            return True
        self._let_go()
        time.sleep(self._patience.pause_after(failure))
        self._where.look_again(self._patience.failing_secs)
        return False

    def _open(self) -> Optional[Unreachable]:
        url = self._where.url
        address = Address.of(url)
        path, headers = self._seen.request(address, self._where.keys.headers({}))
        self._connection = address.connection(SILENCE_SECS)
        try:
            self._connection.request("GET", path, None, headers)
            self._socket = self._connection.sock
            response = self._connection.getresponse()
            if response.status != 200:
                decode(Response(response.status, {}, response.read()))
        except (OSError, http.client.HTTPException) as error:
            return unreachable(url, error)
        except Unreachable as failure:
            return failure
        self._response, self._parser = response, Parser()
        self._seen.answered({key.lower(): value for key, value in response.getheaders()})
        return None

    def _let_go(self) -> None:
        if self._response is not None:
            self._response.close()
        if self._connection is not None:
            self._connection.close()
        self._response = self._connection = self._socket = None
