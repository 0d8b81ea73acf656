"""One finding of the doctor."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Self

from labrelay.words import Told


class Severity(StrEnum):
    """How much a finding matters; only `look` and `broken` need a person."""

    OK = "ok"
    NOTE = "note"
    LOOK = "look"
    BROKEN = "broken"


@dataclass(frozen=True)
class Finding:
    """What was looked at, how it fares, what to do, and a command that does it or shows more."""

    check: str
    severity: Severity
    detail: str
    next_step: str = ""
    command: str = ""

    @classmethod
    def of(cls, check: str, well: bool, detail: str, next_step: str = "", command: str = "") -> Self:
        """Well, or something to look at."""
        return cls(check, Severity.OK if well else Severity.LOOK, detail, next_step, command)

    @property
    def well(self) -> bool:
        """Whether nobody has to do anything."""
        return self.severity in (Severity.OK, Severity.NOTE)

    @property
    def foreign(self) -> bool:
        """Whether a service or the machine said it, in English."""
        return not isinstance(self.detail, Told)

    @property
    def document(self) -> dict[str, Any]:
        """For `--json`."""
        return {**{name: str(value) for name, value in vars(self).items()}, "well": self.well}
