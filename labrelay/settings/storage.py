"""How full a disk may get, and how large a file may be."""

from typing import Annotated

from pydantic import Field

from labrelay.settings.section import Section


class Storage(Section):
    """Limits of a machine's disks and of single files, in bytes and fractions.

    Attributes:
        watermark: above this share of used space nothing more is taken in.
        reopen: so much below the watermark the disk must be before intake goes on.
        warn: so much below the watermark a warning begins.
        keep_free_bytes: what a file that comes must leave free; the journal, Redis and the record need half of it.
        max_upload_bytes: the largest file that may be pushed over HTTP.
    """

    watermark: Annotated[float, Field(gt=0, le=1)] = 0.95
    reopen: Annotated[float, Field(ge=0, lt=1)] = 0.02
    warn: Annotated[float, Field(ge=0, lt=1)] = 0.05
    keep_free_bytes: Annotated[int, Field(ge=0)] = 500_000_000
    max_upload_bytes: Annotated[int, Field(gt=0)] = 100_000_000_000

    @property
    def inner(self) -> "Storage":
        """The limits of stores that work goes on in: they keep running when intake has stopped."""
        return self.model_copy(update={"watermark": 1.0, "keep_free_bytes": self.keep_free_bytes // 2})
