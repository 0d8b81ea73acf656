"""Two sides of real process trees with data folders of their own, joined through a faulty network alone."""

import random
import signal
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

import psutil

from labrelay.errors import LabrelayError
from labrelay.http.client import Client
from labrelay.processes import alive, await_end, recorded_process
from tests.chain.commands import Side, start
from tests.faults.copying import LOG
from tests.faults.oracle import Oracle, Verdict
from tests.faults.places import Places as Places
from tests.faults.places import gateway_file, oem_file
from tests.faults.relay import Relay
from tests.faults.stream import Stream
from tests.ports import take_ports

ENDED = ("complete", "failed", "unmatched", "cancelled", "superseded")
COMMAND = "tests.faults.command"


@dataclass
class TwoSides:
    """The instrument's PC, the gateway, the network between them and an instrument.

    Attributes:
        oem: `labrelay oem`.
        gateway: `labrelay gateway`.
        relay: everything between the two goes through it.
        stream: the instrument; `stream.write` for files of a fault's own.
        oracle: the only judge.
        strikes: how often the fault that is on now has struck; the harness sets it back.
        given_up: names that were counted as lost or stuck before.
        unsaid: what nobody was told while it was wrong; the harness empties it.
        stuck_jobs: jobs that were counted as stuck before.
    """

    places: Places
    oem: Side
    gateway: Side
    relay: Relay
    stream: Stream
    oracle: Oracle
    strikes: int = 0
    given_up: set[str] = field(default_factory=set)
    unsaid: list[str] = field(default_factory=list)
    stuck_jobs: int = 0

    @property
    def repository(self) -> Client:
        return Client(self.gateway.settings.service_url("job_repository"), retries=5)

    @property
    def launcher(self) -> Client:
        return Client(self.gateway.settings.service_url("task_launcher"), retries=5)

    def side_of(self, name: str) -> Side:
        """Which side has a child of this name: `oem` one, the gateway `gateway`, `redis` and its pipelines."""
        return self.oem if name == "oem" else self.gateway

    def process(self, name: str) -> psutil.Process | None:
        """The child of this name, while it runs."""
        return recorded_process(self.side_of(name).settings.data / "run" / f"{name}.pid")

    def family(self, name: str) -> list[psutil.Process]:
        """The child of this name and its own children, while they run."""
        process = self.process(name)
        try:
            return [process, *process.children(recursive=True)] if process else []
        except psutil.NoSuchProcess:
            return []

    def kill(self, name: str) -> int:
        """kill -9 a child with its own children; its supervisor starts it again. How many processes died."""
        return kill_all(self.family(name))

    @contextmanager
    def standing_still(self, name: str) -> Iterator[None]:
        """A child and its own children don't get the processor (SIGSTOP) until the block ends."""
        family = self.family(name)
        signal_all(family, signal.SIGSTOP)
        try:
            yield
        finally:
            signal_all(family, signal.SIGCONT)

    def strike(self, count: int) -> None:
        """Count what a fault has hit."""
        self.strikes += count

    @contextmanager
    def nobody_restarts(self, side: str) -> Iterator[None]:
        """A side's supervisor stands still until the block ends, so that what is killed stays away meanwhile."""
        supervisor = psutil.Process(getattr(self, side).process.pid)
        supervisor.suspend()
        try:
            yield
        finally:
            supervisor.resume()

    def kill_supervisor(self, side: str) -> list[psutil.Process]:
        """kill -9 `oem` or `gateway`'s supervisor alone; what it left, which ends by itself."""
        victim: Side = getattr(self, side)
        left = victim.family()
        victim.kill()
        return left

    def start(self, side: str) -> None:
        """Start a side again, as systemd would."""
        setattr(self, side, start(side, getattr(self, side).config, module=COMMAND))

    def stop(self, side: str) -> None:
        """Stop a side in good order (Ctrl-C)."""
        getattr(self, side).stop()

    @contextmanager
    def stopped(self, side: str) -> Iterator[None]:
        """A side is off until the block ends."""
        self.stop(side)
        yield
        self.start(side)

    def stages(self) -> dict[str, int]:
        """How many jobs stand at which stage."""
        stages = self.repository.get("/api/v2/summary")["stages"]
        return {stage: count for stage, count in stages.items() if count}

    def open_jobs(self) -> int:
        """Jobs that haven't ended."""
        return sum(count for stage, count in self.stages().items() if stage not in ENDED)

    def jobs_of(self, name: str) -> list[dict[str, Any]]:
        """The jobs of a file, newest first."""
        found: list[dict[str, Any]] = self.repository.get("/api/v2/jobs", params={"path": name, "limit": "100"})[
            "items"
        ]
        return [job for job in found if job["source"]["path"] == name]

    def look(self) -> Verdict:
        """What the oracle sees now of all that isn't given up already."""
        gone = self.given_up | self.stream.forgiven
        expected = {name: digest for name, digest in self.stream.written.items() if name not in gone}
        return self.oracle.look(expected, frozenset(self.stream.ever))

    def settle(self, seconds: float = 180.0) -> tuple[Verdict, float]:
        """Wait until everything is accounted for; what the oracle sees then, and how long it took.

        Args:
            seconds: so long nothing may move; a slow machine with a long queue is no fault.
        """
        begin = moved = time.monotonic()
        least = left = self.left()
        while any(left) and time.monotonic() - moved < seconds:
            time.sleep(0.25)
            left = self.left()
            if left < least:
                least, moved = left, time.monotonic()
        took = time.monotonic() - begin
        time.sleep(1.0)  # what comes twice may come late
        return self.look(), took

    def left(self) -> tuple[int, int]:
        """How many files are missing, and how many are half-written or jobs open; more while nobody answers."""
        verdict = self.look()
        try:
            open_jobs = max(0, self.open_jobs() - self.stuck_jobs)
        except LabrelayError:
            open_jobs = len(self.stream.written) + 1
        return len(verdict.missing), len(verdict.temporary) + open_jobs

    def close(self) -> None:
        """Stop both sides."""
        for side in (self.oem, self.gateway):
            side.stop()


