"""The input store as retention sees it: contents that captures name, and pushed ones that nobody names."""

import re
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Final

from labrelay.contracts.retention import Asked, Kind, Released, Why
from labrelay.inputs import GOING, drop, going_of, put_back
from labrelay.layout import GatewayLayout
from labrelay.retention import Candidate, Decisions, decided
from labrelay.settings.retention import AgeRule

PAGE: Final = 500
_DIGEST: Final = re.compile(r"[0-9a-f]{64}")
_OF_THE_OTHER: Final = {Kind.INPUTS: Why.UNNAMED, Kind.PUSHES: Why.NAMED}


class Stock:
    """Contents of one kind.

    Args:
        kind: `inputs` or `pushes`.
        layout: the gateway's folder.
        rule: when they may go.
        decisions: the repository's word.
    """

    def __init__(self, kind: Kind, layout: GatewayLayout, rule: AgeRule, decisions: Decisions) -> None:
        self.name = kind.value
        self.folder = layout.root
        self.rule = rule
        self._kind = kind
        self._layout = layout
        self._decisions = decisions

    def candidates(self) -> Iterator[Candidate]:
        """All contents of this kind."""
        return self.judged(_blobs(self._layout))

    def judged(self, blobs: Iterable[Path]) -> Iterator[Candidate]:
        """These contents with what the repository says of them; those of the other kind are left out."""
        left = iter(blobs)
        while page := list(islice(left, PAGE)):
            found = {key_of(blob): stat for blob in page if (stat := _stat(blob))}
            asked = [Asked(key=key, modified_ns=stat[1]) for key, stat in found.items()]
            for verdict in self._decisions.judge(self._kind, asked) if asked else ():
                if verdict.why is not _OF_THE_OTHER[self._kind]:
                    yield Candidate(verdict.key, found[verdict.key][0], verdict.since_ns, verdict.why)

    def remove(self, candidate: Candidate, actor: str) -> Why:
        """Set it aside, ask, delete; why it stays after all.

        Raises:
            ServiceUnavailable: the repository doesn't answer; it stays.
        """
        blob = blob_of(self._layout, candidate.key)
        released = Released(
            kind=self._kind,
            key=candidate.key,
            size=candidate.size,
            sha256=blob.name,
            rule=self.rule.words,
            actor=actor,
            asked=Asked(key=candidate.key, modified_ns=(_stat(blob) or (0, 0))[1]),
        )
        why = decided(blob, released, self._decisions)
        if why is Why.NOTHING:
            drop(going_of(blob))
            self._decisions.ended(self._kind, candidate.key, deleted=True)
        return why

    def settle(self) -> None:
        """After a crash: what was set aside stands again; then the repository hears what is there and what isn't."""
        cut = list((self._layout.root / "inputs").glob(f"*/*/*{GOING}"))
        for going in cut:
            put_back(going.with_name(going.name.removesuffix(GOING)))
        if not (cut or self.rule.on):
            return
        for key in self._decisions.going(self._kind):
            self._decisions.ended(self._kind, key, deleted=not blob_of(self._layout, key).exists())


def key_of(blob: Path) -> str:
    """How the repository calls a content."""
    return f"{blob.parents[1].name}/{blob.name}"


def blob_of(layout: GatewayLayout, key: str) -> Path:
    """Where a content lies."""
    return layout.input_blob(*key.split("/", 1))


def _blobs(layout: GatewayLayout) -> Iterator[Path]:
    return (path for path in (layout.root / "inputs").glob("*/*/*") if _DIGEST.fullmatch(path.name))


def _stat(blob: Path) -> tuple[int, int] | None:
    """Bytes and last change; None where it is gone."""
    try:
        seen = blob.stat()
    except OSError:
        return None
    return seen.st_size, seen.st_mtime_ns
