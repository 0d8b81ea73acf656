"""AiCSD's data organizer (port 59781) on the wire: notifyNewFile and retry, answers as text."""

from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import PlainTextResponse, Response
from pydantic import ValidationError

from data_organizer.journal import Journal
from data_organizer.notification import Notifications, Verdict
from labrelay.contracts.aicsd import WireJob
from labrelay.errors import InputProblem, LabrelayError
from labrelay.http import OwnThreads
from labrelay.http.roles import Role, allow

_STATUS: Final = {Verdict.SENT: 200, Verdict.NO_TASK: 204, Verdict.DONE_BEFORE: 208}


def router(notifications: Notifications, journal: Journal) -> APIRouter:
    """The two v1 routes."""
    threads = OwnThreads()  # both ask the watcher, which lives in the same process
    routes = APIRouter(prefix="/api/v1", tags=["aicsd"], route_class=threads.route_class)

    @routes.post("/notifyNewFile")
    @allow(Role.OPERATOR)
    async def notify(request: Request) -> Response:
        """A new file: 200 announced, 204 no task takes it, 208 processed before, 400 refused, 500 unreadable."""
        try:
            job = WireJob.model_validate_json(await request.body())
        except ValidationError as error:
            return _text(500, f"the body is not a Job: {error.errors()[0]['msg']}")
        return await threads.run(_notify, notifications, job)

    @routes.post("/retry")
    @allow(Role.OPERATOR)
    def retry() -> Response:
        """Announce again what waits or was refused."""
        try:
            journal.scan()
        except LabrelayError as error:
            return _text(500, error.cause)
        return Response(status_code=200)

    return routes


def _notify(notifications: Notifications, job: WireJob) -> Response:
    try:
        return Response(status_code=_STATUS[notifications.notify(job.input_file)])
    except InputProblem as error:
        return _text(500, error.cause)
    except LabrelayError as error:
        return _text(400, error.cause)


def _text(status: int, cause: str) -> Response:
    return PlainTextResponse(f"{cause}\n", status_code=status)
