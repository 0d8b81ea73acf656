"""What becomes of a pushed body: stored, then announced."""

from typing import Final

from anyio import CancelScope, CapacityLimiter, to_thread
from starlette.requests import Request

from data_organizer.gateway.attributes import PushedAttributes
from data_organizer.gateway.body import Body, check_size, fill
from data_organizer.gateway.captures import Captures
from data_organizer.gateway.errors import PushDigestMismatch
from data_organizer.gateway.names import PushQuery
from labrelay.contracts.captures import Announcement, CaptureAccepted
from labrelay.http import OwnThreads
from labrelay.http.turns import Turns
from labrelay.inputs import check_room
from labrelay.layout import GatewayLayout
from labrelay.settings import Settings

AT_ONCE: Final = 256
"""Bodies that are taken in at the same time; more wait for their turn before they are asked for a byte."""
UNKNOWN: Final = "0" * 64
"""Stands for the digest while the bytes are still to come."""


class Pushes:
    """Takes pushes in: first the bytes, durable, then the capture, so that no job waits for bytes.

    A crash in between leaves a content in the store that no capture names; its client got no answer and sends again.
    """

    def __init__(self, settings: Settings, captures: Captures) -> None:
        self.layout: GatewayLayout = settings.gateway_layout
        self._limits = settings.storage
        self._attributes = PushedAttributes(settings)
        self._captures = captures
        self._threads = OwnThreads()
        self._places = CapacityLimiter(AT_ONCE)
        self._turns = Turns()

    def announcement(self, query: PushQuery) -> Announcement:
        """A push as the repository hears of it, but for the content.

        Raises:
            Unprocessable: an attribute can't be read.
        """
        parent = query.path.rpartition("/")[0]
        return Announcement(
            instrument=query.instrument,
            folder=query.folder,
            path=query.path,
            size=0,
            sha256=UNKNOWN,
            host=query.instrument,
            directory=f"{query.folder}/{parent}/" if parent else f"{query.folder}/",
            attributes=self._attributes.of(query.path, query.attribute),
            must_match=query.must_match,
            returns="none",
        )

    async def take(
        self, draft: Announcement, request: Request, length: int, digest: str | None
    ) -> tuple[Announcement, CaptureAccepted]:
        """Store a body and announce it.

        Raises:
            PushDigestMismatch: the bytes aren't those of the digest.
            PushTooLarge: it is larger than a push may be.
            PushCut: it broke off.
            StorageFull: the disk is above its watermark.
            ServiceUnavailable: the repository doesn't answer; push again.
        """
        check_size(length, self._limits)
        async with self._places:
            check_room(self.layout.root, length, self._limits)
            body = await to_thread.run_sync(Body, self.layout.pushes, self._limits)
            try:
                await fill(body, request.stream())
                _check_digest(body, digest)
                told = draft.model_copy(update={"size": body.size, "sha256": body.sha256})
                async with self._turns.of(told.instrument):  # slow clients wait without one
                    return told, await self._threads.run(self._stored, body, told)
            finally:
                with CancelScope(shield=True):
                    await to_thread.run_sync(body.drop)

    def _stored(self, body: Body, told: Announcement) -> CaptureAccepted:
        blob = self.layout.input_blob(told.instrument, told.sha256)
        body.publish(blob)
        accepted = self._captures.announce(told)
        if accepted.bytes_needed:  # retention was about to delete the same content when it came
            body.publish(blob)
            self._captures.stored(accepted.capture_id, told)
        return accepted


def _check_digest(body: Body, digest: str | None) -> None:
    if digest is not None and digest != body.sha256:
        raise PushDigestMismatch(
            f"The {body.size} bytes that came have the SHA-256 {body.sha256}, not that of the Content-Digest.",
            sha256=body.sha256,
            size=body.size,
        )
