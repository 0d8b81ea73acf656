"""The gateway's disks as the repository sees them: where it takes nothing more on, and what it says of them."""

from pathlib import Path
from typing import Any

from sqlalchemy import make_url

from labrelay.contracts.alarms import Parameters
from labrelay.inputs import GATEWAY_DISK
from labrelay.room import Room, room_of
from labrelay.settings import Settings


class Rooms:
    """The disk of intake, and those of the record and of Redis, which may go further into what is kept free.

    Args:
        settings: where things lie on this machine; a database or a Redis elsewhere looks after itself.
    """

    def __init__(self, settings: Settings) -> None:
        layout, inner = settings.gateway_layout, settings.storage.inner
        record = make_url(settings.record_url)
        places = {"the live store's disk": None if settings.redis.url else layout.redis}
        if record.get_backend_name() == "sqlite" and record.database:
            places["the record's disk"] = Path(record.database)
        self._intake = room_of(GATEWAY_DISK, layout.root, settings.storage)
        self._inner = [room_of(name, place, inner) for name, place in places.items() if place is not None]

    def check(self) -> None:
        """See that there is room for another capture's rows.

        Raises:
            StorageFull: nothing more is taken on; what is here goes on to its end.
        """
        for room in self._inner:
            room.check()

    @property
    def warning(self) -> str:
        """What a person should know of the disks; empty while all is well."""
        return " ".join(dict.fromkeys(look.words for room in self._all if (look := room.look()).words))

    @property
    def shown(self) -> list[dict[str, Any]]:
        """All of them, for the summary."""
        return [{"name": room.name, **vars(look := room.look()), "words": look.words} for room in self._all]

    @property
    def troubled(self) -> dict[str, Parameters]:
        """What is told of disks that are warned or full, by name."""
        return {room.name: dict(told) for room in self._all if (told := room.look().told)}

    @property
    def _all(self) -> list[Room]:
        return [self._intake, *self._inner]
