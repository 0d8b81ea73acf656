"""Several services in one process: each app on its own port, all in one event loop."""

import asyncio
import contextlib
import logging
import os
import signal
import socket
import ssl
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final

import uvicorn
from starlette.types import ASGIApp

from labrelay.errors import ServiceUnavailable, SettingsInvalid
from labrelay.http.connections import Connection, make_room
from labrelay.settings.access import Access

GRACE_S: Final = 0.3
"""Open calls get so long to end when a process stops: most need less, and long polls never end by themselves."""


@dataclass(frozen=True)
class Listener:
    """One app, where it listens, and whether over TLS."""

    app: ASGIApp
    host: str
    port: int
    access: Access = field(default_factory=Access)


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Signals are handled once for the whole process, not per server."""
        yield


def serve_all(listeners: list[Listener]) -> None:
    """Serve until SIGINT or SIGTERM, then stop all cleanly.

    Raises:
        SettingsInvalid: a port is taken, or the certificate can't be used.
        ServiceUnavailable: one of them can't start; the others are stopped too, so that a supervisor starts all anew.
    """
    make_room()
    for listener in listeners:
        _check_certificate(listener.access)
    sockets = [_bind(listener) for listener in listeners]
    asyncio.run(_serve(listeners, sockets))


def _check_certificate(access: Access) -> None:
    if access.certificate is None or access.key is None:
        return
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(access.certificate, access.key)
    except (OSError, ssl.SSLError) as error:
        cause = f"`access.certificate` ({access.certificate}) and `access.key` can't be used: {error}."
        raise SettingsInvalid(cause, next_step="Name a PEM file and the key that belongs to it.") from error


def _bind(listener: Listener) -> socket.socket:
    family = socket.AF_INET6 if ":" in listener.host else socket.AF_INET
    # asyncio sets TCP_NODELAY only where the protocol is named: without it each kept-alive answer waits 40 ms
    bound = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    if os.name == "posix":  # elsewhere the option would let two servers share the port
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((listener.host, listener.port))
    except OSError as error:
        bound.close()
        cause = f"Port {listener.port} on {listener.host} can't be used: {error.strerror}."
        raise SettingsInvalid(cause, next_step="Stop what listens there, or change the section [ports].") from error
    return bound


async def _serve(listeners: list[Listener], sockets: list[socket.socket]) -> None:
    servers = [_Server(_config(listener)) for listener in listeners]
    failed: list[int] = []

    def leave() -> None:
        for name in ("uvicorn.error", "labrelay.http.connections"):
            logging.getLogger(name).setLevel(logging.CRITICAL)  # open long polls are cut now, which is no error
        for server in servers:
            server.should_exit = True

    async def serve(server: _Server, bound: socket.socket) -> None:
        try:
            await server.serve(sockets=[bound])
        except SystemExit:  # uvicorn's way to say that an app didn't start; it has logged why
            failed.append(bound.getsockname()[1])
            bound.close()
            leave()

    _on_signals(leave)
    try:
        await asyncio.gather(*(serve(*pair) for pair in zip(servers, sockets, strict=True)))
    finally:
        leave()
    if failed:
        raise ServiceUnavailable(f"The service on port {failed[0]} can't start.", next_step="Look at the lines above.")


def _config(listener: Listener) -> uvicorn.Config:
    return uvicorn.Config(
        listener.app,
        http=Connection,
        ssl_certfile=listener.access.certificate,
        ssl_keyfile=listener.access.key,
        proxy_headers=listener.access.proxy,
        ws="none",
        host=listener.host,
        port=listener.port,
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=GRACE_S,  # type: ignore[arg-type]  # declared in whole seconds, taken as it is
        timeout_keep_alive=75,
    )


def _on_signals(leave: Callable[[], None]) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        try:
            loop.add_signal_handler(number, leave)
        except NotImplementedError:  # Windows' event loop has no signal handlers
            signal.signal(number, lambda *_: leave())
