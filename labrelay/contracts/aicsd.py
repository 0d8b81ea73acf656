"""AiCSD's data models with their wire names (PascalCase), for `/api/v1` and for pipelines written for AiCSD.

Format: Intel AiCSD `pkg/types`, as written down in the integrator's guide. Read leniently, written exactly.
"""

from collections.abc import Mapping
from typing import Any

from pydantic import AliasGenerator, BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_pascal

from labrelay.contracts.attributes import AttributeValue, wire_texts
from labrelay.contracts.jobs import Job
from labrelay.contracts.states import Owner, PipelineStatus, Stage


class Wire(BaseModel):
    """Base of AiCSD's models: PascalCase on the wire, unknown members ignored."""

    model_config = ConfigDict(
        frozen=True, extra="ignore", populate_by_name=True, alias_generator=AliasGenerator(alias=to_pascal)
    )

    def wire(self) -> dict[str, Any]:
        """The JSON object as AiCSD writes it."""
        return self.model_dump(by_alias=True, mode="json")


class WireError(Wire):
    """AiCSD's ErrorDetails."""

    owner: str = ""
    error: str = ""


class FileInfo(Wire):
    """AiCSD's InputFile."""

    hostname: str = ""
    dir_name: str = ""
    name: str = ""
    extension: str = ""
    archive_name: str = ""
    viewable: str = ""
    attributes: dict[str, str] | None = None


class OutputFile(Wire):
    """One of AiCSD's OutputFiles; ErrorDetails is also taken as a string, as AiCSD's own documents show it."""

    dir_name: str = ""
    name: str = ""
    extension: str = ""
    archive_name: str = ""
    viewable: str = ""
    status: str = ""
    error_details: WireError | str | None = None
    owner: str = ""


class PipelineDetails(Wire):
    """AiCSD's PipelineDetails."""

    task_id: str = ""
    status: str = ""
    qc_flags: str = Field(default="", alias="QCFlags")
    output_file_host: str = ""
    output_files: tuple[OutputFile, ...] | None = None
    results: str = ""


class WireJob(Wire):
    """AiCSD's Job."""

    id: str = ""
    owner: str = ""
    input_file: FileInfo = FileInfo()
    pipeline_details: PipelineDetails = PipelineDetails()
    last_updated: int = 0
    status: str = ""
    error_details: WireError | None = None
    verification: int = 0


class WireTask(Wire):
    """AiCSD's Task; JobSelector is JSONLogic as text."""

    id: str | None = ""
    description: str = ""
    job_selector: str = ""
    pipeline_id: str = ""
    result_file_folder: str = ""
    model_parameters: dict[str, str] | None = None
    last_updated: int = 0


class PipelineParameters(Wire):
    """The launch's parameters as a pipeline of AiCSD reads them."""

    input_file_location: str
    output_file_folder: str
    model_params: dict[str, str] = {}
    job_update_url: str
    pipeline_status_url: str


class ReportedFile(OutputFile):
    """An output file in a report; native pipelines add the digest of what they wrote (hex SHA-256)."""

    sha256: str | None = None


class WireReport(Wire):
    """The body that a pipeline PUTs to JobUpdateUrl; the last three members come from native pipelines only.

    Attributes:
        failure: why it failed: `code`, `cause`, `next_step`, `retryable` (the members of `contracts.jobs.Failure`).
    """

    status: str
    qc_flags: str = Field(default="", alias="QCFlags")
    output_files: tuple[ReportedFile, ...] | None = None
    results: str = ""
    error_details: WireError | str | None = None
    measurements: dict[str, float] = {}
    failure: dict[str, Any] | None = None


NO_TASK = "no tasks could be matched to the input file name"
PIPELINE_ERROR = "an error occurred in the processing pipeline"
TRANSMIT_FILE = "failed to transmit file"

_PIPELINE_STATUS = {Stage.PROCESSING: PipelineStatus.PROCESSING, Stage.LAUNCHED: PipelineStatus.PROCESSING}


def input_file_of(name: str, host: str, directory: str, attributes: Mapping[str, AttributeValue]) -> FileInfo:
    """AiCSD's InputFile for a file name; Extension is the last suffix with its dot."""
    dot = name.rfind(".")
    extension = name[dot:] if dot > 0 else ""
    texts = wire_texts(attributes)
    return FileInfo(hostname=host, dir_name=directory, name=name, extension=extension, attributes=texts)


def wire_job(job: Job) -> WireJob:
    """The AiCSD form of a job, as selectors and `/api/v1` see it."""
    source = job.source
    return WireJob(
        id=job.id,
        owner=job.owner,
        input_file=input_file_of(source.path.rsplit("/", 1)[-1], source.host, source.directory, source.attributes),
        pipeline_details=_pipeline_details(job),
        last_updated=job.updated_ns,
        status=job.status,
        error_details=_error_details(job),
        verification=job.verification,
    )


def _pipeline_details(job: Job) -> PipelineDetails:
    report = job.report
    done = job.stage is Stage.COMPLETE
    outputs = tuple(
        OutputFile(
            dir_name=output.returned_path.rpartition("/")[0] if output.returned_path else "",
            name=(output.returned_path or output.name).rpartition("/")[2],
            extension=f".{output.name.rpartition('.')[2]}" if "." in output.name else "",
            status="FileComplete" if done else "FileIncomplete",
            owner=Owner.NONE if done else job.owner,
        )
        for output in job.outputs
    )
    return PipelineDetails(
        task_id=job.task.id if job.task else "",
        status=_pipeline_status(job),
        qc_flags=report.qc_flags if report else "",
        output_file_host=("oem" if done else "gateway") if report else "",
        output_files=outputs or None,
        results=report.results if report else "",
    )


def _pipeline_status(job: Job) -> PipelineStatus:
    if job.failure is not None and job.failure.code == "output_missing":
        return PipelineStatus.FILE_NOT_FOUND
    return job.report.status if job.report else _PIPELINE_STATUS.get(job.stage, PipelineStatus.NOT_STARTED)


def _error_details(job: Job) -> WireError | None:
    if job.stage is Stage.UNMATCHED:
        return WireError(owner=Owner.DATA_ORGANIZER, error=NO_TASK)
    if job.failure is not None:
        return WireError(owner=job.failure.owner, error=job.failure.cause)
    if job.stage in (Stage.CANCELLED, Stage.SUPERSEDED) or job.overdue:
        return WireError(owner=job.owner, error=job.overdue or job.stage)
    return None
