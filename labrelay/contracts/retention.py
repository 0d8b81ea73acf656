"""Retention: what may go, why the rest stays, and how both sides make sure that a copy stands."""

from enum import StrEnum
from typing import Annotated, Final, Self

from pydantic import Field, model_validator

from labrelay.contracts.base import CaptureId, Contract, Digest
from labrelay.contracts.captures import InstrumentId, RelativePath

Key = Annotated[str, Field(pattern=r"^([A-Za-z0-9][A-Za-z0-9._-]{0,63}/[0-9a-f]{64}|[0-9a-f-]{36})$")]


class Kind(StrEnum):
    """What is deleted.

    Attributes:
        INPUTS: a content in the gateway's store; its key is `instrument/sha256`.
        PUSHES: the same, where no capture names it.
        OUTPUTS: the sealed outputs of a job, by its id.
        ORIGINALS: a file on the instrument, by the capture that it was announced as.
    """

    INPUTS = "inputs"
    PUSHES = "pushes"
    OUTPUTS = "outputs"
    ORIGINALS = "originals"

    def takes(self, key: str) -> bool:
        """Whether a key names something of this kind."""
        return ("/" in key) is (self in (Kind.INPUTS, Kind.PUSHES))


class Why(StrEnum):
    """Why something stays; empty: it may go."""

    NOTHING = ""
    YOUNG = "young"
    UNFINISHED = "unfinished"
    FAILED = "failed"
    UNREVIEWED = "unreviewed"
    LAST_COPY = "last_copy"
    ASKED = "asked"
    UNNAMED = "unnamed"
    NAMED = "named"
    NO_RECEIPT = "no_receipt"
    PUSHED = "pushed"
    TABLE = "table"
    NOT_HELD = "not_held"
    DAMAGED = "damaged"
    SHORT_RULE = "short_rule"
    CHANGED = "changed"
    AWAY = "away"
    IN_USE = "in_use"
    REFUSED = "refused"
    ROOM = "room"
    NO_RULE = "no_rule"


WORDS: Final[dict[Why, str]] = {
    Why.NOTHING: "may go",
    Why.YOUNG: "not old enough yet",
    Why.UNFINISHED: "a job still needs it",
    Why.FAILED: "its job failed or was cancelled and could be retried (`keep_failed`)",
    Why.UNREVIEWED: "nobody has judged its result yet (`keep_unreviewed`)",
    Why.LAST_COPY: "no other verified copy stands (`last_copy`)",
    Why.ASKED: "the instrument is being asked whether it still holds the file",
    Why.UNNAMED: "no capture names it (`[retention.pushes]`)",
    Why.NAMED: "a capture names it",
    Why.NO_RECEIPT: "the instrument's side has sent no receipt for it",
    Why.PUSHED: "outputs of a pushed file (`pushed_days`)",
    Why.TABLE: "a plate's table",
    Why.NOT_HELD: "the gateway doesn't hold its bytes",
    Why.DAMAGED: "the gateway's copy is damaged",
    Why.SHORT_RULE: "the gateway's own rule is no longer than this one",
    Why.CHANGED: "the file has changed since",
    Why.AWAY: "its folder is away, or the file is gone already",
    Why.IN_USE: "somebody has it open",
    Why.REFUSED: "the gateway doesn't know it as a file of this instrument",
    Why.ROOM: "the disk has room (`above`)",
    Why.NO_RULE: "no rule",
}


class Terms(Contract):
    """The rule of a watched folder, as its OEM side has it."""

    days: Annotated[float, Field(ge=0)]
    keep_unreviewed: bool = False


class Asked(Contract):
    """Something that its owner would delete; `modified_ns` counts where no job tells its age."""

    key: Key
    modified_ns: int = 0
    terms: Terms | None = None


class AskedPage(Contract):
    """Several of them, none of which is deleted yet."""

    items: Annotated[tuple[Asked, ...], Field(max_length=1000)]


class Verdict(Contract):
    """Whether it may go; `since_ns` is the end of its last job (0: none has ended)."""

    key: Key
    why: Why
    since_ns: int = 0


class Verdicts(Contract):
    """One verdict for each that was asked for, in their order."""

    items: tuple[Verdict, ...]


class Released(Contract):
    """An owner may delete this, and says afterwards whether it did."""

    kind: Kind
    key: Key
    size: Annotated[int, Field(ge=0)] = 0
    sha256: Digest | None = None
    rule: str = ""
    actor: str = ""
    asked: Asked

    @model_validator(mode="after")
    def _of_its_kind(self) -> Self:
        if not self.kind.takes(self.key) or self.asked.key != self.key:
            raise ValueError("the key doesn't name what is asked for")
        return self


class Ended(Contract):
    """What became of it."""

    kind: Kind
    key: Key
    deleted: bool

    @model_validator(mode="after")
    def _of_its_kind(self) -> Self:
        if not self.kind.takes(self.key):
            raise ValueError("the key doesn't name something of this kind")
        return self


class Question(Contract):
    """Does the instrument still hold this content?"""

    capture_id: CaptureId
    folder: str
    path: RelativePath
    size: int
    sha256: Digest


class Questions(Contract):
    """Answer of `GET /edge/v2/inputs/questions`."""

    items: tuple[Question, ...]


class Voucher(Contract):
    """The instrument's answer: it has just read the file, and these are (not) its bytes."""

    instrument: InstrumentId
    capture_id: CaptureId
    held: bool


class Pile(Contract):
    """Several things: how many, how large, and how old the oldest is."""

    count: int = 0
    bytes: int = 0
    oldest_ns: int = 0

    def more(self, size: int, since_ns: int) -> "Pile":
        """With one more."""
        oldest = min(since_ns, self.oldest_ns) if self.oldest_ns and since_ns else since_ns or self.oldest_ns
        return Pile(count=self.count + 1, bytes=self.bytes + size, oldest_ns=oldest)


class RetentionReport(Contract):
    """What one rule does to one part.

    Attributes:
        part: what it concerns, e.g. `inputs`.
        rule: in words.
        dry: nothing was deleted; `goes` is what would be.
        stays: by reason (`Why`).
        trouble: why the look broke off, else empty.
    """

    part: str
    rule: str
    dry: bool
    goes: Pile = Pile()
    stays: dict[Why, Pile] = {}
    trouble: str = ""


class RetentionReports(Contract):
    """Answer of `GET /api/v2/retention` and `POST /api/v2/retention/run` of each service that owns something."""

    items: tuple[RetentionReport, ...]
