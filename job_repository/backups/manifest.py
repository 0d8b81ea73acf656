"""The manifest of a backup: what is in it, with digests, and which versions made it."""

from typing import Annotated, Final, Literal

from pydantic import StringConstraints

from labrelay.contracts.base import Contract, Digest

FORM: Final = 1
NAME: Final = "manifest.json"
SETTINGS: Final = "settings.json"
SECRETS: Final = "secrets/"
STATE: Final = "state/"
RECORD_NAMES: Final = {"sqlite": "record.db", "postgresql": "record.dump"}
PackedName = Annotated[
    str, StringConstraints(pattern=r"^(record\.(db|dump)|settings\.json|(secrets|state)/[A-Za-z0-9][A-Za-z0-9._-]*)$")
]


class Packed(Contract):
    """One file of the backup."""

    size: int
    sha256: Digest


class Facts(Contract):
    """What a record holds.

    Attributes:
        revision: the record's schema (Alembic).
        epoch: the live store's epoch then.
        applied: running number up to which the record held the events.
        audit_number: the newest row of the audit chain, and its hash.
        captures: how many the record holds; jobs likewise.
    """

    revision: str
    epoch: int
    applied: int
    audit_number: int
    audit_hash: str
    captures: int
    jobs: int


class Manifest(Facts):
    """What a backup says of itself, and of the record in it.

    Attributes:
        form: number of this form of backup.
        labrelay: the version that made it.
        kind: the record's database.
        made_ns: when, nanoseconds since 1970 on the gateway's clock.
        secrets: whether keys are in it.
    """

    form: Literal[1] = FORM
    labrelay: str
    kind: Literal["sqlite", "postgresql"]
    made_ns: int
    secrets: bool
    files: dict[PackedName, Packed]

    @property
    def record(self) -> str:
        """The record's name in the backup."""
        return RECORD_NAMES[self.kind]
