"""Words of a job in the reader's language, for `GET /api/v1/job` with `Accept-Language`. English and Chinese."""

from collections.abc import Mapping
from typing import Any, Final

from labrelay.contracts.aicsd import NO_TASK, PIPELINE_ERROR, TRANSMIT_FILE

ENGLISH: Final[Mapping[str, str]] = {
    "none": "None",
    "file-watcher": "File watcher",
    "data-organizer": "Data organizer",
    "file-sender-oem": "File sender (instrument)",
    "file-receiver-gateway": "File receiver (gateway)",
    "task-launcher": "Task launcher",
    "file-sender-gateway": "File sender (gateway)",
    "file-receiver-oem": "File receiver (instrument)",
    "Incomplete": "Incomplete",
    "Complete": "Complete",
    "NoPipelineFound": "No pipeline found",
    "PipelineError": "Pipeline error",
    "TransmissionFailed": "Transmission failed",
    "FileErrored": "File error",
    "PipelineProcessing": "Pipeline is processing",
    "PipelineComplete": "Pipeline complete",
    "PipelineFailed": "Pipeline failed",
    "FileNotFound": "File not found",
    "FileIncomplete": "File incomplete",
    "FileComplete": "File complete",
    NO_TASK: "No task matches the name of the input file",
    PIPELINE_ERROR: "An error occurred in the processing pipeline",
    TRANSMIT_FILE: "The file could not be transmitted",
}

CHINESE: Final[Mapping[str, str]] = {
    "none": "无",
    "file-watcher": "文件监视器",
    "data-organizer": "数据整理器",
    "file-sender-oem": "文件发送端(仪器)",
    "file-receiver-gateway": "文件接收端(网关)",
    "task-launcher": "任务启动器",
    "file-sender-gateway": "文件发送端(网关)",
    "file-receiver-oem": "文件接收端(仪器)",
    "Incomplete": "未完成",
    "Complete": "已完成",
    "NoPipelineFound": "未找到处理流程",
    "PipelineError": "处理流程出错",
    "TransmissionFailed": "传输失败",
    "FileErrored": "文件出错",
    "PipelineProcessing": "正在处理",
    "PipelineComplete": "处理完成",
    "PipelineFailed": "处理失败",
    "FileNotFound": "未找到文件",
    "FileIncomplete": "文件不完整",
    "FileComplete": "文件完整",
    NO_TASK: "没有任务与输入文件名匹配",
    PIPELINE_ERROR: "处理流程中发生错误",
    TRANSMIT_FILE: "文件传输失败",
}

LANGUAGES: Final = {"en": ENGLISH, "zh": CHINESE}


def dictionary_for(accept_language: str) -> Mapping[str, str] | None:
    """The words of the first known language in an Accept-Language header; None leaves a job as it is."""
    for choice in accept_language.split(","):
        tag = choice.partition(";")[0].strip().lower()
        if (known := LANGUAGES.get(tag.partition("-")[0])) is not None:
            return known
    return None


def translated(job: dict[str, Any], words: Mapping[str, str]) -> dict[str, Any]:
    """AiCSD's form of a job with its owners, statuses and errors in other words; unknown ones stay."""
    details = job["PipelineDetails"]
    files = [_file(file, words) for file in details["OutputFiles"] or []] or None
    return {
        **job,
        "Owner": _word(job["Owner"], words),
        "Status": _word(job["Status"], words),
        "ErrorDetails": _error(job["ErrorDetails"], words),
        "PipelineDetails": {**details, "Status": _word(details["Status"], words), "OutputFiles": files},
    }


def _file(file: dict[str, Any], words: Mapping[str, str]) -> dict[str, Any]:
    changed = {name: _word(file[name], words) for name in ("Status", "Owner")}
    return {**file, **changed, "ErrorDetails": _error(file["ErrorDetails"], words)}


def _error(error: Any, words: Mapping[str, str]) -> Any:
    if not isinstance(error, dict):
        return error
    return {name: _word(error[name], words) for name in ("Owner", "Error")}


def _word(text: str, words: Mapping[str, str]) -> str:
    return words.get(text, text)
