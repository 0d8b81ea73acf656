"""Verifying the audit of a record that nobody serves: a copy, or that of a gateway that is off."""

from pathlib import Path
from typing import Any

from sqlalchemy import make_url

from job_repository.record.audit_signing import KEY, Signer
from job_repository.record.audit_verification import Verification, shown
from job_repository.record.store import Record
from labrelay.contracts.audit import Witness
from labrelay.errors import NotFound


def verify_file(record: str, secrets: Path | None, witness: Witness) -> dict[str, Any]:
    """The verdict over a record; nothing in it is changed.

    Args:
        record: an SQLite file, or a database's URL.
        secrets: the gateway's folder of keys; without it signatures aren't looked at.
        witness: heads and receipts that somebody holds.

    Raises:
        NotFound: there is no such file.
        ServiceUnavailable: it can't be read.
    """
    url = make_url(record if "://" in record else f"sqlite:///{Path(record).as_posix()}")
    if url.get_backend_name() == "sqlite" and not Path(url.database or "").is_file():
        raise NotFound(f"There is no record {url.database}.", next_step="Give the path of a `record.db`.")
    store = Record(url.render_as_string(hide_password=False))
    signer = Signer(secrets) if secrets is not None and (secrets / KEY).is_file() else None
    try:
        return shown(Verification(store, signer).verify(witness))
    finally:
        store.close()
