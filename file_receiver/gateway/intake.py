"""Taking inputs in: who may send what from which byte, one upload of a capture at a time, written in threads."""

from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from anyio import to_thread
from starlette.requests import ClientDisconnect

from file_receiver.gateway.captures import Captures, ExpectedInput
from file_receiver.gateway.errors import InputDigestMismatch, InputSizeMismatch, UploadBusy, UploadCut
from file_receiver.gateway.upload import Upload
from file_receiver.metrics import INPUTS_STORED
from labrelay.errors import Forbidden, LabrelayError
from labrelay.http import OwnThreads
from labrelay.http.body import pour
from labrelay.inputs import check_room
from labrelay.layout import GatewayLayout
from labrelay.settings.model import Storage


@dataclass(frozen=True)
class Claimed:
    """What the client says of its upload; checked against what the repository knows.

    Attributes:
        offset: first byte that it sends.
        length: bytes that it sends, None when it doesn't say.
        sha256: digest of the whole content.
    """

    instrument: str
    offset: int
    length: int | None
    sha256: str


class Intake:
    """The gateway's input store, as uploads see it."""

    def __init__(self, layout: GatewayLayout, limits: Storage, captures: Captures) -> None:
        self._layout = layout
        self._limits = limits
        self._captures = captures
        self._active: set[str] = set()
        self._hopeless: dict[str, ExpectedInput] = {}
        self._asking = OwnThreads()

    def held(self, capture_id: str, instrument: str | None) -> int:
        """Bytes of a capture that are here already.

        Raises:
            NotFound: nobody announced it.
            Forbidden: it is another instrument's.
            StorageFull: the rest would not fit.
        """
        expected = self._captures.expected(capture_id)
        if instrument is not None:
            _check_instrument(expected, instrument)
        held = self._upload(capture_id, expected).held
        if held < expected.size:
            self._check_room(expected, held)
        return held

    def held_if_known(self, capture_id: str) -> int | None:
        """Bytes that are here, for a sender who hasn't asked; None where he must ask, and may hear why not to send."""
        try:
            return self.held(capture_id, None)
        except LabrelayError:
            return None

    async def take(self, capture_id: str, claimed: Claimed, body: AsyncIterator[bytes]) -> bool:
        """Store an upload; False when the content was here already.

        Raises:
            Forbidden: it is another instrument's capture.
            UploadBusy: another upload of it is under way.
            UploadOffset: it doesn't start where the held part ends.
            UploadCut: it broke off; what came is kept.
            InputDigestMismatch: other bytes than announced; they are dropped.
            StorageFull: the disk is above its watermark.
        """
        expected = await self._asking.run(self._captures.expected, capture_id)
        _check(expected, claimed)
        with self._alone(capture_id):
            created = await self._store(self._upload(capture_id, expected), expected, claimed.offset, body)
        await self._asking.run(self._captures.stored, capture_id, expected)
        if created:
            INPUTS_STORED.inc()
        return created

    def forget(self, capture_id: str) -> None:
        """Its bytes won't come any more: what is here of them goes, at the end of an upload that is under way.

        Raises:
            NotFound: nobody announced it.
        """
        expected = self._hopeless[capture_id] = self._captures.expected(capture_id)
        if capture_id not in self._active:
            self._clear(capture_id, expected)

    def _clear(self, capture_id: str, expected: ExpectedInput) -> None:
        self._upload(capture_id, expected).drop()
        self._hopeless.pop(capture_id, None)

    async def _store(self, upload: Upload, expected: ExpectedInput, offset: int, body: AsyncIterator[bytes]) -> bool:
        if await to_thread.run_sync(lambda: upload.complete):
            return False
        self._check_room(expected, offset)
        try:
            await to_thread.run_sync(upload.begin, offset)
            await _fill(upload, body)
            await to_thread.run_sync(upload.finish)
        finally:
            upload.close()
        return True

    def _upload(self, capture_id: str, expected: ExpectedInput) -> Upload:
        blob = self._layout.input_blob(expected.instrument, expected.sha256)
        return Upload(blob, capture_id, expected.size, expected.sha256)

    def _check_room(self, expected: ExpectedInput, held: int) -> None:
        check_room(self._layout.root, expected.size - held, self._limits)

    @contextmanager
    def _alone(self, capture_id: str) -> Iterator[None]:
        if capture_id in self._active:
            raise UploadBusy("Another upload of this capture is under way.")
        self._active.add(capture_id)
        try:
            yield
        finally:
            self._active.discard(capture_id)
            if (expected := self._hopeless.get(capture_id)) is not None:
                self._clear(capture_id, expected)


def _check_instrument(expected: ExpectedInput, instrument: str) -> None:
    if instrument != expected.instrument:
        raise Forbidden(f"This capture doesn't belong to the instrument {instrument!r}.")


def _check(expected: ExpectedInput, claimed: Claimed) -> None:
    _check_instrument(expected, claimed.instrument)
    if claimed.sha256 != expected.sha256:
        raise InputDigestMismatch("The Content-Digest is not that of the announcement.")
    if claimed.length is not None and claimed.offset + claimed.length > expected.size:
        raise InputSizeMismatch(f"The upload would end beyond the announced {expected.size} bytes.")


async def _fill(upload: Upload, body: AsyncIterator[bytes]) -> None:
    try:
        await pour(body, upload.write)
    except (ClientDisconnect, TimeoutError) as cut:
        raise UploadCut("The upload broke off.") from cut
