"""A running system for `up`, `run` and `demo`: settings handed to children, processes started, readiness awaited."""

import os
import socket
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from labrelay import supervisor
from labrelay.errors import LabrelayError, ServiceUnavailable, SettingsInvalid
from labrelay.files import temporary_beside
from labrelay.http.client import Client
from labrelay.processes import ProcessTree
from labrelay.settings import Ports, Settings

READY_S: Final = 90.0


@dataclass(frozen=True)
class Session:
    """The processes of a side, and clients to those who answer for them."""

    settings: Settings
    tree: ProcessTree
    side: str

    @property
    def repository(self) -> Client:
        """Client of the job repository."""
        return Client.of(self.settings, "job_repository")

    @property
    def launcher(self) -> Client:
        """Client of the task launcher."""
        return Client.of(self.settings, "task_launcher")

    def waiting_for(self) -> str:
        """What isn't ready yet, in plain words; empty when all is."""
        services = {"up": supervisor.SERVICES, "gateway": supervisor.GATEWAY, "oem": supervisor.OEM}[self.side]
        for name, (_, port) in services.items():
            try:
                Client.of(self.settings, port, retries=0).get("/readyz", read_s=5)
            except LabrelayError as error:
                return f"{name}: {error.cause}"
        return ""

    def await_ready(self, timeout_s: float = READY_S) -> None:
        """Wait until every service is ready.

        Raises:
            ServiceUnavailable: one isn't after `timeout_s` seconds; says which, and where its log is.
        """
        end = time.monotonic() + timeout_s
        while reason := self.waiting_for():
            if time.monotonic() > end:
                folder = run_folder(self.settings)
                raise ServiceUnavailable(f"Not ready: {reason}", next_step=f"Look into the logs in {folder}.")
            time.sleep(0.1)


def run_folder(settings: Settings) -> Path:
    """Where logs, process ids and the children's settings lie."""
    return settings.data / "run"


@contextmanager
def running(settings: Settings, side: str = "up") -> Iterator[Session]:
    """Start the processes of a side, stop them at the end.

    Raises:
        SettingsInvalid: labrelay already runs on this data folder, or a port is taken.
    """
    supervisor.require_extras(side, settings)
    config = run_folder(settings).resolve() / "settings.json"
    _hand_over(settings, config)
    tree = ProcessTree(supervisor.specs(side, settings, config), config.parent)
    tree.start(check=lambda: _refuse_taken(supervisor.ports(side, settings)))
    try:
        yield Session(settings, tree, side)
    finally:
        tree.stop()


def _hand_over(settings: Settings, config: Path) -> None:
    """Write the children's settings, which may hold passwords, so that their owner alone can read them."""
    config.parent.mkdir(parents=True, exist_ok=True)
    fresh = temporary_beside(config)
    fresh.touch(mode=0o600)
    fresh.write_text(settings.model_dump_json(indent=1), encoding="utf-8")
    fresh.replace(config)


def _refuse_taken(ports: Mapping[str, int]) -> None:
    taken = [f"{port} ({name})" for name, port in ports.items() if not _is_free(port)]
    if taken:
        raise SettingsInvalid(
            f"Somebody already listens on port {', '.join(taken)}.",
            next_step="Stop it (is labrelay running already?), or change the section [ports].",
        )


def free_ports(wanted: Ports) -> Ports:
    """`wanted` where all of them are free, else free ones (the dashboard keeps its own if it can)."""
    names = list(Ports.model_fields)
    if all(_is_free(getattr(wanted, name)) for name in names):
        return wanted
    kept = {"dashboard": wanted.dashboard} if _is_free(wanted.dashboard) else {}
    return Ports(**{name: kept.get(name) or port for name, port in zip(names, take_ports(len(names)), strict=True)})


def take_ports(count: int) -> list[int]:
    """Ports that nobody listens on now, all different."""
    probes = [socket.socket() for _ in range(count)]
    try:
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [int(probe.getsockname()[1]) for probe in probes]
    finally:
        for probe in probes:
            probe.close()


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        if os.name == "posix":  # elsewhere the option would let a taken port look free
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
