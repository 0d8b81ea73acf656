"""What `demo --plant` lets go wrong: the tasks with their gaps, and whether exactly the planted files were found."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from rich.console import Console

from labrelay.cli.table import shown
from labrelay.contracts.states import Stage
from labrelay.contracts.tasks import TaskDraft
from labrelay.errors import LabrelayError
from labrelay.http.client import Client
from labrelay.report import Report

WHAT: Final[Mapping[str, str]] = {
    "cut": "the file is cut off, as when the network goes away",
    "channel": "the protocol was set to channel 2, and no task takes _w2",
    "control": "its task has a parameter that makes no sense (z = sharpest instead of focus)",
}
MENDING: Final = frozenset({"retry", "reprocess"})

TASKS: Final = (
    TaskDraft(
        description="SYNTHETIC control wells → nuclei",
        selector={"in": ["_z1", {"var": "InputFile.Name"}]},
        pipeline="nuclei",
        parameters={"z": "sharpest"},
        order=50,
    ),
    TaskDraft(
        description="SYNTHETIC plate, channel 1 → nuclei",
        selector={"in": ["_w1", {"var": "InputFile.Name"}]},
        pipeline="nuclei",
    ),
)
"""The first has a wrong parameter, and both leave out what was taken with channel 2."""


@dataclass(frozen=True)
class Planted:
    """The files that were planted, by what is wrong with them.

    Attributes:
        missed: no failure came of them.
        mended: a person has seen to them before the report.
        others: files that failed or fit no task without being planted.
    """

    slips: Mapping[str, str]
    missed: tuple[str, ...]
    mended: tuple[str, ...]
    others: tuple[str, ...]

    @property
    def well(self) -> bool:
        """Exactly the planted files needed somebody."""
        return not self.missed and not self.others


def judge_planted(report: Report, slips: Mapping[str, str], mended: Callable[[str], bool]) -> Planted:
    """Compare what was planted with what the report tells.

    Args:
        report: of the plate.
        slips: what is wrong with a file, by its path.
        mended: whether a person has retried or reprocessed a job, by its id.
    """
    found = {failure.file for failure in report.failed} | set(report.unmatched)
    whole = {result.file: result.job_id for result in report.results if result.file in slips}
    by_hand = {file for file, job in whole.items() if mended(job)}
    return Planted(
        slips=slips,
        missed=tuple(sorted(slips.keys() - found - by_hand)),
        mended=tuple(sorted(by_hand)),
        others=tuple(sorted(found - slips.keys())),
    )


def well_but_for(report: Report, planted: Planted) -> bool:
    """Nothing is wrong but what was planted."""
    tables = all(table.stage is Stage.COMPLETE for table in report.tables)
    return planted.well and tables and not report.lost and not report.doubled


def seen_to(repository: Client) -> Callable[[str], bool]:
    """Tells of a job by its id whether a person has retried or reprocessed it."""

    def asked(job_id: str) -> bool:
        try:
            events = repository.get(f"/api/v2/jobs/{job_id}/timeline")["events"]
        except LabrelayError:
            return False
        return any(event["step"] in MENDING for event in events)

    return asked


def print_planted(planted: Planted, inbox: str) -> None:
    """Say what was planted, whether it was found, and where it can be mended."""
    console = Console(highlight=False)
    console.print(
        "[bold]planted, and found, and nothing else failed:[/]"
        if planted.well
        else "[bold red]planted, but not found as such:[/]"
    )
    for slip, words in WHAT.items():
        files = sorted(file for file, each in planted.slips.items() if each == slip)
        told = ", ".join(f"{shown(file)}{_state(file, planted)}" for file in files)
        console.print(f"  {words}: {told}")
    _list(console, "failed without being planted", planted.others)
    console.print(f"mend them here: {inbox}")


def _state(file: str, planted: Planted) -> str:
    if file in planted.missed:
        return " [red](not found)[/]"
    return " [green](mended)[/]" if file in planted.mended else ""


def _list(console: Console, what: str, files: Iterable[str]) -> None:
    for file in files:
        console.print(f"  [red]{what}[/]: {shown(file)}")
