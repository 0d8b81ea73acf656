"""Jobs read from their documents; the same text is read once, as polls, steps and the projector meet it again.

In Redis each text ends with its checksum: a byte that changed in the append-only file would load without a word.
"""

import re
import zlib
from functools import lru_cache
from typing import Final

from pydantic import ValidationError

from labrelay.contracts.jobs import Job

KEPT: Final = 512
"""More than one long poll answers with; a job with its text takes some 10 kB."""
SEAL: Final = re.compile(r"#[0-9a-f]{8}\Z")
SEAL_CHARACTERS: Final = 9


class DocumentDamaged(Exception):
    """A text isn't what was written."""


def sealed(text: str) -> str:
    """A JSON text with its checksum (CRC-32) behind it."""
    return f"{text}#{zlib.crc32(text.encode()):08x}"


def opened(text: str) -> str:
    """The JSON text; one of the time before checksums, which ends as JSON does, passes as it is.

    Raises:
        DocumentDamaged: its checksum is another's.
    """
    if not SEAL.search(text):
        if text.endswith("}"):
            return text
        raise DocumentDamaged
    inner = text[:-SEAL_CHARACTERS]
    if sealed(inner) != text:
        raise DocumentDamaged
    return inner


def read_sealed(text: str) -> Job:
    """The job of a sealed document.

    Raises:
        DocumentDamaged: it can't be read, or isn't what was written.
    """
    try:
        return read_job(opened(text))
    except ValidationError as error:
        raise DocumentDamaged from error


@lru_cache(KEPT)
def read_job(doc: str) -> Job:
    """The job of a document; jobs are frozen, so all who ask may have the same one."""
    return Job.model_validate_json(doc)
