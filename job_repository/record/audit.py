"""The audit chain: each row's hash covers the row before it, and the newest head is signed outside the database."""

import hashlib
import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, insert, select

from job_repository.record.audit_signing import Head, Signer
from job_repository.record.models import AuditRow
from job_repository.record.store import Record, number_of
from labrelay.contracts.audit import AuditHead

GENESIS: Final = "0" * 64
JOB_FINAL: Final = "job_final"
__all__ = ["GENESIS", "JOB_FINAL", "Act", "Audit", "Head", "append", "canonical", "doc_digest", "head_of", "row_hash"]


@dataclass(frozen=True)
class Act:
    """What enters the chain: kind of act, who did it, on what, and the values that count."""

    kind: str
    actor: str
    subject: str
    body: dict[str, Any]


def canonical(value: Any) -> str:
    """JSON in one form only: sorted keys, no spaces."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def row_hash(previous: str, row: dict[str, Any]) -> str:
    """SHA-256 over the previous hash and the row."""
    covered = {name: row[name] for name in ("number", "at_ns", "kind", "actor", "subject", "body")}
    return hashlib.sha256((previous + canonical(covered)).encode()).hexdigest()


def doc_digest(doc: str) -> str:
    """The digest of a job's document as it enters the chain."""
    return hashlib.sha256(doc.encode()).hexdigest()


def append(connection: Connection, acts: list[Act]) -> Head | None:
    """Append acts within the caller's transaction; the new head, or None without acts."""
    if not acts:
        return None
    number_of(connection, "audit", lock=True)
    head = head_of(connection)
    rows: list[dict[str, Any]] = []
    for act in acts:
        row: dict[str, Any] = {
            "number": head.number + 1,
            "at_ns": time.time_ns(),
            "kind": act.kind,
            "actor": act.actor,
            "subject": act.subject,
            "body": canonical(act.body),
            "previous": head.hash,
        }
        row["hash"] = row_hash(head.hash, row)
        head = Head(head.number + 1, row["hash"], row["at_ns"])
        rows.append(row)
    connection.execute(insert(AuditRow), rows)
    return head


def head_of(connection: Connection) -> Head:
    """The newest row; number 0 before the first."""
    query = select(AuditRow.number, AuditRow.hash, AuditRow.at_ns).order_by(AuditRow.number.desc()).limit(1)
    newest = connection.execute(query).first()
    return Head(newest.number, newest.hash, newest.at_ns) if newest else Head(0, GENESIS)


class Audit:
    """Appends single acts and signs heads.

    Args:
        record: the database.
        secrets_folder: where the signing key and the signed head lie.
    """

    def __init__(self, record: Record, secrets_folder: Path) -> None:
        self._record = record
        self.signer = Signer(secrets_folder)

    @property
    def newest(self) -> AuditHead | None:
        """The newest signed head, for whoever shall witness it."""
        return self.signer.newest

    def sign(self, head: Head | None) -> None:
        """Write the signed head after the commit; a head that the chain no longer holds is kept as evidence."""
        if head is not None:
            self.signer.sign(head, self.holds)

    def enter(self, act: Act) -> None:
        """Append an act in a transaction of its own."""
        with self._record.write() as connection:
            head = append(connection, [act])
        self.sign(head)

    def holds(self, head: Head) -> bool:
        """Whether the chain has this row."""
        with self._record.read() as connection:
            return connection.scalar(select(AuditRow.hash).where(AuditRow.number == head.number)) == head.hash
