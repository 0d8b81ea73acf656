"""What Redis hands back, checked: jobs and events that aren't what was written are told apart from sound ones."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from job_repository.jobs.conflicts import LiveStoreDamaged
from job_repository.live.documents import DocumentDamaged, opened, read_job, read_sealed
from labrelay.contracts.jobs import Job

COMPARED: Final = ("revision", "owner", "attempt")
"""What the scripts compare; it stands in the document too."""


@dataclass(frozen=True)
class LiveEvent:
    """One entry of `jobs:events`: the job's document after the step."""

    seq: int
    doc: str
    step: str


def job_in(job_id: str, doc: str | None, compared: Iterable[str | None] | None = None) -> Job:
    """The job of a hash, given its document and what stands beside it.

    Raises:
        LiveStoreDamaged: it isn't what was written.
    """
    try:
        job = read_sealed(doc or "")
    except DocumentDamaged as error:
        raise _damaged(job_id) from error
    beside = [str(job.revision), job.owner.value, str(job.attempt)]
    if job.id != job_id or list(compared or beside) != beside:
        raise _damaged(job_id)
    return job


def events_in(entries: Iterable[tuple[str, Mapping[str, str]]]) -> list[LiveEvent]:
    """The entries of the stream before the first damaged one.

    Raises:
        LiveStoreDamaged: the very first isn't what was written.
    """
    sound: list[LiveEvent] = []
    for name, fields in entries:
        try:
            sound.append(_event(name, fields))
        except (DocumentDamaged, KeyError) as error:
            if sound:
                break
            raise LiveStoreDamaged(f"The event {name} isn't what was written.") from error
    return sound


def _event(name: str, fields: Mapping[str, str]) -> LiveEvent:
    doc, step = opened(fields["doc"]), opened(fields["step"])
    try:
        read_job(doc)
    except ValueError as error:
        raise DocumentDamaged from error
    if name != f"{fields['seq']}-0":
        raise DocumentDamaged
    return LiveEvent(int(fields["seq"]), doc, step)


def _damaged(job_id: str) -> LiveStoreDamaged:
    return LiveStoreDamaged(f"What the live store holds of the job {job_id} isn't what was written.", job_id)
