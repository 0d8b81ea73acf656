"""AiCSD's routes of the sender on the gateway."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path
from fastapi.responses import FileResponse, PlainTextResponse, Response

from file_sender.gateway.errors import NotOffered
from file_sender.gateway.jobs import Jobs
from labrelay.errors import LabrelayError, ServiceUnavailable
from labrelay.http import OwnThreads
from labrelay.http.roles import Role, allow
from labrelay.layout import GatewayLayout
from labrelay.sealed import output_of, sealed_file

JobId = Annotated[str, Path(max_length=64)]


def v1_router(jobs: Jobs, layout: GatewayLayout) -> APIRouter:
    """`/api/v1` over the sealed outputs."""
    router = APIRouter(prefix="/api/v1", tags=["AiCSD"], route_class=OwnThreads().route_class)
    _add_files(router, jobs, layout)

    @router.post("/retry")
    @allow(Role.OPERATOR)
    def retry() -> None:
        """Nothing to take up again: the instrument asks for what waits."""

    @router.post("/archiveFile/{jobid}")
    @allow(Role.OPERATOR)
    def archive(jobid: UUID) -> None:
        """Nothing to move: sealed outputs stay in the store as long as the retention rules say."""
        jobs.job(str(jobid))

    @router.post("/reject/{jobid}")
    @router.delete("/reject/{jobid}")
    @allow(Role.OPERATOR)
    def reject(jobid: JobId) -> None:
        """Not offered: labrelay keeps no folder of rejected images."""
        raise NotOffered("labrelay keeps no folder of rejected images.")

    return router


def _add_files(router: APIRouter, jobs: Jobs, layout: GatewayLayout) -> None:
    @router.get("/transmitFile/{jobid}/{fileid}", response_class=Response)
    @allow(Role.VIEWER)
    def transmit_file(jobid: JobId, fileid: str) -> Response:
        """The bytes of one output by its number; 500 for an unknown job or file, as AiCSD answers."""
        if not fileid.isdecimal():
            return PlainTextResponse("the file's number is not a number", status_code=400)
        try:
            job = jobs.job(str(UUID(jobid)))
            path = sealed_file(layout, job, output_of(job, int(fileid)))
        except ServiceUnavailable:
            raise
        except (LabrelayError, ValueError) as error:
            # AiCSD answers 500 to an unknown job or file.
            return PlainTextResponse(str(error), status_code=500)
        return FileResponse(path, media_type="text/plain")
