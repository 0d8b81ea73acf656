"""The run: files stream in, a fault strikes, everything is waited for, the oracle judges, a row grows."""

import random
import time
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

from labrelay.errors import LabrelayError
from tests.faults.fault import Fault, NotInjected
from tests.faults.oracle import Verdict
from tests.faults.system import ENDED, TwoSides
from tests.faults.table import Report, Row

LEAD_S = 0.8
TOGETHER = 0.25
"""Share of the rounds after the first pass in which two faults strike at once."""


@dataclass
class Harness:
    """Brings faults about in one running system.

    Args:
        sides: the system.
        faults: the catalogue of this run.
        chance: for the order; each fault gets a source of its own, so that one that draws more doesn't change the rest.
    """

    sides: TwoSides
    faults: tuple[Fault, ...]
    chance: random.Random
    report: Report = field(init=False)
    _wasted: int = 0
    _told: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.report = Report.of(self.faults)

    def run(self, seconds: float) -> Iterator[str]:
        """Each fault once, in random order and however long that takes; then random ones until the time is over.

        Of these later ones some strike two at once. A line for people comes after each round.
        """
        end = time.monotonic() + seconds
        for fault in self.chance.sample(self.faults, len(self.faults)):
            yield self.round([fault])
        while time.monotonic() < end:
            yield self.round(self._drawn())

    def _drawn(self) -> list[Fault]:
        (first,) = self.chance.sample([fault for fault in self.faults if not fault.dear] or self.faults, 1)
        others = [fault for fault in self.faults if fault.together and not fault.dear and fault != first]
        if first.together and others and self.chance.random() < TOGETHER:
            return [first, self.chance.choice(others)]
        return [first]

    def round(self, faults: list[Fault]) -> str:
        """One injection, and the row of its (first) fault grows; what happened, in a line."""
        row = self.report.rows[faults[0].name]
        name = " + ".join(fault.name for fault in faults)
        before = row.bad
        self.sides.strikes = 0
        self.sides.unsaid.clear()
        reason = self._struck(faults, row)
        verdict, took = self.sides.settle(max(fault.settle_s for fault in faults))
        row.rounds += 1
        row.times += 0 if reason else self.sides.strikes
        row.recovered_s.append(took)
        self._judge(row, name, verdict)
        injected = f"not injected: {reason}" if reason else f"{self.sides.strikes} strikes"
        state = "[red]NOT WELL[/]" if row.bad > before else "well"
        return f"{name}: {injected}, recovered in {took:.1f} s, {self.report.files} files, {state}"

    def _struck(self, faults: Iterable[Fault], row: Row) -> str:
        """Bring faults about while files stream in; why they didn't come about."""
        try:
            with self.sides.stream.running(), ExitStack() as stack:
                time.sleep(LEAD_S)
                for fault in faults:
                    stack.enter_context(fault.inject(self.sides, random.Random(self.chance.random())))
        except (NotInjected, LabrelayError) as error:
            row.not_injected = str(error) or "it met nothing"
            return row.not_injected
        except AssertionError as error:  # what a fault waited for never came
            self.sides.unsaid.append(str(error))
        return ""

    def _judge(self, row: Row, name: str, verdict: Verdict) -> None:
        self.report.files = len(self.sides.stream.written)
        wasted, self._wasted = self.sides.oracle.wasted() - self._wasted, self.sides.oracle.wasted()
        row.wasted += wasted
        open_names = {path for path in verdict.missing if self._open(path)}
        stuck_jobs = max(0, self._open_jobs() - self.sides.stuck_jobs)
        others = {*verdict.strange, *verdict.temporary, *verdict.rotten, *self.sides.unsaid} - self._told
        row.lost += len(set(verdict.missing) - open_names)
        row.stuck += max(len(open_names), stuck_jobs)
        row.doubled += len(verdict.doubled)
        row.strange += len(others)
        if stuck_jobs or others or verdict.missing or verdict.doubled:
            self.report.findings.append(self._finding(name, verdict, others))
        self.sides.given_up |= {*verdict.missing, *verdict.doubled}
        self.sides.stuck_jobs += stuck_jobs
        self._told |= others

    def _open(self, path: str) -> bool:
        return any(job["stage"] not in ENDED for job in self._jobs_of(path))

    def _jobs_of(self, path: str) -> list[dict[str, Any]]:
        try:
            return self.sides.jobs_of(path)
        except LabrelayError:
            return []

    def _open_jobs(self) -> int:
        try:
            return self.sides.open_jobs()
        except LabrelayError:
            return 0

    def _finding(self, name: str, verdict: Verdict, others: set[str]) -> dict[str, Any]:
        """Everything that helps to find out why."""
        jobs = {path: self._jobs_of(path) for path in [*verdict.missing, *verdict.doubled][:5]}
        files = len(self.sides.stream.written)
        return {"fault": name, "files": files, "verdict": vars(verdict), "others": sorted(others), "jobs": jobs}
