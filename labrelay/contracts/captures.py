"""Captures: what an instrument announces, and what the gateway answers."""

from typing import Annotated, Final, Literal
from uuid import UUID, uuid5

from pydantic import AfterValidator, Field, StringConstraints

from labrelay.contracts.attributes import Attributes
from labrelay.contracts.audit import AuditHead
from labrelay.contracts.base import CaptureId as CaptureId
from labrelay.contracts.base import Contract
from labrelay.contracts.base import Digest as Digest
from labrelay.contracts.pauses import Pause, Pauses
from labrelay.files.names import leads_out

InstrumentId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
FolderName = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=r"^[^/\\\x00-\x1f]*$")]
MOST_ATTRIBUTES: Final = 256
LARGEST: Final = 2**63 - 1
"""The largest whole number that every store takes."""


def _stays_inside(path: str) -> str:
    if leads_out(path, windows=False):
        raise ValueError("the path doesn't stay inside its folder")
    return path


RelativePath = Annotated[str, StringConstraints(min_length=1, max_length=4096)]
AnnouncedPath = Annotated[RelativePath, AfterValidator(_stays_inside)]
Size = Annotated[int, Field(ge=0, le=LARGEST)]
JobId = Annotated[str, StringConstraints(pattern=r"^[0-9a-f-]{36}$")]

CAPTURES = UUID("6f1c2f0e-5d0c-4a52-9d0e-2f6a7f6c0b51")
JOBS = UUID("0b7a0d55-9f3a-4a63-8f7c-6a5f4d9b1c22")


def job_id_for(capture_id: str, task_id: str | None) -> str:
    """The job of one capture and one task has one identity, so creating it twice makes one job."""
    return str(uuid5(JOBS, f"{capture_id}/{task_id or ''}"))


class Announcement(Contract):
    """A finished content of a watched file.

    Attributes:
        instrument: the enrolled OEM side.
        folder: name of the watched folder (a setting of the OEM side).
        path: path below that folder, forward slashes.
        size: bytes.
        sha256: hex digest of the content.
        predecessor: the capture that the journal holds for this path, None for the first.
        capture_id: what the gateway called this content in an earlier epoch, None when it is new; a record that was
            restored from a backup and knows no such capture takes the name up again, so that nothing is doubled.
        host: AiCSD's InputFile.Hostname.
        directory: AiCSD's InputFile.DirName, for display and selectors, with trailing separator.
        attributes: read from the name, plus the folder's fixed ones.
        modified_ns: the file's mtime on the OEM side's clock; only tells a repeated announcement from a new one.
        must_match: an unmatched capture is a failure, not `unmatched`.
        returns: `instrument` brings outputs back; `none` completes when they are sealed (pushed captures).
    """

    instrument: InstrumentId
    folder: FolderName
    path: AnnouncedPath
    size: Size
    sha256: Digest
    predecessor: CaptureId | None = None
    capture_id: CaptureId | None = None
    host: Annotated[str, Field(max_length=255)] = "oem"
    directory: Annotated[str, Field(max_length=4096)] = ""
    attributes: Annotated[Attributes, Field(max_length=MOST_ATTRIBUTES)] = {}
    modified_ns: Annotated[int, Field(ge=-LARGEST, le=LARGEST)] = 0
    must_match: bool = False
    returns: Literal["instrument", "none"] = "instrument"


class CaptureAccepted(Contract):
    """The gateway's answer to an announcement; the same announcement always gets the same capture.

    Attributes:
        created: False when this announcement was known already.
        bytes_needed: False when the gateway holds this digest of this instrument already.
        ended: every job is final and the record holds it.
    """

    capture_id: CaptureId
    generation: int
    epoch: int
    jobs: tuple[str, ...]
    matched: bool
    created: bool
    bytes_needed: bool
    ended: bool


class WantedInput(Contract):
    """An input whose bytes the gateway waits for.

    Attributes:
        held: bytes that it holds already; None where the sender must ask.
    """

    capture_id: CaptureId
    folder: str
    path: RelativePath
    size: Size
    sha256: Digest
    held: int | None = None


class WantedInputs(Contract):
    """Answer of `GET /edge/v2/inputs`."""

    epoch: int
    wanted: tuple[WantedInput, ...]


class EndedCaptures(Contract):
    """Answer of `GET /edge/v2/captures/ended`: captures whose end the record holds, after the cursor `next`.

    Attributes:
        paused: how the instrument is paused, as far as the gateway knows.
        kept: of the ends that an older epoch told, those up to this number are still on record; None: all of them.
        head: the newest head of the audit chain, for the OEM side to keep.
        version: labrelay's on the gateway.
        now_ns: the gateway's clock, for comparing.
    """

    epoch: int
    next: int
    ended: tuple[CaptureId, ...]
    paused: Pauses = Pauses()
    kept: int | None = None
    head: AuditHead | None = None
    version: str = ""
    now_ns: int = 0


class PausedThere(Contract):
    """An OEM side tells its gateway how it is paused on its own machine (None: not)."""

    instrument: InstrumentId
    pause: Pause | None


class InputTrouble(Contract):
    """Why the OEM side can't send an input; `input_waits` fails nothing: it is tried again and again."""

    code: Literal["input_missing", "input_changed", "input_unreadable", "input_waits"]
    cause: str


class ReturnTrouble(Contract):
    """Why the OEM side can't write the outputs of an attempt now; it tries again and again."""

    epoch: int
    attempt: int
    cause: str


class OfferedOutput(Contract):
    """One sealed output, by its place in the job's list."""

    index: Annotated[int, Field(ge=0)]
    name: Annotated[str, Field(min_length=1, max_length=4096)]
    size: Size
    sha256: Digest


class ReturnOffer(Contract):
    """A job whose outputs wait for the instrument."""

    job_id: JobId
    epoch: int
    attempt: int
    capture_id: CaptureId
    folder: str
    source_path: RelativePath
    generation: int
    outputs: tuple[OfferedOutput, ...]


class ReturnOffers(Contract):
    """Answer of `GET /edge/v2/returns`."""

    epoch: int
    offers: tuple[ReturnOffer, ...]


class ReceivedOutput(Contract):
    """One output as it stands on the instrument's side; path below the output folder, forward slashes."""

    index: int
    path: RelativePath
    sha256: Digest


class Receipt(Contract):
    """The OEM side's proof that all outputs of a job arrived."""

    job_id: str
    epoch: int
    attempt: int
    outputs: tuple[ReceivedOutput, ...]
