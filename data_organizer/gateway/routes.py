"""`POST /api/v2/captures`: a file as the raw body, its name and attributes in the query."""

from typing import Annotated, Any, Final

from anyio import to_thread
from fastapi import APIRouter, Header, Query, Request, Response

from data_organizer.gateway.errors import PushForm
from data_organizer.gateway.metrics import PUSHED, PUSHES_REFUSED
from data_organizer.gateway.names import PushQuery, check_query
from data_organizer.gateway.pushes import Pushes
from labrelay.contracts.base import Contract
from labrelay.contracts.captures import Announcement, CaptureAccepted, CaptureId, Digest
from labrelay.errors import LabrelayError
from labrelay.http import parse_content_digest
from labrelay.http.access import Calling
from labrelay.http.roles import Role, allow

BODY: Final = {
    "requestBody": {
        "required": True,
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}
ANSWERS: Final[dict[int | str, dict[str, Any]]] = {
    200: {"description": "This content of this path is a capture already: the same answer as then"},
    413: {"description": "Larger than `storage.max_upload_bytes`"},
    415: {"description": "A form or a compressed body instead of the file itself"},
    507: {"description": "The gateway's disk is above its watermark"},
}


class PushedJob(Contract):
    """A job of a pushed file: where its state can be read (`?wait=` seconds until it is final), and its outputs."""

    id: str
    url: str
    outputs: str


class Pushed(Contract):
    """Answer to a push; `created` is False when this content of this path had come before."""

    capture_id: CaptureId
    url: str
    generation: int
    created: bool
    matched: bool
    size: int
    sha256: Digest
    jobs: tuple[PushedJob, ...]


def push_router(pushes: Pushes) -> APIRouter:
    """The one route."""
    router = APIRouter(prefix="/api/v2/captures", tags=["push"])

    @router.post("", status_code=201, responses=ANSWERS, openapi_extra=BODY)
    @allow(Role.OPERATOR, Role.INSTRUMENT)
    async def push(
        request: Request,
        response: Response,
        query: Annotated[PushQuery, Query()],
        caller: Calling,
        content_digest: Annotated[str | None, Header(description="`sha-256=:base64:` (RFC 9530), checked")] = None,
        content_length: Annotated[int, Header(ge=0, include_in_schema=False)] = 0,
        content_type: Annotated[str, Header(include_in_schema=False)] = "",
        content_encoding: Annotated[str, Header(include_in_schema=False)] = "identity",
    ) -> Pushed:
        """Take a file in. 201 when it is on disk and in the record; to repeat a push changes nothing."""
        try:
            check_query(request)
            caller.check_instrument(query.instrument)
            _check_form(content_type, content_encoding)
            digest = None if content_digest is None else parse_content_digest(content_digest)
            draft = await to_thread.run_sync(pushes.announcement, query)
            told, accepted = await pushes.take(draft, request, content_length, digest)
        except LabrelayError as error:
            PUSHES_REFUSED.labels(error.code).inc()
            raise
        PUSHED.inc()
        pushed = _answer(told, accepted)
        response.status_code = 201 if accepted.created else 200
        response.headers["Location"] = pushed.url
        return pushed

    return router


def _check_form(content_type: str, content_encoding: str) -> None:
    if content_type.lower().startswith("multipart/"):
        raise PushForm("The body is a form.")
    if content_encoding.lower() != "identity":
        raise PushForm(f"The body is encoded ({content_encoding[:40]!r}).")


def _answer(told: Announcement, accepted: CaptureAccepted) -> Pushed:
    jobs = [(job, f"/api/v2/jobs/{job}") for job in accepted.jobs]
    return Pushed(
        capture_id=accepted.capture_id,
        url=f"/api/v2/captures/{accepted.capture_id}",
        generation=accepted.generation,
        created=accepted.created,
        matched=accepted.matched,
        size=told.size,
        sha256=told.sha256,
        jobs=tuple(PushedJob(id=job, url=url, outputs=f"{url}/outputs") for job, url in jobs),
    )
