"""What the gateway's stores hold of a job. Sealed outputs move along when a job gets a new epoch."""

from pathlib import Path

from job_repository.jobs.effects import Held
from labrelay.contracts.jobs import Job, Source
from labrelay.layout import GatewayLayout


def holds_input(layout: GatewayLayout, instrument: str, sha256: str) -> bool:
    """Whether this instrument's content is in the input store."""
    return layout.input_blob(instrument, sha256).exists()


def held(layout: GatewayLayout, job: Job, epoch: int) -> Held:
    """What lies on disk for a job that goes on under `epoch`."""
    outputs = bool(job.outputs) and _bring_outputs(layout, job, epoch)
    members = all(holds(layout, member.source) for member in job.members)
    return Held(input=holds(layout, job.source), members=members, outputs=outputs)


def holds(layout: GatewayLayout, source: Source) -> bool:
    """Whether a capture's content is in the input store."""
    return holds_input(layout, source.instrument, source.sha256)


def _bring_outputs(layout: GatewayLayout, job: Job, epoch: int) -> bool:
    """Make sure that all sealed outputs lie where (epoch, attempt) looks for them; False when they don't."""
    target = layout.outputs(job.id, epoch, job.attempt)
    if not target.exists():
        found = _newest(target.parent, job.attempt)
        if found is None:
            return False
        try:
            found.rename(target)
        except OSError:  # a reader holds a file open (Windows): the job is worked on again instead
            return False
    return all(_same_size(target / output.name, output.size) for output in job.outputs)


def _newest(folder: Path, attempt: int) -> Path | None:
    folders = [path for path in folder.glob(f"*.{attempt}") if path.name.partition(".")[0].isdecimal()]
    return max(folders, key=lambda path: int(path.name.partition(".")[0]), default=None)


def _same_size(path: Path, size: int) -> bool:
    return path.is_file() and path.stat().st_size == size
