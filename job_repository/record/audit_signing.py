"""Signatures of the audit: a key and the newest signed head in a folder apart from the database."""

import hmac
import os
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pydantic import ValidationError

from labrelay.contracts.audit import AuditHead

KEY: Final = "audit.key"
HEAD: Final = "audit-head.json"
BROKEN: Final = "audit-head.broken-*.json"


@dataclass(frozen=True)
class Head:
    """The newest row of the chain; `at_ns` is when it was written."""

    number: int
    hash: str
    at_ns: int = 0


class Signer:
    """Signs with the key of a folder, and keeps the newest head there.

    Args:
        folder: the gateway's secrets.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._newest: AuditHead | None = None

    @property
    def newest(self) -> AuditHead | None:
        """The newest genuine signed head."""
        if self._newest is None:
            self._newest = self.stored()
        return self._newest

    @property
    def written(self) -> bool:
        """Whether there is a signed head at all, genuine or not."""
        return self._path.exists()

    @property
    def broken(self) -> bool:
        """Whether a signed head was once found that the chain no longer held."""
        return any(self._folder.glob(BROKEN))

    def stored(self) -> AuditHead | None:
        """The head in the folder; None when there is none or somebody else wrote it."""
        try:
            head = AuditHead.model_validate_json(self._path.read_bytes())
        except (FileNotFoundError, ValidationError):
            return None
        return head if self.genuine(head) else None

    def genuine(self, head: AuditHead) -> bool:
        """Whether this key signed the head."""
        return hmac.compare_digest(head.signature, self.signature(f"{head.number}:{head.hash}"))

    def sign(self, head: Head, holds: Callable[[Head], bool]) -> None:
        """Write a newer head; `holds` tells whether the chain still has the one before."""
        with self._lock:
            before = self.stored()
            if before is not None and before.number >= head.number:
                return
            if before is not None and not holds(Head(before.number, before.hash)):
                self._path.replace(self._folder / BROKEN.replace("*", str(time.time_ns())))
            self._write(head)

    def begin_anew(self, head: Head) -> None:
        """After a restore: this head, whatever was signed before; that stays aside, without counting as broken."""
        with self._lock:
            if self._path.exists():
                self._path.replace(self._folder / f"audit-head.before-restore-{time.time_ns()}.json")
            self._write(head)

    def signature(self, text: str) -> str:
        """HMAC-SHA-256, hex."""
        return hmac.digest(self._key(), text.encode(), "sha256").hex()

    def _write(self, head: Head) -> None:
        signature = self.signature(f"{head.number}:{head.hash}")
        signed = AuditHead(number=head.number, hash=head.hash, at_ns=head.at_ns, signature=signature)
        fresh = self._path.with_suffix(f".{secrets.token_hex(4)}")
        fresh.write_text(signed.model_dump_json())
        fresh.replace(self._path)
        self._newest = signed

    @property
    def _path(self) -> Path:
        return self._folder / HEAD

    def _key(self) -> bytes:
        path = self._folder / KEY
        if not path.exists():
            self._folder.mkdir(parents=True, exist_ok=True)
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(handle, "w") as file:
                file.write(secrets.token_hex(32))
        return bytes.fromhex(path.read_text())
