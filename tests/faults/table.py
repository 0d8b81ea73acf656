"""What a run found: a row for each fault, the table for people and the document for programs."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from statistics import median
from typing import Any

from rich.table import Table

from tests.faults.fault import Fault

HEADINGS = ("fault", "times", "lost", "doubled", "stuck", "recovered in s (median)", "(max)", "inferences wasted")


@dataclass
class Row:
    """What one fault did.

    Attributes:
        rounds: how often it was brought about.
        times: how often it struck in these rounds.
        recovered_s: per round, seconds until everything was accounted for.
        wasted: inferences beyond the first of each content.
        strange: contents in the output folder that nobody wrote, unfinished files left behind, rotten inputs, and what
            nobody was told while it was wrong.
    """

    fault: Fault
    rounds: int = 0
    times: int = 0
    lost: int = 0
    doubled: int = 0
    stuck: int = 0
    strange: int = 0
    recovered_s: list[float] = field(default_factory=list)
    wasted: int = 0
    not_injected: str = ""

    @property
    def bad(self) -> int:
        return self.lost + self.doubled + self.stuck + self.strange

    @property
    def missed(self) -> bool:
        """A required fault that never came about."""
        return self.fault.required and not self.times

    def document(self) -> dict[str, Any]:
        return {
            "fault": self.fault.name,
            "required": self.fault.required,
            "rounds": self.rounds,
            "times": self.times,
            "lost": self.lost,
            "doubled": self.doubled,
            "stuck": self.stuck,
            "strange": self.strange,
            "recover_median_s": round(median(self.recovered_s), 1) if self.recovered_s else None,
            "recover_max_s": round(max(self.recovered_s), 1) if self.recovered_s else None,
            "inferences_wasted": self.wasted,
            "not_injected": self.not_injected,
        }


@dataclass
class Report:
    """All rows, and what was found in words."""

    rows: dict[str, Row]
    files: int = 0
    findings: list[dict[str, Any]] = field(default_factory=list)

    @classmethod
    def of(cls, faults: Iterable[Fault]) -> "Report":
        return cls({fault.name: Row(fault) for fault in faults})

    @property
    def well(self) -> bool:
        return not any(row.bad or row.missed for row in self.rows.values())

    def document(self) -> dict[str, Any]:
        rows = self.rows.values()
        return {
            "injected": sum(row.times for row in rows),
            "files": self.files,
            "lost": sum(row.lost for row in rows),
            "doubled": sum(row.doubled for row in rows),
            "stuck": sum(row.stuck for row in rows),
            "strange": sum(row.strange for row in rows),
            "well": self.well,
            "by_fault": [row.document() for row in rows],
            "findings": self.findings,
        }

    def table(self) -> Table:
        """For people; what is wrong is red."""
        table = Table(*HEADINGS, title=f"{self.files} files")
        for row in self.rows.values():
            told = row.document()
            keys = ("lost", "doubled", "stuck", "recover_median_s", "recover_max_s", "inferences_wasted")
            cells = ["–" if told[key] is None else str(told[key]) for key in keys]
            colour = "red" if row.bad or row.missed else None
            table.add_row(row.fault.name, str(row.times), *cells, style=colour)
        return table

    def markdown(self) -> str:
        """For the page in docs."""
        lines = ["| " + " | ".join(HEADINGS) + " |", "|" + "---|" * len(HEADINGS)]
        for row in self.rows.values():
            told = row.document()
            keys = (
                "fault",
                "times",
                "lost",
                "doubled",
                "stuck",
                "recover_median_s",
                "recover_max_s",
                "inferences_wasted",
            )
            lines.append("| " + " | ".join("–" if told[key] is None else str(told[key]) for key in keys) + " |")
        return "\n".join(lines)
