"""What the copying worker does wrong with files below `odd/<kind>/`, at their first attempt; the next one is good.

Runs in the worker's process. Each misdeed leaves a line in `odd.log`, and one that the gateway took without a refusal
leaves another in `accepted.log`.
"""

import os
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final
from unittest import mock

from labrelay.contracts.aicsd import WireReport
from labrelay.contracts.launches import Claim
from labrelay.errors import RequestRefused
from labrelay.settings import load_settings
from pipelines.sdk import Capture
from pipelines.sdk.gateway import Gateway

ODD = "odd/"
DONE = "odd.log"
ACCEPTED = "accepted.log"
"""Both below the gateway's data folder."""
WRITES_FOR_S = 12.0


def kind_of(path: str, attempt: int) -> str:
    """What is to go wrong with a file, empty for nothing."""
    return path.split("/")[1] if path.startswith(ODD) and attempt == 1 else ""


def note(log: str, kind: str) -> None:
    """Leave a line."""
    file = os.open(load_settings().data / log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    try:
        os.write(file, f"{kind}\n".encode())
    finally:
        os.close(file)


def misbehave(capture: Capture, output_dir: Path) -> None:
    """Inside the function."""
    kind = kind_of(capture.source_path, capture.attempt)
    if kind in IN_FUNCTION:
        note(DONE, kind)
        IN_FUNCTION[kind](output_dir)


def _hang(_: Path) -> None:
    threading.Event().wait()


def _exit(_: Path) -> None:
    os._exit(3)


def _crash(_: Path) -> None:
    os.kill(os.getpid(), signal.SIGSEGV)


def _keep_writing(folder: Path) -> None:
    """Beside a function that is late, a thread that writes on and on, also when the attempt was taken over."""
    threading.Thread(target=_write, args=(folder,), daemon=True).start()
    time.sleep(WRITES_FOR_S / 2)


def _write(folder: Path) -> None:
    end = time.monotonic() + WRITES_FOR_S
    while time.monotonic() < end:
        folder.mkdir(parents=True, exist_ok=True)
        for name in ("a-copy.tif", "b-copy.tif", "more.tif"):
            (folder / name).write_bytes(os.urandom(1_000))
        time.sleep(0.05)


IN_FUNCTION: Final[dict[str, Callable[[Path], None]]] = {
    "hangs": _hang,
    "exits": _exit,
    "crashes": _crash,
    "writes on": _keep_writing,
}
SILENT: Final = frozenset({"late", "writes on"})
"""Kinds whose leases aren't renewed."""


class OddGateway(Gateway):
    """Reports that are late, double, false or another job's."""

    _before: Claim | None = None

    def renew(self, claim: Claim) -> None:
        """Some workers are never heard again."""
        if kind_of(claim.source_path, claim.attempt) not in SILENT:
            super().renew(claim)

    def report(self, claim: Claim, report: WireReport) -> None:
        """The right report, and what goes wrong around it."""
        kind = kind_of(claim.source_path, claim.attempt)
        misdeed = {
            "late": self._late,
            "twice": self._twice,
            "twice otherwise": self._twice_otherwise,
            "another's": self._anothers,
            "outside": self._outside,
            "other digest": self._other_digest,
        }.get(kind)
        if misdeed is None:
            super().report(claim, report)
        else:
            note(DONE, kind)
            misdeed(claim, report)
        OddGateway._before = claim

    def _late(self, claim: Claim, report: WireReport) -> None:
        time.sleep(2.5 * claim.lease_s)
        super().report(claim, report)
        note(ACCEPTED, "late")

    def _twice(self, claim: Claim, report: WireReport) -> None:
        for _ in range(2):
            super().report(claim, report)
        super().finish(claim, report.status)

    def _twice_otherwise(self, claim: Claim, report: WireReport) -> None:
        super().report(claim, report)
        other = report.model_copy(update={"results": "CellCount, -1", "output_files": ()})
        self._refused("twice otherwise", claim, other)

    def _anothers(self, claim: Claim, report: WireReport) -> None:
        """With its own key for the job that it had before, and for one that isn't there."""
        before = OddGateway._before
        for other in (before.job_id if before else "", "00000000-0000-4000-8000-000000000000"):
            url = claim.job_update_url.replace(claim.job_id, other or claim.task_id)
            self._refused("another's", claim.model_copy(update={"job_update_url": url}), report)
        super().report(claim, report)

    def _outside(self, claim: Claim, report: WireReport) -> None:
        folder = Path(claim.output_folder).parent
        for output in report.output_files or ():
            (folder / output.name).write_bytes(b"not in its folder")
        outside = tuple(each.model_copy(update={"dir_name": str(folder)}) for each in report.output_files or ())
        super().report(claim, report.model_copy(update={"output_files": outside}))

    def _other_digest(self, claim: Claim, report: WireReport) -> None:
        false = tuple(each.model_copy(update={"sha256": "0" * 64}) for each in report.output_files or ())
        super().report(claim, report.model_copy(update={"output_files": false}))

    def _refused(self, kind: str, claim: Claim, report: WireReport) -> None:
        try:
            super().report(claim, report)
        except RequestRefused:
            return
        note(ACCEPTED, kind)


def odd_gateway() -> "mock._patch[type[OddGateway]]":
    """Workers of this process call the gateway in these odd ways."""
    return mock.patch("pipelines.sdk.worker.Gateway", OddGateway)
