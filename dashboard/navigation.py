"""The pages that every page leads to."""

from dataclasses import dataclass
from typing import Final

from labrelay.words import N_


@dataclass(frozen=True)
class Place:
    """One page of the navigation; `key` is what a template sets as `here`."""

    key: str
    path: str
    title: str


PLACES: Final = (
    Place("now", "/", N_("Now")),
    Place("plates", "/plates", N_("Plates")),
    Place("jobs", "/jobs", N_("Jobs")),
    Place("inbox", "/inbox", N_("Inbox")),
    Place("review", "/review", N_("Review")),
    Place("instruments", "/instruments", N_("Instruments")),
    Place("tasks", "/tasks", N_("Tasks")),
    Place("models", "/models", N_("Models")),
    Place("system", "/system", N_("System")),
)
