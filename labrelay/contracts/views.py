"""Views: choices of jobs that a lab keeps by name, the same for everybody."""

from typing import Annotated, Final

from pydantic import StringConstraints

from labrelay.contracts.base import Contract
from labrelay.contracts.filters import JobFilter
from labrelay.contracts.pauses import Words

MOST_VIEWS: Final = 100
ViewId = Annotated[str, StringConstraints(pattern=r"^[0-9a-f-]{36}$")]
ViewName = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=60, pattern=r"^[^\x00-\x1f\x7f]*$")
]


class ViewDraft(Contract):
    """A view to be kept.

    Attributes:
        name: none has it yet, letter case aside.
        filter: which jobs it shows; at least one condition. A span (`since=2h`) stays one: it moves with the time.
        actor: who asks; else the header `X-Labrelay-Actor`.
    """

    name: ViewName
    filter: JobFilter
    actor: Words = ""


class View(Contract):
    """A view that is kept.

    Attributes:
        where: the filter, as the command line writes it.
        created_ns: wall clock of the gateway, nanoseconds since 1970.
    """

    id: ViewId
    name: str
    where: str
    created_ns: int
    created_by: str


class ViewPage(Contract):
    """All views, by name."""

    items: tuple[View, ...]
