"""The filter as controls of a form: what they show of an address, and the address that a filled form means."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from dashboard.jobs.address import JobsAddress, Pairs
from dashboard.states import LOOKS, State
from labrelay.contracts.filters import JobFilter
from labrelay.words import N_

SPANS: Final[Mapping[str, str]] = {
    "15m": N_("Last 15 minutes"),
    "1h": N_("Last hour"),
    "8h": N_("Last 8 hours"),
    "1d": N_("Last 24 hours"),
    "7d": N_("Last 7 days"),
    "30d": N_("Last 30 days"),
}
SHOWN: Final = ("q", "state", "last", "since", "until", "path", "plate")
"""Names that have a control of their own."""
FORMS: Final = ("where", "state", "last")
"""Names that only a form has; its address is then written anew."""


@dataclass(frozen=True)
class Controls:
    """What each control shows.

    Attributes:
        last: a span; one that isn't offered is shown as it is written.
        since: a moment for `datetime-local`, in the gateway's time zone; empty for a span.
        further: conditions without a control, which go on with the form.
    """

    q: str
    state: State | None
    last: str
    since: str
    until: str
    path: str
    plate: str
    further: tuple[tuple[str, str], ...]

    @property
    def detailed(self) -> bool:
        """Whether one of the rarer controls says something."""
        return any((self.since, self.until, self.path, self.plate))


def controls_of(address: JobsAddress) -> Controls:
    """The controls of an address. Where one shows only one value, several go on as further conditions."""
    wanted = address.wanted
    single = {name: getattr(wanted, name) for name in ("q", "path", "plate") if len(getattr(wanted, name)) == 1}
    times = {name: _local(getattr(wanted, name)) for name in ("since", "until")}
    covered = set(single) | {"since"} | {name for name, shown in times.items() if shown}
    if address.state:
        covered.add("stage")
    return Controls(
        q=next(iter(single.get("q", ())), ""),
        state=address.state,
        last="" if times["since"] else wanted.since,
        since=times["since"],
        until=times["until"],
        path=next(iter(single.get("path", ())), ""),
        plate=next(iter(single.get("plate", ())), ""),
        further=tuple(pair for pair in wanted.pairs if pair[0] not in covered),
    )


def asked_by_form(pairs: Pairs) -> Pairs | None:
    """The query that a sent form means; None where the query is an address already.

    Raises:
        FilterInvalid: its text can't be read.
    """
    given = dict(pairs)
    if not any(name in given for name in FORMS):
        return None
    kept = [(name, value) for name, value in pairs if value and name not in (*FORMS, "since", "until", "after", "via")]
    if "where" in given:
        return [*kept, *JobFilter.parse(given["where"]).pairs]
    state = given.get("state", "")
    if state in set(State):
        kept = [pair for pair in kept if pair[0] != "stage"]
        kept += [("stage", stage.value) for stage in LOOKS[State(state)].stages]
    since = _last(pairs, "since") or given.get("last", "")
    return [*kept, *(pair for pair in (("since", since), ("until", _last(pairs, "until"))) if pair[1])]


def _last(pairs: Pairs, name: str) -> str:
    return next((value for known, value in reversed(pairs) if known == name and value), "")


def _local(text: str) -> str:
    """A moment as `datetime-local` shows it; empty for a span."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return ""
    return f"{at if at.tzinfo is None else at.astimezone():%Y-%m-%dT%H:%M}"
