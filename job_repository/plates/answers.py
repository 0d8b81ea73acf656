"""Answers about wells, kept while nothing of the plate changed: many pages look at the same plate."""

import threading
from collections import OrderedDict
from collections.abc import Mapping
from typing import Final, NamedTuple

from job_repository.plates.sites import PlateSites, SiteShelf
from job_repository.plates.wells import wells_of
from labrelay.contracts.plates import Plate

KEPT: Final = 16
Key = tuple[str, str | None, tuple[tuple[str, str], ...]]


class _Answer(NamedTuple):
    found: PlateSites
    plate: Plate
    plate_images: Mapping[str, int | None]
    body: bytes


class WellAnswers:
    """Bodies of `PlateWells`. Safe to use from several threads."""

    def __init__(self, shelf: SiteShelf) -> None:
        self._shelf = shelf
        self._lock = threading.Lock()
        self._known: OrderedDict[Key, _Answer] = OrderedDict()

    def of(
        self, plate: Plate, task: str | None, asked: Mapping[str, str], plate_images: Mapping[str, int | None]
    ) -> bytes:
        """The wells of a plate as JSON; the arguments are those of `wells_of`."""
        found, key = self._shelf.of(plate.id), (plate.id, task, tuple(asked.items()))
        with self._lock:
            known = self._known.get(key)
            if known and known.found is found and (known.plate, known.plate_images) == (plate, plate_images):
                return known.body
        body = wells_of(plate, found, task, asked, plate_images).model_dump_json().encode()
        with self._lock:
            self._known.pop(key, None)
            self._known[key] = _Answer(found, plate, plate_images, body)
            while len(self._known) > KEPT:
                self._known.popitem(last=False)
        return body
