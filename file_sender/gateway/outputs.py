"""`/api/v2/jobs/{id}/outputs`: sealed outputs for whoever fetches them over HTTP, without taking a return on."""

import re
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Header, Response
from fastapi.responses import FileResponse
from starlette.types import Receive, Scope, Send

from file_sender.gateway.errors import OutputsNotSealed
from file_sender.gateway.jobs import Jobs
from labrelay.access.callers import Caller
from labrelay.contracts.base import Contract
from labrelay.contracts.captures import Digest
from labrelay.contracts.jobs import Job
from labrelay.contracts.states import Stage
from labrelay.files import CHUNK, legal_name
from labrelay.http import OwnThreads, content_digest
from labrelay.http.access import Calling
from labrelay.http.roles import Role, allow
from labrelay.layout import GatewayLayout
from labrelay.sealed import output_of, sealed_file

Tags = Annotated[str, Header(alias="if-none-match", include_in_schema=False)]
Span = Annotated[str, Header(alias="range", description="`bytes=FIRST-LAST`")]
_PART: Final = re.compile(r"([0-9]{1,18})-([0-9]{0,18})|-[0-9]{1,18}")
ANSWERS: Final[dict[int | str, dict[str, Any]]] = {
    206: {"description": "The bytes that `Range` names"},
    304: {"description": "`If-None-Match` names these bytes"},
    404: {"description": "No such job, or it has no such output"},
    409: {"description": "The outputs aren't sealed yet"},
}


class FetchedOutput(Contract):
    """One sealed output; `url` gives its bytes."""

    index: int
    url: str
    size: int
    sha256: Digest
    name: str


class FetchedOutputs(Contract):
    """The outputs of a job; a job that ended without any has an empty list.

    Attributes:
        lead: the job that worked for this one's capture set and has the set's outputs, if that is another.
    """

    job_id: str
    stage: Stage
    lead: str | None
    items: tuple[FetchedOutput, ...]


class DownloadResponse(FileResponse):
    """A sealed file under its own name, with `Range`, in pieces of 1 MiB."""

    chunk_size = CHUNK

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer; a `Range` that names no bytes counts as none (RFC 9110, 14.2), where Starlette refuses it."""
        kept = [
            (name, value)
            for name, value in scope["headers"]
            if name != b"range" or _names_bytes(value.decode("latin-1"))
        ]
        await super().__call__({**scope, "headers": kept}, receive, send)


def outputs_router(jobs: Jobs, layout: GatewayLayout) -> APIRouter:
    """The list, and each output's bytes."""
    router = APIRouter(prefix="/api/v2/jobs", tags=["outputs"], route_class=OwnThreads().route_class)

    @router.get("/{job_id}/outputs", responses={code: ANSWERS[code] for code in (404, 409)})
    @allow(Role.VIEWER, Role.INSTRUMENT)
    def outputs(job_id: UUID, caller: Calling) -> FetchedOutputs:
        """A job's sealed outputs, once there are any or it has ended without."""
        job = _sealed(jobs, job_id, caller)
        return FetchedOutputs(job_id=job.id, stage=job.stage, lead=job.lead, items=_items(job))

    @router.head("/{job_id}/outputs/{index}", include_in_schema=False)
    @router.get("/{job_id}/outputs/{index}", response_class=DownloadResponse, responses=ANSWERS)
    @allow(Role.VIEWER, Role.INSTRUMENT)
    def output(job_id: UUID, index: int, caller: Calling, if_none_match: Tags = "", span: Span = "") -> Response:
        """The bytes of one output."""
        job = _sealed(jobs, job_id, caller)
        sealed = output_of(job, index)
        headers = _headers(sealed.sha256, whole=not _names_bytes(span))
        if headers["ETag"] in if_none_match or if_none_match.strip() == "*":
            return Response(status_code=304, headers={"ETag": headers["ETag"]})
        return DownloadResponse(
            sealed_file(layout, job, sealed),
            headers=headers,
            media_type="application/octet-stream",
            filename=legal_name(sealed.name.rpartition("/")[2]),
        )

    return router


def _sealed(jobs: Jobs, job_id: UUID, caller: Caller) -> Job:
    job = jobs.job(str(job_id))
    caller.check_instrument(job.source.instrument)
    if not (job.final or job.outputs):
        raise OutputsNotSealed(f"Job {job.id} is {job.stage}; its outputs aren't sealed yet.", stage=job.stage.value)
    return job


def _items(job: Job) -> tuple[FetchedOutput, ...]:
    return tuple(
        FetchedOutput(
            index=index,
            url=f"/api/v2/jobs/{job.id}/outputs/{index}",
            size=output.size,
            sha256=output.sha256,
            name=output.name,
        )
        for index, output in enumerate(job.outputs)
    )


def _names_bytes(span: str) -> bool:
    """Whether a `Range` is one of bytes, and none of its parts ends before it begins."""
    unit, _, parts = span.partition("=")
    found = [_PART.fullmatch(part.strip()) for part in parts.split(",")]
    return unit.strip().lower() == "bytes" and all(
        part and not (part[1] and part[2] and int(part[2]) < int(part[1])) for part in found
    )


def _headers(sha256: str, *, whole: bool) -> dict[str, str]:
    """RFC 9530: `Content-Digest` is of the bytes in this answer, `Repr-Digest` of the whole file, also with `Range`."""
    digest = content_digest(sha256)
    headers = {"ETag": f'"{sha256}"', "Repr-Digest": digest, "X-Content-Type-Options": "nosniff"}
    return {**headers, "Content-Digest": digest} if whole else headers
