"""Tells an MQTT broker of finished plates: each edition once, and again only where the note of it was cut off."""

from pathlib import Path
from typing import Final

from labrelay.contracts.plates import FinishedPlates
from labrelay.files import publish_bytes
from labrelay.http.client import Client
from task_launcher.mqtt import Broker

TOPIC: Final = "mqtt-export/plates/finished"
WAIT_S: Final = 10


class PlateNews:
    """Follows the repository's finished plates, from where it left off.

    Args:
        repository: the job repository.
        broker: where they are told.
        cursor: a small file with the number of the last event that the broker has taken.
    """

    def __init__(self, repository: Client, broker: Broker, cursor: Path) -> None:
        self._repository = repository
        self._broker = broker
        self._cursor = cursor

    def turn(self) -> bool:
        """Wait for finished plates and tell of them; the first turn ever begins with what comes after it.

        Raises:
            ServiceUnavailable: the repository or the broker doesn't answer; the next turn tells the same again.
        """
        after = self._read()
        asked = {} if after is None else {"after": after, "wait": WAIT_S}
        answer = FinishedPlates.model_validate(self._repository.get("/api/v2/plates/finished", params=asked))
        for each in answer.items:
            self._broker.send(TOPIC, each.finished.model_dump_json())
            self._write(each.seq)
        if answer.next != after:
            self._write(answer.next)
        return True

    def _read(self) -> int | None:
        """A damaged or missing file counts as none."""
        try:
            return int(self._cursor.read_text())
        except (FileNotFoundError, ValueError):
            return None

    def _write(self, seq: int) -> None:
        publish_bytes(str(seq).encode(), self._cursor)
