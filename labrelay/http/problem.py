"""Errors as RFC 9457 problem documents, and back."""

from typing import Any, Final

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse

from labrelay.errors import LabrelayError, RequestRefused, Unprocessable, error_tree
from labrelay.http import refusals
from labrelay.telemetry import logger

MEDIA_TYPE = "application/problem+json"
LONGEST: Final = 2000
"""Characters of a cause or next step: what came in is quoted, but never at any length."""
_log = logger("labrelay.http")


def problem_of(error: LabrelayError) -> dict[str, Any]:
    """The problem document of an error."""
    return {
        "type": "about:blank",
        "title": error.code.replace("_", " "),
        "status": error.status,
        "detail": cut(error.cause),
        "code": error.code,
        "cause": cut(error.cause),
        "next_step": error.next_step,
        "retryable": error.retryable,
        **error.extra,
    }


def error_from(document: dict[str, Any], status: int) -> LabrelayError:
    """The error that a problem document stands for; codes of other services become their nearest known ancestor."""
    code = str(document.get("code", ""))
    known = error_tree()
    kind = known.get(code) or next((k for k in known.values() if k.status == status), LabrelayError)
    words = f"HTTP status {status} ({kind.code.replace('_', ' ')})."  # an answer to HEAD has no document
    cause = cut(str(document.get("cause") or document.get("detail") or words))
    step = cut(str(document["next_step"])) if document.get("next_step") else None
    extra = {k: v for k, v in document.items() if k not in _MEMBERS and k.isidentifier()}
    return kind(cause, next_step=step, **extra)


def cut(text: str) -> str:
    """A text of readable length."""
    return text if len(text) <= LONGEST else f"{text[:LONGEST]} …"


_MEMBERS = {"type", "title", "status", "detail", "instance", "code", "cause", "next_step", "retryable", "self"}


def respond(error: LabrelayError) -> JSONResponse:
    """The HTTP answer of an error."""
    headers = {"Retry-After": "2"} if error.retryable and error.status in (503, 507) else None
    return JSONResponse(problem_of(error), status_code=error.status, media_type=MEDIA_TYPE, headers=headers)


def install(app: FastAPI) -> None:
    """Make every error of `app` a problem document."""

    @app.exception_handler(LabrelayError)
    async def known(request: Request, error: LabrelayError) -> JSONResponse:
        refusals.note(error, request.scope.get("client"))
        return respond(error)

    @app.exception_handler(RequestValidationError)
    async def malformed(request: Request, error: RequestValidationError) -> JSONResponse:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        refused = Unprocessable(f"{where}: {first['msg']}", next_step=RequestRefused.default_next_step)
        return await known(request, refused)

    @app.exception_handler(Exception)
    async def unknown(request: Request, error: Exception) -> JSONResponse:
        _log.error("request failed", path=request.url.path, exc_info=error)
        return respond(LabrelayError(f"{type(error).__name__}: {error}"))
