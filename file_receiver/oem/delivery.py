"""Delivering one job: accept, take places, pull, publish, send the receipt. Each step may be repeated after a crash."""

import contextlib
import time
from itertools import groupby
from pathlib import Path
from typing import Final

from file_receiver.metrics import JOBS_RECEIVED
from file_receiver.oem.errors import NameTaken, OutputFolderBlocked
from file_receiver.oem.folder import NO_LIMITS, OutputFolder
from file_receiver.oem.places import Places
from file_receiver.oem.pulling import Puller, part_of
from file_receiver.oem.receipts import RESERVED, SENT, WRITTEN, Place, Receipts
from labrelay.contracts.captures import OfferedOutput, Receipt, ReceivedOutput, ReturnOffer, ReturnOffers, ReturnTrouble
from labrelay.errors import RequestRefused
from labrelay.files import digest_file
from labrelay.http import Client
from labrelay.settings.model import Storage
from labrelay.telemetry import logger

RESEND_S: Final = 86_400
STALE_S: Final = 86_400
_log = logger("file_receiver.oem")


class Deliveries:
    """Brings outputs of offered jobs into the output folder, as long as its disk has room."""

    def __init__(
        self,
        client: Client,
        instrument: str,
        receipts: Receipts,
        places: Places,
        puller: Puller,
        limits: Storage = NO_LIMITS,
    ) -> None:
        self._client = client
        self._instrument = instrument
        self._receipts = receipts
        self._places = places
        self._puller = puller
        self._folder = OutputFolder(places.root, receipts, limits)

    @property
    def warning(self) -> str:
        """What a person should know of the output folder's disk."""
        return self._folder.warning

    def offers(self, limit: int, wait: float) -> ReturnOffers:
        """What waits for this instrument; held open for at most `wait` seconds while there is nothing."""
        asked = {"instrument": self._instrument, "limit": limit, "wait": wait}
        return ReturnOffers.model_validate(self._client.get("/edge/v2/returns", params=asked))

    def deliver(self, offer: ReturnOffer) -> None:
        """Bring one job's outputs home.

        Raises:
            OutputFolderBlocked: nothing can be written; the job waits.
            ServiceUnavailable: the gateway went away; the next call resumes.
            RequestRefused: the job has moved on.
        """
        fence = {"epoch": offer.epoch, "attempt": offer.attempt}
        self._post(f"/edge/v2/returns/{offer.job_id}/accept", fence)
        places = self._bring_all(offer)
        self._receipts.move([place.path for place in places], WRITTEN)
        self._send(offer.job_id, places, offer.epoch, offer.attempt)
        JOBS_RECEIVED.inc()

    def tell(self, offer: ReturnOffer, cause: str) -> None:
        """Let the gateway say, on the job's page too, why its outputs wait.

        Raises:
            LabrelayError: the gateway didn't hear it.
        """
        trouble = ReturnTrouble(epoch=offer.epoch, attempt=offer.attempt, cause=cause)
        path = f"/edge/v2/returns/{offer.job_id}/trouble"
        self._client.request("POST", path, json=trouble.model_dump(), headers={"X-Instrument": self._instrument})

    def remove_stale(self) -> None:
        """Remove temporary files of outputs that haven't come for a day (a cancelled job's never will)."""
        for place in self._receipts.reserved_before(time.time_ns() - STALE_S * 1_000_000_000):
            with contextlib.suppress(OSError, RequestRefused):
                final = self._places.file_of(place.path)
                part_of(final, place.job_id, place.number, place.sha256).unlink(missing_ok=True)

    def send_again(self, epoch: int) -> None:
        """After the gateway has lost its live store: repeat the last day's receipts whose files still stand."""
        since = time.time_ns() - RESEND_S * 1_000_000_000
        for job_id, group in groupby(self._receipts.sent_since(since), key=lambda place: place.job_id):
            places = _newest_attempt(list(group))
            try:
                if all(_holds(self._places.file_of(place.path), place.sha256) for place in places):
                    self._send(job_id, places, epoch, places[0].attempt)
            except RequestRefused as refused:
                _log.info("receipt not needed", job=job_id, cause=refused.cause)
            except OSError as error:  # one unreadable file must not hold up all deliveries
                _log.warning("receipt not repeated", job=job_id, cause=str(error))

    def _bring_all(self, offer: ReturnOffer) -> list[Place]:
        try:
            self._folder.check()
            self._folder.check_room(sum(output.size for output in offer.outputs))
            places = self._places.take(offer)
            for output, place in zip(offer.outputs, places, strict=True):
                self._bring(offer.job_id, output, place)
        except OSError as error:
            cause = f"The output folder can't be written: {error.strerror or error} ({error.filename or ''})."
            raise OutputFolderBlocked(cause) from error
        return places

    def _bring(self, job_id: str, output: OfferedOutput, place: Place) -> None:
        final = self._places.file_of(place.path)
        if _holds(final, output.sha256):
            return
        if place.state == RESERVED and not place.published and final.exists():
            raise NameTaken(f"A file has appeared at {final} meanwhile.")
        self._puller.pull(job_id, output, final)
        self._folder.confirm(final)

    def _send(self, job_id: str, places: list[Place], epoch: int, attempt: int) -> None:
        outputs = tuple(ReceivedOutput(index=each.number, path=each.path, sha256=each.sha256) for each in places)
        receipt = Receipt(job_id=job_id, epoch=epoch, attempt=attempt, outputs=outputs)
        self._post("/edge/v2/receipts", receipt.model_dump(mode="json"))
        self._receipts.move([place.path for place in places], SENT)

    def _post(self, path: str, body: object) -> None:
        self._client.post(path, body, headers={"X-Instrument": self._instrument})


def _holds(file: Path, sha256: str) -> bool:
    return file.is_file() and digest_file(file)[0] == sha256


def _newest_attempt(places: list[Place]) -> list[Place]:
    newest = max((place.epoch, place.attempt) for place in places)
    return [place for place in places if (place.epoch, place.attempt) == newest]
