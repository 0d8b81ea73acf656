"""Jobs read from their documents; the same text is read once, as polls, steps and the projector meet it again."""

from functools import lru_cache
from typing import Final

from labrelay.contracts.jobs import Job

KEPT: Final = 512
"""More than one long poll answers with; a job with its text takes some 10 kB."""


@lru_cache(KEPT)
def read_job(doc: str) -> Job:
    """The job of a document; jobs are frozen, so all who ask may have the same one."""
    return Job.model_validate_json(doc)
