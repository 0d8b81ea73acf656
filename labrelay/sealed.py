"""Sealed outputs on the gateway's disk."""

import re
from pathlib import Path

from labrelay.contracts.jobs import Job, SealedOutput
from labrelay.errors import NotFound, ServiceUnavailable
from labrelay.files import digest_file, inside
from labrelay.layout import GatewayLayout

_FENCE = re.compile(r"^(\d+)\.(\d+)$")


class OutputGone(NotFound):
    """The sealed file is no longer in the gateway's store."""

    code = "output_gone"
    default_next_step = "Retry the job: its pipeline runs again."


def output_of(job: Job, index: int) -> SealedOutput:
    """A job's output by its place.

    Raises:
        NotFound: it has none at this place.
    """
    if not 0 <= index < len(job.outputs):
        raise NotFound(f"Job {job.id} has {len(job.outputs)} sealed outputs, none at place {index}.")
    return job.outputs[index]


def sealed_file(layout: GatewayLayout, job: Job, output: SealedOutput) -> Path:
    """Where a sealed output lies.

    A job that was restored after Redis' loss carries a newer epoch than its outputs were sealed under: then the newest
    folder that holds the sealed bytes is taken.

    Raises:
        OutputGone: no folder holds it, while the store itself is there.
        ServiceUnavailable: the store can't be reached.
        Forbidden: the name leads out of the folder.
    """
    usual = inside(layout.outputs(job.id, job.epoch, job.attempt), output.name)
    if usual.is_file() and usual.stat().st_size == output.size:
        return usual
    for folder in _newest_first(usual.parents[len(Path(output.name).parts)]):
        found = inside(folder, output.name)
        if found.is_file() and found.stat().st_size == output.size and digest_file(found)[0] == output.sha256:
            return found
    if not (layout.root / "outputs").is_dir():
        raise ServiceUnavailable(f"The store below {layout.root} can't be reached.")
    if output.returned_path:
        there = f"the instrument {job.source.instrument} has it as {output.returned_path}, SHA-256 {output.sha256}"
        raise OutputGone(
            f"The output {output.name} of job {job.id} is no longer on the gateway; {there}.",
            next_step="Take it from the instrument's output folder.",
        )
    raise OutputGone(f"The output {output.name} of job {job.id} is no longer on the gateway.")


def _newest_first(folder: Path) -> list[Path]:
    fences = {each: _FENCE.match(each.name) for each in folder.iterdir()} if folder.is_dir() else {}
    ranks = {each: (int(fence[1]), int(fence[2])) for each, fence in fences.items() if fence}
    return sorted(ranks, key=lambda each: ranks[each], reverse=True)
