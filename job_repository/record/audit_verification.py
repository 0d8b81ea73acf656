"""Verifying the audit chain: every row once, in order, in bounded memory; then heads, jobs and a witness."""

import json
from collections.abc import Iterable
from typing import Any, Final

from sqlalchemy import Connection, func, select

from job_repository.record.audit import GENESIS, JOB_FINAL, doc_digest, row_hash
from job_repository.record.audit_findings import Kind, Verdict
from job_repository.record.audit_pruning import PRUNED, pruning_of
from job_repository.record.audit_signing import Head, Signer
from job_repository.record.models import AuditRow, JobRow
from job_repository.record.store import Record
from labrelay.contracts.audit import AuditHead, KeptReceipt, Witness

RESTORED: Final = "restored_backup"
CHUNK: Final = 1000
COLUMNS = AuditRow.__table__.columns


class Verification:
    """One look at the chain of a record.

    Args:
        record: the database, of a running gateway or a file.
        signer: the gateway's key and signed head; without it (a copy of the record alone) signatures aren't looked at.
    """

    def __init__(self, record: Record, signer: Signer | None) -> None:
        self._record = record
        self._signer = signer
        self._verdict = Verdict()
        self._restored_ns = 0

    def verify(self, witness: Witness = Witness()) -> Verdict:  # noqa: B008 - frozen
        """Walk the whole chain, then compare it with the signed head, the final jobs and the witness."""
        if witness.walk:
            self._verify_chain(witness.heads)
        for receipt in witness.receipts:
            self._compare_receipt(receipt)
        return self._verdict

    def _verify_chain(self, heads: Iterable[AuditHead]) -> None:
        with self._record.read() as connection:
            last = self._walk(connection)
        if not self._verdict.findings:
            self._compare_head(last)
            self._compare_jobs()
        for head in heads:
            self._compare_witness(head, last)

    def _walk(self, connection: Connection) -> Head:
        head = self._start(connection)
        query = select(*COLUMNS).order_by(COLUMNS.number)
        for row in connection.execution_options(yield_per=CHUNK).execute(query):
            fields = dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's public way to a row's names
            if fields["number"] != head.number + 1:
                self._verdict.add(Kind.ROW_MISSING, head.number + 1, f"Row {head.number + 1} isn't there.")
                return head
            if fields["previous"] != head.hash or row_hash(head.hash, fields) != fields["hash"]:
                self._verdict.add(Kind.ROW_CHANGED, fields["number"], f"Row {fields['number']} was changed.")
                return head
            head = Head(fields["number"], fields["hash"], fields["at_ns"])
            self._verdict.rows += 1
            self._note(fields)
        return head

    def _start(self, connection: Connection) -> Head:
        """Where the chain begins: at its first row, or after what the newest pruning took out."""
        query = select(AuditRow.body).where(AuditRow.kind == PRUNED).order_by(AuditRow.number.desc()).limit(1)
        body = connection.scalar(query)
        if body is None:
            return Head(0, GENESIS)
        pruning = pruning_of(body)
        self._verdict.pruned_through = pruning.through
        if self._signer and self._signer.signature(pruning.text) != pruning.signature:
            cause = f"The marker of the pruning up to row {pruning.through} wasn't written by this gateway."
            self._verdict.add(Kind.MARKER_NOT_GENUINE, pruning.through, cause)
        return Head(pruning.through, pruning.hash)

    def _note(self, fields: dict[str, Any]) -> None:
        if fields["kind"] == RESTORED:
            self._verdict.restores.append(fields["number"])
            self._restored_ns = fields["at_ns"]

    def _compare_head(self, last: Head) -> None:
        if self._signer is None:
            return
        if self._signer.broken:
            cause = "A signed head was found once that the chain no longer held."
            self._verdict.add(Kind.HEAD_BROKEN, last.number + 1, cause)
        stored = self._signer.stored()
        if stored is None:
            if last.number:
                cause = "The signed head is missing or was written by somebody else."
                number = last.number if self._signer.written else 1
                self._verdict.add(Kind.HEAD_NOT_GENUINE, number, cause)
        elif not self._holds(stored):
            number = min(stored.number, last.number + 1)
            cause = f"Row {stored.number} was signed once, and the chain ends at {last.number}."
            self._verdict.add(Kind.CHAIN_CUT, number, cause)

    def _compare_jobs(self) -> None:
        """Each final job's document against the newest digest that entered the chain."""
        newest = (
            select(func.max(AuditRow.number).label("number"))
            .where(AuditRow.kind == JOB_FINAL)
            .group_by(AuditRow.subject)
            .subquery()
        )
        query = (
            select(AuditRow.number, AuditRow.subject, AuditRow.body, JobRow.final, JobRow.doc)
            .join(newest, newest.c.number == AuditRow.number)
            .outerjoin(JobRow, JobRow.id == AuditRow.subject)
        )
        with self._record.read() as connection:
            for row in connection.execution_options(yield_per=CHUNK).execute(query):
                self._compare_job(row.number, row.subject, json.loads(row.body), row.final, row.doc)

    def _compare_job(self, number: int, job_id: str, body: dict[str, Any], final: bool | None, doc: str | None) -> None:
        if doc is None and not self._verdict.pruned_through:
            self._verdict.add(Kind.JOB_MISSING, number, f"The final job {job_id} is no longer on record.")
        elif doc is not None and final and doc_digest(doc) != body["sha256"]:
            self._verdict.add(Kind.JOB_CHANGED, number, f"The final job {job_id} was changed.")

    def _compare_witness(self, head: AuditHead, last: Head) -> None:
        if self._holds(head):
            self._verdict.witnessed += 1
        elif head.number <= self._verdict.pruned_through or 0 < head.at_ns < self._restored_ns:
            self._verdict.unconfirmed += 1
        elif head.number > last.number:
            cause = f"Somebody holds row {head.number}, and the chain ends at {last.number}: it was cut or rolled back."
            self._verdict.add(Kind.ROLLED_BACK, last.number + 1, cause)
        else:
            cause = f"Row {head.number} isn't the one that somebody holds: rows up to it were replaced."
            self._verdict.add(Kind.WITNESS_DIFFERS, head.number, cause)

    def _compare_receipt(self, receipt: KeptReceipt) -> None:
        query = select(AuditRow.number, AuditRow.body).where(
            AuditRow.subject == receipt.job_id, AuditRow.kind == JOB_FINAL
        )
        with self._record.read() as connection:
            ends = [(row.number, json.loads(row.body)) for row in connection.execute(query)]
        if not ends:
            self._missing(receipt)
        elif any(set(receipt.outputs) <= set(body.get("outputs", receipt.outputs)) for _, body in ends):
            self._verdict.witnessed += 1
        else:
            cause = f"The outputs that arrived for job {receipt.job_id} aren't those on record."
            self._verdict.add(Kind.RECEIPT_DIFFERS, ends[-1][0], cause)

    def _missing(self, receipt: KeptReceipt) -> None:
        if self._verdict.pruned_through:
            self._verdict.unconfirmed += 1
        else:
            cause = f"Outputs arrived for job {receipt.job_id}, and no end of it is on record."
            self._verdict.add(Kind.RECEIPT_UNKNOWN, 0, cause)

    def _holds(self, head: AuditHead) -> bool:
        with self._record.read() as connection:
            return connection.scalar(select(AuditRow.hash).where(AuditRow.number == head.number)) == head.hash


def shown(verdict: Verdict) -> dict[str, Any]:
    """The verdict as it is answered and printed."""
    return {
        "rows": verdict.rows,
        "intact": verdict.intact,
        "first_bad": verdict.first_bad,
        "findings": [{"kind": each.kind.value, "number": each.number, "detail": each.detail} for each in _all(verdict)],
        "left_out": verdict.left_out,
        "pruned_through": verdict.pruned_through,
        "restores": verdict.restores,
        "witnessed": verdict.witnessed,
        "unconfirmed": verdict.unconfirmed,
    }


def _all(verdict: Verdict) -> Iterable[Any]:
    return sorted(verdict.findings, key=lambda each: each.number)
