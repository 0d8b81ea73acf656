"""Words of a job in the reader's language, for `GET /api/v1/job` with `Accept-Language`."""

from collections.abc import Mapping
from typing import Any, Final

from labrelay.contracts.aicsd import NO_TASK, PIPELINE_ERROR, TRANSMIT_FILE
from labrelay.words import N_, _, speaking

WORDS: Final[Mapping[str, str]] = {
    "none": N_("None"),
    "file-watcher": N_("File watcher"),
    "data-organizer": N_("Data organizer"),
    "file-sender-oem": N_("File sender (instrument)"),
    "file-receiver-gateway": N_("File receiver (gateway)"),
    "task-launcher": N_("Task launcher"),
    "file-sender-gateway": N_("File sender (gateway)"),
    "file-receiver-oem": N_("File receiver (instrument)"),
    "Incomplete": N_("Incomplete"),
    "Complete": N_("Complete"),
    "NoPipelineFound": N_("No pipeline found"),
    "PipelineError": N_("Pipeline error"),
    "TransmissionFailed": N_("Transmission failed"),
    "FileErrored": N_("File error"),
    "PipelineProcessing": N_("Pipeline is processing"),
    "PipelineComplete": N_("Pipeline complete"),
    "PipelineFailed": N_("Pipeline failed"),
    "FileNotFound": N_("File not found"),
    "FileIncomplete": N_("File incomplete"),
    "FileComplete": N_("File complete"),
    NO_TASK: N_("No task matches the name of the input file"),
    PIPELINE_ERROR: N_("An error occurred in the processing pipeline"),
    TRANSMIT_FILE: N_("The file could not be transmitted"),
}


def translated(job: dict[str, Any], language: str) -> dict[str, Any]:
    """AiCSD's form of a job with its owners, statuses and errors in a language's words; unknown ones stay."""
    with speaking(language):
        return _job(job)


def _job(job: dict[str, Any]) -> dict[str, Any]:
    details = job["PipelineDetails"]
    files = [_file(file) for file in details["OutputFiles"] or []] or None
    return {
        **job,
        "Owner": _word(job["Owner"]),
        "Status": _word(job["Status"]),
        "ErrorDetails": _error(job["ErrorDetails"]),
        "PipelineDetails": {**details, "Status": _word(details["Status"]), "OutputFiles": files},
    }


def _file(file: dict[str, Any]) -> dict[str, Any]:
    changed = {name: _word(file[name]) for name in ("Status", "Owner")}
    return {**file, **changed, "ErrorDetails": _error(file["ErrorDetails"])}


def _error(error: Any) -> Any:
    if not isinstance(error, dict):
        return error
    return {name: _word(error[name]) for name in ("Owner", "Error")}


def _word(text: str) -> str:
    return _(WORDS[text]) if text in WORDS else text
