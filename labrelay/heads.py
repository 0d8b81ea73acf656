"""Heads of the gateway's audit chain, kept on the instrument's side: what the record held, sworn elsewhere.

`heads/newest.json` is the newest one, `heads/history.jsonl` has one line an hour at most and one for each time that the
gateway fell back. Both outlast restarts; whoever holds the folder can tell later whether the record was changed.
"""

import os
import time
from pathlib import Path
from typing import Final

from pydantic import ValidationError

from labrelay.contracts.audit import AuditHead
from labrelay.files import publish_bytes
from labrelay.layout import OemLayout

NEWEST: Final = "newest.json"
HISTORY: Final = "history.jsonl"
APART_S: Final = 3600.0


class Heads:
    """The heads that one OEM side was told; one writer.

    Args:
        layout: where they lie.
        apart_s: seconds between two lines of the history.
    """

    def __init__(self, layout: OemLayout, apart_s: float = APART_S) -> None:
        self._folder = layout.heads
        self._apart_s = apart_s
        self._newest: AuditHead | None = None
        self._written = 0.0

    def keep(self, head: AuditHead | None) -> None:
        """Keep a head, durably; the same one again changes nothing.

        Raises:
            OSError: the data folder can't be written.
        """
        before = self._newest or newest_head(self._folder)
        if head is None or head == before:
            self._newest = before
            return
        fell_back = before is not None and head.number <= before.number
        if before is not None and fell_back:
            self._append(before)  # the witness against what comes after it
        if fell_back or time.time() - self._written > self._apart_s:
            self._append(head)
        publish_bytes(head.model_dump_json().encode(), self._folder / NEWEST)
        self._newest = head

    def _append(self, head: AuditHead) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        with (self._folder / HISTORY).open("a", encoding="utf-8") as stream:
            stream.write(f"{head.model_dump_json()}\n")
            stream.flush()
            os.fsync(stream.fileno())
        self._written = time.time()


def newest_head(folder: Path) -> AuditHead | None:
    """The newest head in a folder of heads, None without one that can be read."""
    try:
        return AuditHead.model_validate_json((folder / NEWEST).read_bytes())
    except (OSError, ValidationError):
        return None


def kept_heads(folder: Path) -> list[AuditHead]:
    """All heads in a folder of heads, each once, in the order of their numbers; a torn last line is passed over."""
    newest = newest_head(folder)
    held = {newest} if newest else set()
    history = folder / HISTORY
    for line in history.read_text(encoding="utf-8").splitlines() if history.is_file() else ():
        try:
            held.add(AuditHead.model_validate_json(line))
        except ValidationError:
            continue
    return sorted(held, key=lambda head: head.number)
