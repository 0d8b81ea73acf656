"""What a look at the audit chain may find."""

from dataclasses import dataclass, field
from enum import StrEnum


class Kind(StrEnum):
    """What isn't as it should be."""

    ROW_CHANGED = "row_changed"
    ROW_MISSING = "row_missing"
    CHAIN_CUT = "chain_cut"
    HEAD_NOT_GENUINE = "head_not_genuine"
    HEAD_BROKEN = "head_broken"
    MARKER_NOT_GENUINE = "marker_not_genuine"
    JOB_CHANGED = "job_changed"
    JOB_MISSING = "job_missing"
    ROLLED_BACK = "rolled_back"
    WITNESS_DIFFERS = "witness_differs"
    RECEIPT_UNKNOWN = "receipt_unknown"
    RECEIPT_DIFFERS = "receipt_differs"


@dataclass(frozen=True)
class Finding:
    """One thing that isn't as it should be; `number` is that of the audit row, 0 where there is none."""

    kind: Kind
    number: int
    detail: str


@dataclass
class Verdict:
    """Outcome of a verification.

    Attributes:
        rows: rows of the chain that were walked.
        findings: what isn't as it should be; more than `MOST` are counted, not listed.
        pruned_through: rows up to this number were taken out by a signed pruning; 0 for none.
        restores: numbers of the rows that tell of a restore from a backup.
        witnessed: heads and receipts of the witness that were confirmed.
        unconfirmed: those that a pruning or a restore leaves nothing to compare with.
    """

    rows: int = 0
    findings: list[Finding] = field(default_factory=list)
    pruned_through: int = 0
    restores: list[int] = field(default_factory=list)
    witnessed: int = 0
    unconfirmed: int = 0
    left_out: int = 0

    @property
    def intact(self) -> bool:
        """Whether nothing was found."""
        return not self.findings

    @property
    def first_bad(self) -> int | None:
        """The number of the first row that isn't as it should be; None when all is well."""
        return min((each.number for each in self.findings), default=None)

    def add(self, kind: Kind, number: int, detail: str) -> None:
        """Note a finding."""
        if len(self.findings) < MOST:
            self.findings.append(Finding(kind, number, detail))
        else:
            self.left_out += 1


MOST = 100
