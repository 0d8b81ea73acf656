"""What travels of the audit: the newest head of the chain, which an OEM side keeps as a witness."""

from typing import Annotated, Any

from pydantic import Field

from labrelay.contracts.base import CaptureId, Contract, Digest


class AuditHead(Contract):
    """The newest row of the gateway's audit chain: whoever holds it can tell later whether all before it still stands.

    Attributes:
        number: of the row; the first is 1.
        hash: of the row, hex; it covers all rows before it.
        at_ns: when the row was written, nanoseconds since 1970 on the gateway's clock.
        signature: HMAC-SHA-256 by the gateway's audit key, hex: shows the gateway that it gave this head out.
    """

    number: Annotated[int, Field(ge=1)]
    hash: Digest
    at_ns: int = 0
    signature: Digest


class KeptReceipt(Contract):
    """What an OEM side proves of one job: the outputs that it received, hex SHA-256 each."""

    job_id: CaptureId
    outputs: tuple[Digest, ...]


class Witness(Contract):
    """What somebody holds who doubts the record: heads of the chain, and receipts.

    Attributes:
        walk: verify the whole chain too; without it only what is held here is compared.
    """

    walk: bool = True
    heads: tuple[AuditHead, ...] = ()
    receipts: tuple[KeptReceipt, ...] = ()


class AuditEntry(Contract):
    """One row of the trail: who did what to what, and when.

    Attributes:
        at_ns: nanoseconds since 1970 on the gateway's clock.
        subject: what it was done to: a job, a task, an instrument …
        body: the values that count, such as the reason.
    """

    number: int
    at_ns: int
    kind: str
    actor: str
    subject: str
    body: dict[str, Any]
    hash: Digest


class AuditPage(Contract):
    """A page of the trail, newest first.

    Attributes:
        next: give it as `before` to read on; None at the beginning of the trail. A page may be empty and yet have one.
    """

    items: list[AuditEntry]
    next: int | None
