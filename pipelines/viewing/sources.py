"""Which files a viewer needs of a job: the image or its set, the mask, and the table of objects."""

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from labrelay.contracts.jobs import Job, SealedOutput, Source
from labrelay.errors import LabrelayError
from labrelay.http import Client
from labrelay.layout import GatewayLayout
from labrelay.sealed import sealed_file
from pipelines.viewing.errors import ImageNotHere, NoMask, NoObjects

MASKS: Final = ("labels.tif", "labels.tiff", "mask.tif", "mask.tiff", "labels.png", "mask.png")
TABLES: Final = ("objects.csv",)
FORMAT: Final = 1
"""Grows when the same files give other samples."""


class Looked:
    """A job with the job that has its outputs (a set's lead), and where all of it lies."""

    def __init__(self, job: Job, lead: Job, layout: GatewayLayout) -> None:
        self.job = job
        self._lead = lead
        self._layout = layout

    @property
    def files(self) -> list[tuple[str, str]]:
        """Paths of the image, or of all images of its set, each with the path that it has on the instrument.

        Raises:
            ImageNotHere: the gateway holds none of that content.
        """
        return [(str(self._blob(source)), source.path) for source in self._sources]

    @property
    def parameters(self) -> dict[str, str]:
        """Of the task, or none."""
        return dict(self.job.task.parameters) if self.job.task else {}

    @property
    def mask(self) -> Path:
        """The label plane.

        Raises:
            NoMask: the job has none (yet).
            OutputGone: retention has cleared it.
        """
        output = self._output(MASKS)
        if output is None:
            raise NoMask(f"Job {self.job.id} has no mask among its outputs.")
        return sealed_file(self._layout, self._lead, output)

    @property
    def table(self) -> tuple[Path, SealedOutput]:
        """The table of objects.

        Raises:
            NoObjects: the job has none (yet).
            OutputGone: retention has cleared it.
        """
        output = self._output(TABLES)
        if output is None:
            raise NoObjects(f"Job {self.job.id} has no table of objects among its outputs.")
        return sealed_file(self._layout, self._lead, output), output

    @property
    def version(self) -> str:
        """A digest of all that decides about samples."""
        mask = self._output(MASKS)
        parts = [
            FORMAT,
            [each.sha256 for each in self._sources],
            mask.sha256 if mask else "",
            sorted(self.parameters.items()),
        ]
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:20]

    @property
    def _sources(self) -> Sequence[Source]:
        return [member.source for member in self._lead.members] or [self.job.source]

    def _blob(self, source: Source) -> Path:
        blob = self._layout.input_blob(source.instrument, source.sha256)
        if not blob.is_file():
            there = f"{source.directory}{source.path.rpartition('/')[2]} on {source.instrument}"
            raise ImageNotHere(f"The image itself is not on the gateway (any more, or yet). It lies as {there}.")
        return blob

    def _output(self, endings: Sequence[str]) -> SealedOutput | None:
        outputs = self._lead.outputs
        return next((each for end in endings for each in outputs if each.name.lower().endswith(end)), None)


class Sources:
    """Finds jobs at the repository.

    Args:
        repository: calls it.
        layout: the gateway's folder.
    """

    def __init__(self, repository: Client, layout: GatewayLayout) -> None:
        self._repository = repository
        self._layout = layout

    def of(self, job_id: str) -> Looked:
        """One job.

        Raises:
            NotFound: there is none.
            ServiceUnavailable: the repository doesn't answer.
        """
        job = self._job(job_id)
        return Looked(job, self._job(job.lead) if job.lead else job, self._layout)

    def _job(self, job_id: str) -> Job:
        return self._repository.ask(Job, "GET", f"/api/v2/jobs/{job_id}")


def told(problem: LabrelayError) -> str:
    """A trouble in one line for a person."""
    return f"{problem.cause} {problem.next_step}".strip()


def asked_files(looked: Looked) -> dict[str, Any]:
    """What a child needs to know to read a job's planes."""
    return {"files": looked.files, "parameters": looked.parameters}
