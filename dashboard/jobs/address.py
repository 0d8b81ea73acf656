"""What the list of jobs shows, as its address says it: the filter in the API's words, and the place in the list."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import urlencode

from dashboard.states import LOOKS, State
from labrelay.contracts.filters import FilterInvalid, JobFilter
from labrelay.contracts.states import Stage

PATH: Final = "/jobs"
MOST_VIA: Final = 20
"""Newer pages that an address remembers."""

Pairs = Sequence[tuple[str, str]]
EVERY: Final = JobFilter()


@dataclass(frozen=True)
class JobsAddress:
    """One page of the list.

    Attributes:
        wanted: which jobs.
        after: cursor of an older page, as the repository gave it.
        via: cursors of the pages on the way there, newest page first; an empty one is the first page.
    """

    wanted: JobFilter = EVERY
    after: str = ""
    via: tuple[str, ...] = ()

    @classmethod
    def read(cls, pairs: Pairs) -> "JobsAddress":
        """The page that a query's names and values stand for.

        Raises:
            FilterInvalid: one of them makes no sense.
        """
        given = [(name, value) for name, value in pairs if value]
        own = dict(pair for pair in given if pair[0] in ("after", "via"))
        wanted = JobFilter.of([pair for pair in given if pair[0] not in ("after", "via")])
        via = tuple(own["via"].split("~"))[-MOST_VIA:] if "via" in own else ()
        return cls(wanted, own.get("after", ""), via)

    @property
    def url(self) -> str:
        """Where this page is."""
        place = [("after", self.after)] if self.after else []
        return _url(PATH, [*self.wanted.pairs, *place, *([("via", "~".join(self.via))] if self.via else [])])

    @property
    def first(self) -> "JobsAddress":
        """The newest page of the same filter."""
        return replace(self, after="", via=())

    def older(self, cursor: str) -> "JobsAddress":
        """The next page."""
        return replace(self, after=cursor, via=(*self.via, self.after)[-MOST_VIA:])

    @property
    def newer(self) -> "JobsAddress":
        """The page before; the newest one where the way back is forgotten."""
        return replace(self, after=self.via[-1], via=self.via[:-1]) if self.via else self.first

    def twin(self, kind: str) -> str:
        """The same jobs as `json` (this page) or as `csv` or `xlsx` (all that the filter takes)."""
        place = [("after", self.after)] if self.after and kind == "json" else []
        return _url(f"{PATH}.{kind}", [*self.wanted.pairs, *place])

    def having(self, name: str, values: Iterable[str]) -> "JobsAddress":
        """The first page of the filter with these values under a name, instead of those that it had there."""
        kept = [pair for pair in self.wanted.pairs if pair[0] != name]
        pairs = [*kept, *((name, value) for value in values)]
        try:
            return JobsAddress(JobFilter.of(pairs))
        except FilterInvalid:  # a well is one of a plate
            return JobsAddress(JobFilter.of([pair for pair in pairs if pair[0] != "well"]))

    def toggled(self, name: str, value: str) -> "JobsAddress":
        """With this value where the filter hadn't it; without it where it had."""
        had = [each for known, each in self.wanted.pairs if known == name]
        return self.having(name, [each for each in had if each != value] if value in had else [*had, value])

    @property
    def state(self) -> State | None:
        """The state whose stages are asked for, all of them and no other."""
        asked = set(self.wanted.stage)
        return next((state for state, look in LOOKS.items() if set(look.stages) == asked), None)

    def of_state(self, state: State | None) -> "JobsAddress":
        """The first page of a state's stages; None for all."""
        return self.having("stage", LOOKS[state].stages if state else ())

    @property
    def stages(self) -> tuple[Stage, ...]:
        """The stages of jobs that belong here; empty for all."""
        return self.wanted.stage


def _url(path: str, pairs: Pairs) -> str:
    return f"{path}?{urlencode(pairs)}" if pairs else path
