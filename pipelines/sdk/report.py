"""The report of one attempt in AiCSD's form, with digests, measurements and failures added."""

from pathlib import Path
from typing import Final

from labrelay.contracts.aicsd import ReportedFile, WireError, WireReport
from labrelay.contracts.states import Owner, PipelineStatus
from labrelay.errors import LabrelayError, PipelineProblem
from labrelay.files import digest_file
from pipelines.sdk.outcome import Outcome, OutcomeInvalid

MOST_CAUSE: Final = 2_000
"""Characters of an exception's message that people are shown."""


def report_of(outcome: Outcome) -> WireReport:
    """The report of a success; reads every output once for its digest.

    Raises:
        OutcomeInvalid: an output can't be read.
    """
    return WireReport(
        status=PipelineStatus.COMPLETE,
        qc_flags=outcome.qc_flags,
        output_files=tuple(_reported(Path(path)) for path in outcome.outputs),
        results=outcome.results,
        measurements={name: float(value) for name, value in outcome.measurements.items()},
    )


def failure_report(error: BaseException) -> WireReport:
    """The report of a failure; an error that isn't labrelay's own counts as `pipeline_failed`."""
    known = error if isinstance(error, LabrelayError) else PipelineProblem(_cause(error))
    return WireReport(
        status=PipelineStatus.FAILED,
        error_details=WireError(owner=Owner.TASK_LAUNCHER, error=known.cause),
        failure={
            "code": known.code,
            "cause": known.cause,
            "next_step": known.next_step,
            "retryable": known.retryable,
        },
    )


def _reported(path: Path) -> ReportedFile:
    try:
        sha256, _ = digest_file(path)
    except OSError as error:
        raise OutcomeInvalid(f"The output {path.name} can't be read: {error.strerror or error}.") from error
    return ReportedFile(dir_name=str(path.parent), name=path.name, extension=path.suffix, sha256=sha256)


def _cause(error: BaseException) -> str:
    message = str(error).strip()
    if len(message) > MOST_CAUSE:
        message = f"{message[:MOST_CAUSE]} …"
    return f"{type(error).__name__}: {message}" if message else type(error).__name__
