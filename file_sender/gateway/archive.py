"""Sealed outputs as retention sees them: one folder a job, which goes when the instrument's side has all of it."""

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Final
from uuid import UUID

from labrelay.contracts.retention import Asked, Kind, Released, Why
from labrelay.http import Client
from labrelay.inputs import GOING, drop, put_back
from labrelay.layout import GatewayLayout
from labrelay.retention import Candidate, Clearing, Decisions, Retention, decided
from labrelay.settings import Settings
from labrelay.settings.retention import OutputRule

PAGE: Final = 500


class Archive:
    """The sealed outputs of all jobs.

    Args:
        layout: the gateway's folder.
        rule: when they may go.
        decisions: the repository's word.
    """

    name = Kind.OUTPUTS.value

    def __init__(self, layout: GatewayLayout, rule: OutputRule, decisions: Decisions) -> None:
        self.folder = layout.root / "outputs"
        self.rule = rule
        self._decisions = decisions

    def candidates(self) -> Iterator[Candidate]:
        """The outputs of every job."""
        folders = iter([each for each in self.folder.glob("*") if _is_job(each.name)])
        while page := list(islice(folders, PAGE)):
            asked = [Asked(key=each.name, modified_ns=each.stat().st_mtime_ns) for each in page]
            for verdict, folder in zip(self._decisions.judge(Kind.OUTPUTS, asked), page, strict=True):
                yield Candidate(verdict.key, _size(folder), verdict.since_ns, verdict.why)

    def remove(self, candidate: Candidate, actor: str) -> Why:
        """Set them aside, ask, delete; why they stay after all.

        Raises:
            ServiceUnavailable: the repository doesn't answer; they stay.
        """
        released = Released(
            kind=Kind.OUTPUTS,
            key=candidate.key,
            size=candidate.size,
            rule=self.rule.words,
            actor=actor,
            asked=Asked(key=candidate.key),
        )
        why = decided(self.folder / candidate.key, released, self._decisions)
        if why is Why.NOTHING:
            self._delete(candidate.key)
        return why

    def settle(self) -> None:
        """After a crash: what was decided is done, what wasn't stands again."""
        cut = [each.name.removesuffix(GOING) for each in self.folder.glob(f"*{GOING}")]
        going = set(self._decisions.going(Kind.OUTPUTS)) if cut or self.rule.on else set()
        for key in going:
            self._delete(key)
        for key in cut:
            if key not in going:
                put_back(self.folder / key)

    def _delete(self, key: str) -> None:
        going = self.folder / f"{key}{GOING}"
        if going.exists():
            drop(going)
        # Outputs that stand under their own name are of a later attempt, whatever was decided before it.
        self._decisions.ended(Kind.OUTPUTS, key, deleted=not (self.folder / key).exists())


def output_retention(settings: Settings, repository: Client) -> Retention:
    """The rule of the sealed outputs at work."""
    rules = settings.retention
    archive = Archive(settings.gateway_layout, rules.outputs, Decisions(repository))
    return Retention("file-sender-gateway", [Clearing(archive)], rules.every_s, archive.settle)


def _is_job(name: str) -> bool:
    try:
        return str(UUID(name)) == name
    except ValueError:
        return False


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
