"""The counts beside the list: what the jobs of a filter are, each a link that narrows or widens it."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from dashboard.jobs.address import JobsAddress
from dashboard.states import LOOKS, State
from labrelay.contracts.facets import Facets
from labrelay.words import N_, _

FEW: Final = 6
"""Values that are shown at once."""
GROUPS: Final[Mapping[str, str]] = {
    "code": N_("Why it failed"),
    "instrument": N_("Instrument"),
    "pipeline": N_("Pipeline"),
    "task": N_("Task"),
}


@dataclass(frozen=True)
class Choice:
    """One value: how many jobs have it, and the list with it (or, where it is chosen, without)."""

    title: str
    count: int
    url: str
    chosen: bool
    state: State | None = None


@dataclass(frozen=True)
class Group:
    """The values of one kind, most jobs first, chosen ones before all."""

    name: str
    title: str
    choices: tuple[Choice, ...]

    @property
    def few(self) -> tuple[Choice, ...]:
        """Those that are shown at once."""
        return self.choices[:FEW]

    @property
    def more(self) -> tuple[Choice, ...]:
        """Those behind them."""
        return self.choices[FEW:]


def groups_of(found: Facets, address: JobsAddress, tasks: Mapping[str, str]) -> tuple[Group, ...]:
    """The groups of a filter that tell its jobs apart, or that it chooses by; `tasks`: descriptions by id."""
    further = (_group(name, getattr(found, name), address, tasks) for name in GROUPS)
    states = Group("state", _("State"), tuple(_states(found, address)))
    return (states, *(group for group in further if len(group.choices) > 1 or any(c.chosen for c in group.choices)))


def _states(found: Facets, address: JobsAddress) -> Iterator[Choice]:
    for state, look in LOOKS.items():
        count = sum(found.stage.get(stage.value, 0) for stage in look.stages)
        chosen = address.state is state
        target = address.of_state(None if chosen else state)
        yield Choice(_(look.title), count, target.url, chosen, state)


def _group(name: str, counts: Mapping[str, int], address: JobsAddress, tasks: Mapping[str, str]) -> Group:
    chosen = {value for known, value in address.wanted.pairs if known == name}
    every = {**dict.fromkeys(sorted(chosen), 0), **counts}
    titled: Callable[[str], str] = (lambda value: tasks.get(value, value)) if name == "task" else str
    choices = [
        Choice(titled(value), count, address.toggled(name, value).url, value in chosen)
        for value, count in every.items()
    ]
    return Group(name, _(GROUPS[name]), tuple(sorted(choices, key=lambda each: (not each.chosen, -each.count))))
