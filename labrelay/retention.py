"""Clearing out: an owner's own loop deletes what a rule lets go, one by one, in two steps that a crash may part."""

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final, Protocol

from fastapi import APIRouter, Header
from requests import Response

from labrelay.contracts.retention import (
    Asked,
    AskedPage,
    Ended,
    Kind,
    Pile,
    Released,
    RetentionReport,
    RetentionReports,
    Verdict,
    Verdicts,
    Why,
)
from labrelay.errors import LabrelayError, ServiceUnavailable
from labrelay.http import Client, OwnThreads
from labrelay.http.roles import Role, allow
from labrelay.inputs import put_back, set_aside
from labrelay.loops import OwnerLoop
from labrelay.room import usage
from labrelay.settings.retention import AgeRule
from labrelay.telemetry import logger

_log = logger("labrelay.retention")
LOOP: Final = "retention"
"""Who acts where no person asked."""


@dataclass(frozen=True)
class Candidate:
    """Something that the rule concerns.

    Attributes:
        key: what its owner calls it.
        size: bytes.
        since_ns: when its age began.
        why: why it stays; `Why.NOTHING` lets it go.
    """

    key: str
    size: int
    since_ns: int
    why: Why


class Part(Protocol):
    """What an owner can delete."""

    @property
    def name(self) -> str:
        """For reports."""

    @property
    def folder(self) -> Path:
        """On whose disk it lies."""

    @property
    def rule(self) -> AgeRule:
        """When it may go."""

    def candidates(self) -> Iterable[Candidate]:
        """All that there is."""

    def remove(self, candidate: Candidate, actor: str) -> Why:
        """Delete one, asking once more; why it stays after all."""


class Clearing:
    """One part and its rule."""

    def __init__(self, part: Part) -> None:
        self._part = part

    @property
    def on(self) -> bool:
        """Whether a rule lets anything go."""
        return self._part.rule.on

    def look(self) -> RetentionReport:
        """What would go now, and why the rest stays. Deletes nothing."""
        return self._report(self._part.candidates(), lambda candidate: Why.NOTHING, dry=True)

    def run(self, actor: str) -> RetentionReport:
        """Delete what the rule lets go, the oldest first."""
        return self.take(self._part.candidates(), actor)

    def take(self, candidates: Iterable[Candidate], actor: str = LOOP) -> RetentionReport:
        """The same for these alone."""
        report = self._report(candidates, lambda candidate: self._part.remove(candidate, actor), dry=False)
        if report.goes.count:
            _log.info("deleted", part=report.part, rule=report.rule, count=report.goes.count, bytes=report.goes.bytes)
        return report

    def _report(
        self, candidates: Iterable[Candidate], remove: Callable[[Candidate], Why], *, dry: bool
    ) -> RetentionReport:
        piles: dict[Why, Pile] = {}
        trouble = ""
        try:
            for candidate in sorted(candidates, key=lambda each: each.since_ns):
                why = candidate.why or self._room(piles.get(Why.NOTHING, Pile()), dry=dry) or remove(candidate)
                piles[why] = piles.get(why, Pile()).more(candidate.size, candidate.since_ns)
        except LabrelayError as error:
            trouble = error.cause
        except OSError as error:
            trouble = f"{error.strerror or error} ({error.filename or self._part.folder})"
        goes, rule = piles.pop(Why.NOTHING, Pile()), self._part.rule.words
        return RetentionReport(part=self._part.name, rule=rule, dry=dry, goes=goes, stays=piles, trouble=trouble)

    def _room(self, gone: Pile, *, dry: bool) -> Why:
        """Whether the disk has room enough; a dry run reckons with what it would have deleted."""
        above = self._part.rule.above
        if not above:
            return Why.NOTHING
        used, free = usage(self._part.folder)
        whole = free / max(1e-9, 1 - used)
        return Why.NOTHING if used - (gone.bytes / whole if dry else 0.0) > above else Why.ROOM


class Sweeping(Protocol):
    """One rule at work."""

    @property
    def on(self) -> bool:
        """Whether it lets anything go."""

    def look(self) -> RetentionReport:
        """What would go."""

    def run(self, actor: str) -> RetentionReport:
        """Delete it."""


