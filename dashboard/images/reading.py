"""Reads what the image page shows, and passes on what people say of objects."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, TypeVar
from urllib.parse import quote

from pydantic import BaseModel

from dashboard.images.neighbours import Neighbours, read_neighbours
from dashboard.images.words import count_words, excluders
from dashboard.pictures import overlay_url
from labrelay.access.callers import Caller
from labrelay.contracts.jobs import Job
from labrelay.contracts.planes import Objects
from labrelay.contracts.quality import FLAG_TEXTS
from labrelay.contracts.verdicts import Review
from labrelay.errors import Conflict, LabrelayError
from labrelay.http import Client
from labrelay.http.access import on_behalf
from labrelay.words import _

ACTOR: Final = "dashboard"
PASSED: Final = "passed"
"""AiCSD's quality flags of an image without complaint."""
TRIES: Final = 3
Model = TypeVar("Model", bound=BaseModel)


@dataclass(frozen=True)
class ImagePage:
    """What the page shows, all but the pixels.

    Attributes:
        picture: the sealed overlay's address, or None.
        objects: the sealed table, None where there is none; `objects_trouble` says why.
        words: the count, found and corrected.
        neighbours: on the plate.
    """

    job: Job
    picture: str | None
    review: Review
    words: str
    excluders: str
    objects: Objects | None
    objects_trouble: str
    neighbours: Neighbours

    @property
    def name(self) -> str:
        """The file's own name."""
        return self.job.source.path.rpartition("/")[2]

    @property
    def place(self) -> str:
        """Where it lies: `reader-1 / input / plate7`."""
        source = self.job.source
        return " / ".join(part for part in (source.instrument, source.folder, *source.path.split("/")[:-1]) if part)

    @property
    def flags(self) -> tuple[tuple[str, str], ...]:
        """The pipeline's quality flags, each with what it means where that is known."""
        told = self.job.report.qc_flags if self.job.report else ""
        flags = [flag.strip() for flag in told.replace(";", ",").split(",") if flag.strip() not in ("", PASSED)]
        return tuple((flag, _(FLAG_TEXTS[flag].meaning) if flag in FLAG_TEXTS else "") for flag in flags)

    @property
    def measurements(self) -> tuple[tuple[str, str], ...]:
        """What the pipeline measured of the whole image."""
        measured = self.job.report.measurements if self.job.report else {}
        return tuple((name.replace("_", " "), f"{value:.5g}") for name, value in measured.items())


class Images:
    """Asks the repository and the viewing service.

    Args:
        repository: calls the one.
        viewing: calls the other.
    """

    def __init__(self, repository: Client, viewing: Client) -> None:
        self._repository = repository
        self.viewing = viewing

    def page(self, job_id: str) -> ImagePage:
        """Everything but pixels.

        Raises:
            NotFound: there is no such job.
            ServiceUnavailable: the repository doesn't answer.
        """
        job, review = self.job(job_id), self.review(job_id)
        lead = self.job(job.lead) if job.lead else job
        objects, trouble = self._objects_if_any(job_id)
        return ImagePage(
            job=job,
            picture=overlay_url(lead),
            review=review,
            words=count_words(review),
            excluders=excluders(review),
            objects=objects,
            objects_trouble=trouble,
            neighbours=read_neighbours(self._repository, job),
        )

    def job(self, job_id: str) -> Job:
        """One job."""
        return _read(Job, self._repository.get(_path(job_id)))

    def review(self, job_id: str) -> Review:
        """What people say of its results."""
        return _read(Review, self._repository.get(f"{_path(job_id)}/verdict"))

    def objects(self, job_id: str) -> Objects:
        """The table of objects.

        Raises:
            NotFound: the job has none.
        """
        return _read(Objects, self.viewing.get(f"{_path(job_id)}/objects"))

    def exclude(self, job_id: str, change: Callable[[set[int]], set[int]], reason: str, who: Caller) -> Review:
        """Take objects out of the count or back in; what somebody else changes meanwhile is kept.

        Raises:
            Conflict: others change it all the time, or there are no results.
        """
        for left in reversed(range(TRIES)):
            seen = self.review(job_id)
            wanted = sorted(change({each.object for each in seen.excluded}))
            body = {"objects": wanted, "reason": reason, "by": who.actor(ACTOR), "revision": seen.revision}
            try:
                path = f"{_path(job_id)}/exclusions"
                return _read(Review, self._repository.put(path, body, headers=on_behalf(who)))
            except Conflict as changed:
                if changed.code != "review_changed" or not left:
                    raise
        raise AssertionError("unreachable")

    def _objects_if_any(self, job_id: str) -> tuple[Objects | None, str]:
        try:
            return self.objects(job_id), ""
        except LabrelayError as trouble:
            return None, "" if trouble.code == "no_objects" else f"{trouble.cause} {_(trouble.next_step)}"


def _path(job_id: str) -> str:
    return f"/api/v2/jobs/{quote(job_id, safe='')}"


def _read(kind: type[Model], document: dict[str, Any]) -> Model:
    # A service of a later version may say more than this page knows.
    return kind.model_validate(document, extra="ignore")
