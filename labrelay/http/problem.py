"""Errors as RFC 9457 problem documents, and back."""

from typing import Any, Final

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.datastructures import Headers
from starlette.types import Receive, Scope, Send

from labrelay.errors import LabrelayError, RequestRefused, Unprocessable, error_tree
from labrelay.http import refusals
from labrelay.telemetry import logger
from labrelay.words import ENGLISH, _, preferred, speaking

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


class ProblemResponse(JSONResponse):
    """A problem document; its next step is in the reader's language where the catalogue has it, else in English."""

    media_type = MEDIA_TYPE

    def __init__(self, error: LabrelayError, language: str = "") -> None:
        self._document, self._language = problem_of(error), language
        headers = {"Retry-After": "2"} if error.retryable and error.status in (503, 507) else None
        super().__init__(self._document, status_code=error.status, headers=headers)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        language = self._language or preferred(Headers(scope=scope).get("accept-language", "")) or ENGLISH
        if language != ENGLISH:
            step = str(self._document["next_step"])
            with speaking(language):
                self.body = self.render({**self._document, "next_step": _(step)})
            self.headers["content-length"] = str(len(self.body))
        await super().__call__(scope, receive, send)


def respond(error: LabrelayError, language: str = "") -> ProblemResponse:
    """The HTTP answer of an error, in this language or, where none is given, in the one that the request asks for."""
    return ProblemResponse(error, language)


def install(app: FastAPI) -> None:
    """Make every error of `app` a problem document."""

    @app.exception_handler(LabrelayError)
    async def known(request: Request, error: LabrelayError) -> JSONResponse:
        refusals.note(error, request.scope.get("client"))
        return respond(error)

    @app.exception_handler(RequestValidationError)
    async def malformed(request: Request, error: RequestValidationError) -> JSONResponse:
        return await known(request, unreadable(error))

    @app.exception_handler(Exception)
    async def unknown(request: Request, error: Exception) -> JSONResponse:
        _log.error("request failed", path=request.url.path, exc_info=error)
        return respond(LabrelayError(f"{type(error).__name__}: {error}"))


def unreadable(error: RequestValidationError) -> Unprocessable:
    """What is wrong with a request that doesn't fit its route, in words."""
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"])
    return Unprocessable(f"{where}: {first['msg']}", next_step=RequestRefused.default_next_step)
