"""The audit chain: each row's hash covers the row before it, and the newest head is signed outside the database."""

import hashlib
import hmac
import json
import os
import secrets
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, insert, select

from job_repository.record.models import AuditRow, JobRow
from job_repository.record.store import Record, number_of

GENESIS: Final = "0" * 64
JOB_FINAL: Final = "job_final"


@dataclass(frozen=True)
class Act:
    """What enters the chain: kind of act, who did it, on what, and the values that count."""

    kind: str
    actor: str
    subject: str
    body: dict[str, Any]


@dataclass(frozen=True)
class Head:
    """The newest row of the chain."""

    number: int
    hash: str


@dataclass(frozen=True)
class Verdict:
    """Outcome of `Audit.verify`; `first_bad` is the number of the first changed, missing or cut row."""

    rows: int
    intact: bool
    first_bad: int | None


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
    head = _head(connection)
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
        head = Head(head.number + 1, row["hash"])
        rows.append(row)
    connection.execute(insert(AuditRow), rows)
    return head


def _head(connection: Connection) -> Head:
    query = select(AuditRow.number, AuditRow.hash).order_by(AuditRow.number.desc()).limit(1)
    newest = connection.execute(query).first()
    return Head(newest.number, newest.hash) if newest else Head(0, GENESIS)


class Audit:
    """Signs heads and verifies the chain.

    Args:
        record: the database.
        secrets_folder: where the signing key and the signed head lie.
    """

    def __init__(self, record: Record, secrets_folder: Path) -> None:
        self._record = record
        self._folder = secrets_folder
        self._lock = threading.Lock()

    def sign(self, head: Head | None) -> None:
        """Write the signed head after the commit; a head that the chain no longer holds is kept as evidence."""
        if head is not None:
            with self._lock:
                self._write_head(head)

    def _write_head(self, head: Head) -> None:
        signed = self._signed()
        if signed is not None and signed.number < head.number and not self._holds(signed):
            self._path.replace(self._folder / f"audit-head.broken-{time.time_ns()}.json")
        elif signed is not None and signed.number >= head.number:
            return
        document = {"number": head.number, "hash": head.hash, "signature": self._signature(head)}
        fresh = self._path.with_suffix(f".{secrets.token_hex(4)}")
        fresh.write_text(json.dumps(document))
        fresh.replace(self._path)

    def verify(self) -> Verdict:
        """Walk the whole chain, then look at the signed heads and at the final jobs' documents."""
        rows, bad = self._walk()
        if bad is None:
            bad = self._broken_head(rows) or self._changed_job()
        return Verdict(rows, bad is None, bad)

    def _walk(self) -> tuple[int, int | None]:
        head, rows = Head(0, GENESIS), 0
        with self._record.read() as connection:
            columns = AuditRow.__table__.columns
            for row in connection.execution_options(yield_per=1000).execute(select(*columns).order_by(columns.number)):
                fields = dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's public way to a row's names
                linked = fields["number"] == head.number + 1 and fields["previous"] == head.hash
                if not linked or row_hash(head.hash, fields) != fields["hash"]:
                    return rows, head.number + 1
                head, rows = Head(fields["number"], fields["hash"]), rows + 1
        return rows, None

    def _broken_head(self, rows: int) -> int | None:
        if any(self._folder.glob("audit-head.broken-*.json")):
            return rows + 1
        if not self._path.exists():
            return 1 if rows else None
        signed = self._signed()
        if signed is None or not self._holds(signed):
            return min(signed.number, rows + 1) if signed else rows
        return None

    def _changed_job(self) -> int | None:
        """The audit row of the first final job whose document isn't the one that was audited."""
        newest: dict[str, tuple[int, str]] = {}
        with self._record.read() as connection:
            query = select(AuditRow.number, AuditRow.subject, AuditRow.body).where(AuditRow.kind == JOB_FINAL)
            for number, subject, body in connection.execute(query.order_by(AuditRow.number)):
                newest[subject] = (number, json.loads(body)["sha256"])
            stored = {
                job_id: doc_digest(doc) if final else None
                for job_id, final, doc in connection.execute(select(JobRow.id, JobRow.final, JobRow.doc))
            }
        bad = [number for job_id, (number, sha) in newest.items() if stored.get(job_id, "") not in (None, sha)]
        return min(bad, default=None)

    @property
    def _path(self) -> Path:
        return self._folder / "audit-head.json"

    def _signed(self) -> Head | None:
        try:
            document = json.loads(self._path.read_text())
            head = Head(int(document["number"]), str(document["hash"]))
            genuine = hmac.compare_digest(document["signature"], self._signature(head))
        except (FileNotFoundError, ValueError, KeyError, TypeError):
            return None
        return head if genuine else None

    def _holds(self, head: Head) -> bool:
        with self._record.read() as connection:
            return connection.scalar(select(AuditRow.hash).where(AuditRow.number == head.number)) == head.hash

    def _signature(self, head: Head) -> str:
        return hmac.digest(self._key(), f"{head.number}:{head.hash}".encode(), "sha256").hex()

    def _key(self) -> bytes:
        path = self._folder / "audit.key"
        if not path.exists():
            self._folder.mkdir(parents=True, exist_ok=True)
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(handle, "w") as file:
                file.write(secrets.token_hex(32))
        return bytes.fromhex(path.read_text())
