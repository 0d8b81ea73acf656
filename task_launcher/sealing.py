"""Sealing: outputs leave the private folder by copy, hashed on the way; later writes of the pipeline count no more."""

import errno
import shutil
from pathlib import Path
from typing import BinaryIO, Final

from labrelay.contracts.jobs import Failure, Job, ReportedOutput, SealedOutput
from labrelay.contracts.states import Owner, Stage
from labrelay.contracts.transitions import FailJob, MarkOverdue, SealJob
from labrelay.errors import Forbidden, PipelineProblem, ServiceUnavailable
from labrelay.files import copy_published, inside, is_temporary, open_beneath
from labrelay.layout import GatewayLayout
from task_launcher.attempts import discard, output_folder
from task_launcher.jobs import ACTOR, Jobs
from task_launcher.metrics import SEALED, SEALED_BYTES
from task_launcher.names import unique_names

NO_FILE: Final = frozenset({errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.EINVAL, errno.ENAMETOOLONG})
"""What the system says where no plain file lies under a name, or none can."""


class OutputMissing(PipelineProblem):
    """The pipeline named a file that it didn't write."""

    code = "output_missing"
    default_next_step = "Look at the pipeline: it reported a file that it didn't write. Then retry the job."


class OutputOutside(PipelineProblem):
    """The pipeline named a file that isn't below its own output folder."""

    code = "output_outside_folder"
    default_next_step = "Correct the pipeline: all outputs go into the output folder that it was given."
    retryable = False


class OutputUnreadable(PipelineProblem):
    """The pipeline wrote a file that labrelay may not read."""

    code = "output_unreadable"
    default_next_step = "Let the pipeline write its outputs readable for the gateway's user, then retry the job."


class OutputDigestMismatch(PipelineProblem):
    """A file isn't what the pipeline says that it wrote."""

    code = "output_digest_mismatch"
    default_next_step = "Check the gateway's disk and memory; then retry the job."


def seal(layout: GatewayLayout, job: Job) -> tuple[SealedOutput, ...]:
    """Copy every reported output of the attempt into the store. Repeating it after a crash gives the same.

    Raises:
        PipelineProblem: an output is missing, outside its folder, unreadable or other than reported.
        OSError: the store can't be written.
    """
    private, store = output_folder(layout, job), layout.outputs(job.id, job.epoch, job.attempt)
    reported = job.report.outputs if job.report else ()
    _clear_temporaries(store)
    names = unique_names(output.name for output in reported)
    root = layout.root
    return tuple(_seal_one(root, private, output, store / name) for output, name in zip(reported, names, strict=True))


def _seal_one(root: Path, private: Path, output: ReportedOutput, final: Path) -> SealedOutput:
    sha256, size = copy_published(_opened(root, reported_path(private, output)), final)
    if output.sha256 not in (None, sha256):
        raise OutputDigestMismatch(f"{output.name} has another digest than its pipeline reported.")
    SEALED.inc()
    SEALED_BYTES.inc(size)
    return SealedOutput(name=final.name, size=size, sha256=sha256)


def _opened(root: Path, source: Path) -> BinaryIO:
    """Open an output without following a link on the way, as its pipeline may swap it for one at any moment.

    Tells the pipeline's fault from the store's, so that a full disk fails no job.
    """
    try:
        return open_beneath(root, source.relative_to(root).as_posix(), links=False)
    except Forbidden as error:
        raise OutputOutside(
            f"{source.name!r} is a link or has a second name; only files of its own are taken."
        ) from error
    except PermissionError as error:
        raise OutputUnreadable(f"{source.name} can't be read.") from error
    except OSError as error:
        if error.errno not in NO_FILE:
            raise
        raise OutputMissing(f"The pipeline reported {source.name[:200]} and didn't write it as a file.") from error


def reported_path(private: Path, output: ReportedOutput) -> Path:
    """Where a reported output lies; AiCSD's pipelines give its folder's absolute path.

    Raises:
        OutputOutside: not below the attempt's output folder, or through a link that leads out of it.
    """
    try:
        folder = Path(output.directory)
        relative = folder.relative_to(private) if folder.is_absolute() else folder
        return inside(private, (relative / output.name).as_posix())
    except (ValueError, Forbidden) as error:
        told = f"{output.name[:200]!r} in {output.directory[:200]!r}"
        raise OutputOutside(f"{told} isn't below its output folder.") from error


def _clear_temporaries(store: Path) -> None:
    if store.is_dir():
        for left_over in [path for path in store.iterdir() if is_temporary(path.name)]:
            left_over.unlink()


class Sealing:
    """Seals the jobs that wait for it.

    Args:
        layout: the gateway's folder, as an absolute path.
        jobs: the job repository.
        keep_failed: leave the private folder of an attempt that fails here to the retention rule.
    """

    def __init__(self, layout: GatewayLayout, jobs: Jobs, *, keep_failed: bool = False) -> None:
        self._layout = layout
        self._jobs = jobs
        self._keep_failed = keep_failed

    def settle(self, seen: Job) -> None:
        """Seal one job's outputs, or fail it, and hand it over. A job that has moved on is left alone.

        Raises:
            ServiceUnavailable: the store can't be written now, or the repository doesn't answer.
        """
        job = self._jobs.job(seen.id)
        if job.stage is not Stage.SEALING:
            return
        try:
            outputs = seal(self._layout, job)
        except PipelineProblem as problem:
            self._give_up(job, problem)
            if self._keep_failed:
                return
        except OSError as error:
            self._say_why(job, f"The outputs can't be sealed: {error.strerror or error}. They are tried again.")
            raise ServiceUnavailable(f"The outputs of job {job.id} can't be sealed: {error}.") from error
        else:
            step = SealJob(epoch=job.epoch, actor=ACTOR, attempt=job.attempt, outputs=outputs)
            self._jobs.try_take(job.id, step)
        discard(self._layout, job)

    def _say_why(self, job: Job, reason: str) -> None:
        if job.overdue != reason:
            self._jobs.try_take(job.id, MarkOverdue(epoch=job.epoch, actor=ACTOR, reason=reason))

    def _give_up(self, job: Job, problem: PipelineProblem) -> None:
        failed = self._jobs.try_take(job.id, _fail(job, problem))
        if failed is not None:
            shutil.rmtree(self._layout.outputs(job.id, job.epoch, job.attempt), ignore_errors=True)


def _fail(job: Job, problem: PipelineProblem) -> FailJob:
    failure = Failure.of(problem, Owner.TASK_LAUNCHER)
    return FailJob(epoch=job.epoch, actor=ACTOR, attempt=job.attempt, failure=failure)
