"""Whatever goes wrong: for a person a kind page, for a program the problem document."""

from typing import Final

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from starlette.exceptions import HTTPException

from dashboard.pages import Pages
from labrelay.errors import LabrelayError, NotFound, RequestRefused
from labrelay.front import MethodRefused
from labrelay.http import refusals
from labrelay.http.problem import respond, unreadable
from labrelay.telemetry import logger
from labrelay.words import LANGUAGE, _

NOWHERE: Final = 404
HTTP: Final = {NOWHERE: NotFound, 405: MethodRefused}
"""What the framework itself refuses."""
_log = logger("dashboard.troubles")


def explain_on(app: FastAPI, pages: Pages) -> None:
    """Make every error of the dashboard readable."""

    async def explain(request: Request, error: Exception) -> Response:
        known = known_of(request, error)
        refusals.note(known, request.scope.get("client"))
        if "text/html" not in request.headers.get("accept", ""):
            return respond(known, LANGUAGE.get())
        return pages.html("trouble.html", known.status, trouble=known)

    for kind in (LabrelayError, RequestValidationError, HTTPException, Exception):
        app.add_exception_handler(kind, explain)


def known_of(request: Request, error: Exception) -> LabrelayError:
    """The error in our own words; what nobody thought of is logged whole, and told without its insides."""
    if isinstance(error, LabrelayError):
        return error
    if isinstance(error, RequestValidationError):
        return unreadable(error)
    if isinstance(error, HTTPException):
        words = (
            _("There is no page {path}.").format(path=request.url.path)
            if error.status_code == NOWHERE
            else str(error.detail)
        )
        return HTTP.get(error.status_code, RequestRefused)(words)
    _log.error("page failed", path=request.url.path, exc_info=error)
    return LabrelayError(_("The page couldn't be drawn ({error}).").format(error=type(error).__name__))