class Retention:
    """All that one service may delete, and the loop that does.

    Args:
        name: of the service.
        clearings: one for each rule.
        every_s: seconds between two looks.
        settle: ends what a crash cut in two; called before anything is deleted, and again after trouble.
    """

    def __init__(
        self,
        name: str,
        clearings: Iterable[Sweeping],
        every_s: float,
        settle: Callable[[], None] = lambda: None,
    ) -> None:
        self._clearings = list(clearings)
        self._settle = settle
        self._settled = False
        self._turn = threading.Lock()
        self._loop = OwnerLoop(f"{name} retention", self.turn, idle_s=every_s)

    def start(self) -> None:
        """Begin."""
        self._loop.start()

    def stop(self) -> None:
        """End after the turn."""
        self._loop.stop()

    def turn(self) -> bool:
        """Do what the rules say.

        Raises:
            ServiceUnavailable: it couldn't be done; it is tried again.
        """
        reports = self._run(LOOP, only_on=True)
        if trouble := next((each.trouble for each in reports.items if each.trouble), ""):
            raise ServiceUnavailable(trouble)
        return False

    def look(self) -> RetentionReports:
        """What would go now."""
        return RetentionReports(items=tuple(clearing.look() for clearing in self._clearings))

    def run(self, actor: str) -> RetentionReports:
        """Do now what the rules say."""
        return self._run(actor, only_on=False)

    def exclusively(self, act: Callable[[], RetentionReport]) -> RetentionReport:
        """Run something that deletes, while nothing else does."""
        with self._turn:
            self._end_old()
            report = act()
            self._settled = not report.trouble
            return report

    def _run(self, actor: str, *, only_on: bool) -> RetentionReports:
        with self._turn:
            self._end_old()
            due = [each for each in self._clearings if each.on or not only_on]
            reports = [each.run(actor) for each in due if not self._loop.stopping]
            self._settled = not any(report.trouble for report in reports)
        return RetentionReports(items=tuple(reports))

    def _end_old(self) -> None:
        if not self._settled:
            self._settle()
            self._settled = True


class Decisions:
    """The repository's word on what may go.

    Args:
        client: of the repository, or of the edge that passes it on.
        prefix: where the routes lie.
        headers: sent with every call.
    """

    def __init__(
        self, client: Client, prefix: str = "/api/v2/retention", headers: Mapping[str, str] | None = None
    ) -> None:
        self._client = client
        self._prefix = prefix
        self._headers = dict(headers or {})

    def judge(self, kind: Kind, asked: Sequence[Asked]) -> tuple[Verdict, ...]:
        """What would be said now, for at most 1000 things."""
        page = AskedPage(items=tuple(asked)).model_dump(mode="json")
        return Verdicts.model_validate(self._post(f"{kind}/judge", page).json()).items

    def let_go(self, released: Released) -> Why:
        """Decided for good, and written down; why it stays."""
        return Verdict.model_validate(self._post("released", released.model_dump(mode="json")).json()).why

    def ended(self, kind: Kind, key: str, *, deleted: bool) -> None:
        """What became of it."""
        told = Ended(kind=kind, key=key, deleted=deleted)
        self._post("ended", told.model_dump(mode="json"))

    def going(self, kind: Kind) -> list[str]:
        """What was let go, and nobody has said that it is deleted."""
        return [str(key) for key in self._client.get(f"{self._prefix}/{kind}/going", headers=self._headers)]

    def _post(self, route: str, body: object) -> Response:
        return self._client.request("POST", f"{self._prefix}/{route}", json=body, headers=self._headers)


def decided(path: Path, released: Released, decisions: Decisions) -> Why:
    """Set something aside and ask. Where it may go it lies at `going_of(path)`; else it stands again, and this is why.

    Raises:
        ServiceUnavailable: the repository doesn't answer; it stands again.
    """
    if set_aside(path) is None:
        return Why.IN_USE
    why = Why.UNFINISHED
    try:
        why = decisions.let_go(released)
    finally:
        if why is not Why.NOTHING:
            put_back(path)
    if why is not Why.NOTHING:
        decisions.ended(released.kind, released.key, deleted=False)
    return why


def retention_router(retention: Callable[[], Retention]) -> APIRouter:
    """The routes of one owner: what would go, and do it.

    Args:
        retention: finds it; some services make theirs when they start.
    """
    routes = APIRouter(prefix="/api/v2/retention", tags=["retention"], route_class=OwnThreads(4).route_class)

    @routes.get("")
    @allow(Role.VIEWER)
    def would_go() -> RetentionReports:
        """What the rules would delete now, and why the rest stays; deletes nothing."""
        return retention().look()

    @routes.post("/run")
    @allow(Role.ADMIN)
    def run(x_labrelay_actor: Annotated[str, Header()] = "local") -> RetentionReports:
        """Delete now what the rules let go."""
        return retention().run(x_labrelay_actor)

    return routes
