"""What a filter asks for in words, each condition with the address of the list without it."""

from dataclasses import dataclass
from typing import Final

from dashboard.jobs.address import JobsAddress
from dashboard.jobs.controls import SPANS
from dashboard.states import LOOKS
from labrelay.words import N_, _

NAMES: Final[dict[str, str]] = {
    "job": N_("Job"),
    "stage": N_("Stage"),
    "status": N_("AiCSD status"),
    "code": N_("Why it failed"),
    "instrument": N_("Instrument"),
    "pipeline": N_("Pipeline"),
    "task": N_("Task"),
    "plate": N_("Plate"),
    "path": N_("Path contains"),
    "capture_id": N_("File's content"),
    "kind": N_("Kind"),
    "well": N_("Well"),
    "overdue": N_("Waits longer than usual"),
    "waived": N_("Accepted as it is"),
    "q": N_("Contains"),
    "since": N_("Changed since"),
    "until": N_("Changed before"),
}


@dataclass(frozen=True)
class Condition:
    """One condition: `without` is the address of the list without it."""

    name: str
    value: str
    without: str


def conditions_of(address: JobsAddress, tasks: dict[str, str]) -> tuple[Condition, ...]:
    """The conditions of an address; the stages of one state are one, `tasks` are descriptions by id."""
    if state := address.state:
        told = Condition(_("State"), _(LOOKS[state].title), address.of_state(None).url)
        return (told, *_single(address, tasks, "stage"))
    return _single(address, tasks)


def _single(address: JobsAddress, tasks: dict[str, str], left_out: str = "") -> tuple[Condition, ...]:
    return tuple(
        Condition(_name(name, value), _value(name, value, tasks), address.toggled(name, value).url)
        for name, value in address.wanted.pairs
        if name != left_out
    )


def _name(name: str, value: str) -> str:
    return _("Changed") if name == "since" and value in SPANS else _(NAMES.get(name, name))


def _value(name: str, value: str, tasks: dict[str, str]) -> str:
    if name == "since" and value in SPANS:
        return _(SPANS[value])
    return tasks.get(value, value) if name == "task" else value.replace("_", " ") if name == "stage" else value
