"""A faulty network between the two sides: a TCP relay whose every connection and direction can be spoiled.

The OEM side knows the relay's address in place of the gateway's. Bytes that go up come from the OEM side, bytes that go
down come from the gateway.
"""

import contextlib
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

PIECE = 16_384


@dataclass
class Direction:
    """What happens to bytes that go one way.

    Attributes:
        stalled: nothing goes on, and nothing is closed.
        delay_s: each piece waits so long.
        bytes_per_s: at most so much; 0 is no limit.
        reset_after: so many bytes after now, a connection is reset in the middle of them; None is never.
    """

    stalled: bool = False
    delay_s: float = 0.0
    bytes_per_s: float = 0.0
    reset_after: int | None = None

    def clear(self) -> None:
        self.__init__()  # type: ignore[misc]


@dataclass(eq=False)
class Link:
    """One connection through the relay.

    Attributes:
        gone: the peer vanished without a word: nothing goes on for ever, and nothing is closed.
    """

    near: socket.socket
    far: socket.socket | None
    gone: bool = False
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def close(self, reset: bool = False) -> None:
        with self._lock:
            for end in (self.near, self.far):
                if end is not None:
                    with contextlib.suppress(OSError):
                        if reset:
                            end.shutdown(socket.SHUT_RD)  # a pump that waits on it would keep it from being reset
                            end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                        else:
                            end.shutdown(socket.SHUT_RDWR)
                    end.close()


class Relay:
    """Listens on one port of loopback and passes on to another.

    Attributes:
        up: what happens to bytes from the OEM side.
        down: what happens to bytes from the gateway.
        refuse: new connections are closed at once, as by a machine on which nobody listens.
        silent: new connections are accepted and never answered.
        passed: bytes that went through, both ways together.
        resets: connections that were reset.
    """

    def __init__(self, port: int, target: int) -> None:
        self.port = port
        self.target = target
        self.up, self.down = Direction(), Direction()
        self.refuse = self.silent = False
        self.passed = self.resets = 0
        self._links: set[Link] = set()
        self._stop = threading.Event()
        self._listening = socket.create_server(("127.0.0.1", port), backlog=128)
        threading.Thread(target=self._accept, name="relay", daemon=True).start()

    @property
    def links(self) -> list[Link]:
        """Connections that are open now."""
        return list(self._links)

    def reset_all(self) -> int:
        """Reset every open connection; how many there were."""
        links = self.links
        for link in links:
            self._end(link, reset=True)
        self.resets += len(links)
        return len(links)

    def lose_all(self) -> int:
        """The peers of all open connections vanish without closing them; how many there were."""
        links = [link for link in self.links if not link.gone]
        for link in links:
            link.gone = True
        return len(links)

    def clear(self) -> None:
        """All is well again, but for connections whose peer has vanished: these hang on."""
        self.up.clear()
        self.down.clear()
        self.refuse = self.silent = False

    def close(self) -> None:
        """End everything."""
        self._stop.set()
        self._listening.close()
        for link in self.links:
            self._end(link)

    @contextlib.contextmanager
    def spoiled(self, spoil: Callable[["Relay"], object]) -> Iterator[None]:
        """Something is wrong until the block ends."""
        spoil(self)
        try:
            yield
        finally:
            self.clear()

    def _accept(self) -> None:
        while not self._stop.is_set():
            try:
                near, _ = self._listening.accept()
            except OSError:
                return
            if self.refuse:
                Link(near, None).close(reset=True)
                self.resets += 1
            else:
                threading.Thread(target=self._join, args=(near,), name="relay-link", daemon=True).start()

    def _join(self, near: socket.socket) -> None:
        silent = self.silent
        far = None if silent else self._call(near)
        if far is None and not silent:
            return
        link = Link(near, far, gone=silent)
        self._links.add(link)
        if far is not None:
            threading.Thread(target=self._pump, args=(link, far, near, self.down), daemon=True).start()
            self._pump(link, near, far, self.up)

    def _call(self, near: socket.socket) -> socket.socket | None:
        try:
            far = socket.create_connection(("127.0.0.1", self.target), timeout=5)
        except OSError:
            Link(near, None).close(reset=True)
            return None
        far.settimeout(None)
        return far

    def _pump(self, link: Link, source: socket.socket, sink: socket.socket, way: Direction) -> None:
        try:
            while piece := source.recv(PIECE):
                if not self._let_through(link, way, len(piece)):
                    return
                sink.sendall(piece)
                self.passed += len(piece)
            while (way.stalled or link.gone) and not self._stop.wait(0.05):  # nor is an end told
                continue
        except OSError:
            pass
        self._end(link)

    def _let_through(self, link: Link, way: Direction, size: int) -> bool:
        """Wait as the direction says; False where the connection was reset instead."""
        time.sleep(way.delay_s + (size / way.bytes_per_s if way.bytes_per_s else 0.0))
        while way.stalled or link.gone:
            if self._stop.wait(0.05):
                return False
        if way.reset_after is None:
            return True
        way.reset_after -= size
        if way.reset_after > 0:
            return True
        way.reset_after = None
        self.resets += 1
        self._end(link, reset=True)
        return False

    def _end(self, link: Link, reset: bool = False) -> None:
        self._links.discard(link)
        link.close(reset)
