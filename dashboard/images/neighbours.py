"""Which images lie around one on its plate: the same well, the wells beside it, the next and the one before."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote

from labrelay.contracts.jobs import Job
from labrelay.errors import NotFound
from labrelay.http import Client

WELL: Final = re.compile(r"([A-Z]{1,2})(\d{1,2})")
TOLD: Final = ("field", "channel", "z", "time")


@dataclass(frozen=True)
class Neighbour:
    """An image of the same plate.

    Attributes:
        title: what tells it from the others of its well; empty where nothing does.
        count: objects that it has, None while it has none.
        here: it is the one that is looked at.
    """

    job: str
    well: str
    title: str
    count: float | None
    here: bool = False


@dataclass(frozen=True)
class Neighbours:
    """The images around one.

    Attributes:
        sites: of the same well, itself among them.
        around: three rows of three wells, itself in the middle; None where no image is.
        previous: along the plate, as `next`.
    """

    plate: str = ""
    plate_name: str = ""
    well: str = ""
    sites: tuple[Neighbour, ...] = ()
    around: tuple[tuple[Neighbour | None, ...], ...] = ()
    previous: Neighbour | None = None
    next: Neighbour | None = None

    @property
    def beside(self) -> bool:
        """Whether any of the wells around has an image."""
        return sum(each is not None for row in self.around for each in row) > 1


def read_neighbours(client: Client, job: Job) -> Neighbours:
    """The images of the same task around a job; none where it belongs to no plate.

    Raises:
        ServiceUnavailable: the repository doesn't answer.
    """
    tiles = client.get("/api/v2/jobs/tiles", params={"ids": job.id})["items"]
    if not tiles or not tiles[0]["plate"]:
        return Neighbours()
    plate = str(tiles[0]["plate"])
    asked = {"task": job.task.id} if job.task else {}
    try:
        items = client.get(f"/api/v2/plates/{quote(plate, safe='')}/images", params=asked)["items"]
    except NotFound:
        return Neighbours()
    return neighbours_of(items, job.id, plate, str(tiles[0]["plate_name"]))


def neighbours_of(items: Sequence[dict[str, Any]], job_id: str, plate: str, plate_name: str) -> Neighbours:
    """The neighbours of one of a plate's images, which come in the plate's order."""
    places = [place for place, item in enumerate(items) if item["job"] == job_id]
    if not places:
        return Neighbours(plate, plate_name)
    place, here = places[0], items[places[0]]
    same = [each for each in items if each["well"] == here["well"]]
    return Neighbours(
        plate,
        plate_name,
        str(here["well"]),
        tuple(_neighbour(each, same, job_id) for each in same),
        _around(items, here),
        _neighbour(items[place - 1]) if place else None,
        _neighbour(items[place + 1]) if place + 1 < len(items) else None,
    )


def _around(items: Iterable[dict[str, Any]], here: dict[str, Any]) -> tuple[tuple[Neighbour | None, ...], ...]:
    found = WELL.fullmatch(here["well"])
    if found is None:
        return ()
    row, column = _number(found[1]), int(found[2])
    wells: dict[tuple[int, int], list[dict[str, Any]]] = {}
    for item in items:
        if other := WELL.fullmatch(item["well"]):
            wells.setdefault((_number(other[1]), int(other[2])), []).append(item)
    steps = (-1, 0, 1)
    return tuple(
        tuple(_nearest(wells.get((row + down, column + right), ()), here) for right in steps) for down in steps
    )


def _nearest(of_well: Iterable[dict[str, Any]], here: dict[str, Any]) -> Neighbour | None:
    """Of another well the image that is most like this one: the same field, channel, plane and time."""
    alike = max(of_well, key=lambda each: sum(each["told"].get(n) == here["told"].get(n) for n in TOLD), default=None)
    return None if alike is None else _neighbour(alike, job_id=here["job"])


def _neighbour(item: dict[str, Any], same: Sequence[dict[str, Any]] = (), job_id: str = "") -> Neighbour:
    varying = [name for name in TOLD if len({each["told"].get(name) for each in same}) > 1]
    title = " ".join(f"{name} {item['told'][name]}" for name in varying if name in item["told"])
    return Neighbour(item["job"], item["well"], title, item["count"], item["job"] == job_id)


def _number(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number
