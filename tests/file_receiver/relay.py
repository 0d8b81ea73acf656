"""A faulty TCP relay: passes bytes between two sides, and cuts when it was told to."""

import contextlib
import socket
import threading
from types import TracebackType
from typing import Self


class Relay:
    """Forwards connections to a port of this machine.

    Args:
        target: the port behind it.
        cut_up: bytes from the client after which a connection is cut, for as many connections as `cuts` says.
        cut_down: the same for bytes to the client.
    """

    def __init__(self, target: int, *, cut_up: int | None = None, cut_down: int | None = None, cuts: int = 1) -> None:
        self._target = target
        self._cut = {"up": cut_up, "down": cut_down}
        self._left = cuts
        self._lock = threading.Lock()
        self.passed = {"up": 0, "down": 0}
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._server.getsockname()[1]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def cuts_left(self) -> int:
        return self._left

    def __enter__(self) -> Self:
        threading.Thread(target=self._serve, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.close()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._server.accept()
                behind = socket.create_connection(("127.0.0.1", self._target))
                for way, source, sink in (("up", client, behind), ("down", behind, client)):
                    threading.Thread(target=self._pass, args=(way, source, sink), daemon=True).start()

    def _pass(self, way: str, source: socket.socket, sink: socket.socket) -> None:
        passed = 0
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                passed += len(data)
                if self._is_over(way, passed):
                    break
                sink.sendall(data)
                with self._lock:
                    self.passed[way] += len(data)
        for side in (source, sink):
            with contextlib.suppress(OSError):
                side.shutdown(socket.SHUT_RDWR)
            side.close()

    def _is_over(self, way: str, passed: int) -> bool:
        limit = self._cut[way]
        with self._lock:
            if limit is None or passed <= limit or self._left <= 0:
                return False
            self._left -= 1
        return True