@contextmanager
def two_sides(
    places: Places,
    chance: random.Random,
    *,
    oem: str = "",
    gateway: str = "",
    bento: bool = True,
    rescan_s: float = 3.0,
    parameters: Mapping[str, str] | None = None,
) -> Iterator[TwoSides]:
    """Both sides, until the block ends.

    Args:
        places: where things lie.
        chance: for all that is random in the stream.
        oem: further lines of the watched folder's table, which is the last of the OEM side's settings.
        gateway: further tables of the gateway's settings.
        bento: a Bento copies what is called `bento…`; without it the worker copies all.
        rescan_s: seconds between two scans of the watched folder: few, so that what events don't tell is found soon.
        parameters: of the task that is for all but the Bento's files.
    """
    for folder in (places.images, places.results, places.oem, places.gateway, places.settings):
        folder.mkdir(parents=True, exist_ok=True)
    outside = start("gateway", gateway_file(places, bento, gateway), module=COMMAND)
    with ExitStack() as stack:
        stack.callback(outside.stop)
        (port,) = take_ports(1)
        relay = Relay(port, outside.settings.ports.edge)
        stack.callback(relay.close)
        inside = start("oem", oem_file(places, port, rescan_s, oem), module=COMMAND)
        oracle = Oracle(places.results, places.gateway / "gateway", places.gateway / LOG, places.images)
        sides = TwoSides(places, inside, outside, relay, Stream(places.images, chance), oracle)
        stack.callback(sides.close)
        add_tasks(sides, bento, parameters or {})
        yield sides


def add_tasks(sides: TwoSides, bento: bool, parameters: Mapping[str, str]) -> None:
    """What is called `bento…` goes to the Bento, all else to the worker."""
    if bento:
        selector = {"in": ["bento", {"var": "InputFile.Name"}]}
        body = {"description": "called bento…", "selector": selector, "pipeline": "bento", "order": 1}
        sides.launcher.post("/api/v2/tasks", body)
    rest = {"description": "all else", "selector": True, "pipeline": "copying", "parameters": dict(parameters)}
    sides.launcher.post("/api/v2/tasks", rest)


def kill_all(processes: list[psutil.Process]) -> int:
    """kill -9, and wait until they are gone."""
    killed = signal_all(processes, signal.SIGKILL)
    await_end(processes, 10)
    return killed


def signal_all(processes: list[psutil.Process], number: signal.Signals) -> int:
    """Send a signal to all that still run; how many these were."""
    sent = 0
    for process in processes:
        if alive(process):
            process.send_signal(number)
            sent += 1
    return sent
