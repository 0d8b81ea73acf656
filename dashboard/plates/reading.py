"""What the pages of plates read of the job repository."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote
from uuid import UUID

from dashboard.plates.view import PlateView
from labrelay.contracts.plates import Plate, PlatePage
from labrelay.contracts.wells import PlateMap, PlateMaps, PlateWells, WellImages
from labrelay.errors import NotFound
from labrelay.http import Client
from labrelay.words import _

PAGE: Final = 24
PLATES: Final = "/api/v2/plates"
MOST_COMPARED: Final = 8


@dataclass(frozen=True)
class PlateCard:
    """A plate in the list, with its map; None where the repository has none."""

    plate: Plate
    map: PlateMap | None


@dataclass(frozen=True)
class PlateList:
    """One page of plates, newest first; `next` begins the page of older ones."""

    cards: tuple[PlateCard, ...]
    next: int | None


def read_plates(client: Client, name: str, after: int | None, limit: int = PAGE) -> PlateList:
    """Plates with `name` in their name, newest first.

    Raises:
        ServiceUnavailable: the repository doesn't answer.
    """
    asked = {"limit": limit, "name": name or None, "after": after}
    page = PlatePage.model_validate(client.get(PLATES, params=asked), extra="ignore")
    maps: dict[str, PlateMap] = {}
    if page.items:
        told = client.get(f"{PLATES}/maps", params={"plate": [each.id for each in page.items]})
        maps = {each.plate: each for each in PlateMaps.model_validate(told, extra="ignore").items}
    return PlateList(tuple(PlateCard(each, maps.get(each.id)) for each in page.items), page.next)


def read_wells(client: Client, plate: str, view: PlateView) -> PlateWells:
    """The wells of a plate.

    Raises:
        NotFound: there is no such plate.
        ServiceUnavailable: the repository doesn't answer.
    """
    asked = {"task": view.task or None, **dict(view.slices)}
    answer = client.request("GET", f"{PLATES}/{_known(plate)}/wells", params=asked)
    return PlateWells.model_validate_json(answer.content, extra="ignore")


def read_several(client: Client, view: PlateView) -> tuple[PlateWells, ...]:
    """The wells of several plates, in the order asked for."""
    return tuple(read_wells(client, plate, view) for plate in view.plates[:MOST_COMPARED])


def read_images(client: Client, plate: str, wells: Sequence[str] = (), task: str = "") -> WellImages:
    """The images of a plate or of some of its wells.

    Raises:
        NotFound: there is no such plate.
    """
    asked = {"well": list(wells), "task": task or None}
    answer = client.request("GET", f"{PLATES}/{_known(plate)}/images", params=asked)
    return WellImages.model_validate_json(answer.content, extra="ignore")


def api_path(plate: str, view: PlateView) -> str:
    """The documented call that a plate's page shows."""
    asked = {"task": view.task, **dict(view.slices)}
    told = "&".join(f"{name}={quote(value, safe='')}" for name, value in asked.items() if value)
    return f"{PLATES}/{plate}/wells{'?' if told else ''}{told}"


def _known(plate: str) -> str:
    words = _("There is no plate {name}.")
    try:
        return str(UUID(plate))
    except ValueError as error:
        raise NotFound(words.format(name=plate[:80]), next_step=_("Choose one from the list of plates.")) from error
