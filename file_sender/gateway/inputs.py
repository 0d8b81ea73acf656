"""`/api/v2/jobs/{id}/inputs/{index}`: the files that a job worked on, for whoever fetches them over HTTP."""

from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Header, Response

from file_sender.gateway.jobs import Jobs
from file_sender.gateway.outputs import DownloadResponse
from labrelay.contracts.jobs import Job, Source
from labrelay.errors import NotFound
from labrelay.files import legal_name
from labrelay.http import OwnThreads, content_digest
from labrelay.http.access import Calling
from labrelay.http.roles import Role, allow
from labrelay.layout import GatewayLayout

Tags = Annotated[str, Header(alias="if-none-match", include_in_schema=False)]
ANSWERS: Final[dict[int | str, dict[str, Any]]] = {
    206: {"description": "The bytes that `Range` names"},
    304: {"description": "`If-None-Match` names these bytes"},
    404: {"description": "No such job, it has no such input, or the gateway has let it go"},
}


class InputGone(NotFound):
    """The input is no longer in the gateway's store."""

    code = "input_gone"
    default_next_step = "Take the file from the instrument's folder, or from wherever the lab archives it."


def inputs_router(jobs: Jobs, layout: GatewayLayout) -> APIRouter:
    """Each input's bytes."""
    router = APIRouter(prefix="/api/v2/jobs", tags=["inputs"], route_class=OwnThreads().route_class)

    @router.get("/{job_id}/inputs/{index}", response_class=DownloadResponse, responses=ANSWERS)
    @allow(Role.VIEWER, Role.INSTRUMENT)
    def input_file(job_id: UUID, index: int, caller: Calling, if_none_match: Tags = "") -> Response:
        """The bytes of one input: 0 is a job's own file; of a set's lead the set's files in the pipeline's order."""
        job = jobs.job(str(job_id))
        caller.check_instrument(job.source.instrument)
        source = source_of(job, index)
        tag = f'"{source.sha256}"'
        if tag in if_none_match or if_none_match.strip() == "*":
            return Response(status_code=304, headers={"ETag": tag})
        blob = layout.input_blob(source.instrument, source.sha256)
        if not (blob.is_file() and blob.stat().st_size == source.size):
            raise InputGone(f"The input {source.path} of job {job.id} is no longer on the gateway.")
        digest = content_digest(source.sha256)
        headers = {"ETag": tag, "Repr-Digest": digest, "X-Content-Type-Options": "nosniff"}
        name = legal_name(source.path.rpartition("/")[2])
        return DownloadResponse(blob, headers=headers, media_type="application/octet-stream", filename=name)

    return router


def source_of(job: Job, index: int) -> Source:
    """A job's input by its place.

    Raises:
        NotFound: it has none at this place.
    """
    sources = [member.source for member in job.members] or [job.source]
    if not 0 <= index < len(sources):
        raise NotFound(f"Job {job.id} has {len(sources)} inputs, none at place {index}.")
    return sources[index]
