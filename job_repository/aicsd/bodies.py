"""What AiCSD's clients and pipelines send, read into labrelay's own words."""

import json
import re
from dataclasses import dataclass
from typing import Annotated, Any, Final

from pydantic import Field, FiniteFloat, StringConstraints, ValidationError

from job_repository.jobs.steps import EditJob
from labrelay.contracts.aicsd import FileInfo, OutputFile, Wire, wire_job
from labrelay.contracts.attributes import Attributes, wire_texts
from labrelay.contracts.captures import Announcement, Digest
from labrelay.contracts.jobs import MOST_TEXT, Failure, Job, PipelineReport, ReportedOutput
from labrelay.contracts.states import PipelineStatus
from labrelay.errors import RequestRefused, Unprocessable
from labrelay.http.limits import JsonTooWild, check_shape

FOLDER: Final = "aicsd"
NO_DIGEST: Final = "0" * 64
MOST_BYTES: Final = 1_000_000
"""Bytes of a report: it travels with its job from now on, so that large results are outputs."""
BEYOND_LIMITS: Final = frozenset({"string_too_long", "finite_number"})
"""pydantic's types of errors."""
ShortText = Annotated[str, StringConstraints(max_length=MOST_TEXT)]
_DERIVED: Final = frozenset({"LastUpdated"})


@dataclass(frozen=True)
class Callback:
    """A pipeline's callback URL, and whether it came from this machine without a key."""

    job_id: str
    task_id: str
    attempt: str
    key: str
    local: bool


class NativeOutput(OutputFile):
    """An output file; native pipelines add its digest."""

    sha256: Digest | None = Field(default=None, alias="Sha256")


class NativeReport(Wire):
    """A report; native pipelines add measurements and the failure's own code."""

    status: str
    qc_flags: ShortText = Field(default="", alias="QCFlags")
    output_files: tuple[NativeOutput, ...] | None = None
    results: ShortText = ""
    measurements: dict[str, FiniteFloat] = {}
    failure: Failure | None = None


class PushedFile(FileInfo):
    """AiCSD's InputFile; a client that knows them adds digest and size."""

    sha256: Digest = Field(default=NO_DIGEST, alias="Sha256")
    size: int = Field(default=0, ge=0)


class PushedJob(Wire):
    """The body of a v1 create."""

    id: str | None = ""
    input_file: PushedFile


def announcement_of(body: bytes) -> Announcement:
    """The capture that a v1 create announces; its path is AiCSD's key, Hostname:DirName:Name.

    Raises:
        RequestRefused: the job has an id, or a mandatory part of InputFile is empty.
        ValidationError: it isn't a job.
    """
    job = PushedJob.model_validate_json(body)
    file = job.input_file
    if job.id or not all((file.hostname, file.dir_name, file.name, file.extension)):
        raise RequestRefused("Id must be empty; Hostname, DirName, Name and Extension must not.")
    directory = re.sub(r"[\\/]+", "/", file.dir_name).strip("/")
    return Announcement(
        instrument=re.sub(r"[^A-Za-z0-9._-]", "-", file.hostname).lstrip("._-")[:64] or "oem",
        folder=FOLDER,
        path=f"{directory}/{file.name}".lstrip("/"),
        size=file.size,
        sha256=file.sha256,
        host=file.hostname,
        directory=file.dir_name,
        attributes=file.attributes or {},
        returns="none",
    )


def read_report(body: bytes) -> NativeReport:
    """A report within its limits.

    Raises:
        Unprocessable: it is too long or holds a number that is none, which AiCSD doesn't know as mistakes.
        RequestRefused: it is no JSON, or has a member that makes no sense; the cause names the first.
    """
    if len(body) > MOST_BYTES:
        raise Unprocessable(f"it has more than {MOST_BYTES:,} bytes; large results belong into an output file")
    try:
        check_shape(body)
        return NativeReport.model_validate_json(body)
    except JsonTooWild as wild:
        raise Unprocessable(wild.cause) from wild
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        kind = Unprocessable if first["type"] in BEYOND_LIMITS else RequestRefused
        raise kind(f"{where}: {first['msg']}" if where else str(first["msg"])) from error


def report_of(told: NativeReport) -> PipelineReport:
    """The report in labrelay's words."""
    outputs = tuple(
        ReportedOutput(directory=file.dir_name, name=file.name, sha256=file.sha256) for file in told.output_files or ()
    )
    return PipelineReport(
        status=PipelineStatus(told.status),
        qc_flags=told.qc_flags,
        results=told.results,
        outputs=outputs,
        measurements=told.measurements,
        failure=told.failure,
    )


def parse_object(body: bytes) -> dict[str, Any]:
    """A JSON object.

    Raises:
        RequestRefused: the body isn't one.
    """
    try:
        value = json.loads(body)
    except ValueError as error:
        raise RequestRefused(f"The body isn't JSON: {error}.") from error
    if not isinstance(value, dict):
        raise RequestRefused("The body isn't a JSON object.")
    return value


def edit_of(job: Job, fields: dict[str, Any], actor: str) -> EditJob | None:
    """What a v1 PUT changes; None where it names an unknown field or one that the transitions decide."""
    asked = _flat(fields)
    current = _flat(wire_job(job).wire())
    attributes = dict(job.source.attributes)
    verification = None
    for path, value in asked.items():
        if path == "Verification" and type(value) is int and value in (0, 1, 2):
            verification = value
        elif not _attribute(path, value, attributes) and not _same(path, value, current):
            return None
    if not asked:
        return None
    return EditJob(verification=verification, attributes=attributes, actor=actor)


def _attribute(path: str, value: Any, attributes: Attributes) -> bool:
    """Take on a change of one attribute or of all; False when the path or the value doesn't fit."""
    prefix, _, name = path.partition("InputFile.Attributes")
    if prefix or path == name:
        return False
    if not name and (value is None or _all_text(value)):
        kept = _kept(value or {}, attributes)
        attributes.clear()
        attributes.update(kept)
        return True
    if name[1:] in attributes and isinstance(value, str):
        attributes.update(_kept({name[1:]: value}, attributes))
        return True
    return False


def _kept(texts: dict[str, str], attributes: Attributes) -> Attributes:
    """What v1 says in texts; a value that only lost its kind on the wire keeps it."""
    wire = wire_texts(attributes)
    return {name: attributes[name] if wire.get(name) == text else text for name, text in texts.items()}


def _all_text(value: Any) -> bool:
    return isinstance(value, dict) and all(isinstance(text, str) for text in value.values())


def _same(path: str, value: Any, current: dict[str, Any]) -> bool:
    if path in _DERIVED:
        return type(value) is int
    return path in current and type(current[path]) is type(value) and bool(current[path] == value)


def _flat(fields: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """Dotted paths to values; attributes stay one object."""
    flat: dict[str, Any] = {}
    for name, value in fields.items():
        path = f"{prefix}{name}"
        if isinstance(value, dict) and path != "InputFile.Attributes":
            flat.update(_flat(value, f"{path}."))
        else:
            flat[path] = value
    return flat
