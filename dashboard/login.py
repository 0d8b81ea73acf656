"""Logging in with a token, and out; who isn't logged in is led here."""

from typing import Final
from urllib.parse import quote

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Scope

from dashboard.forms import form_of, own_path
from dashboard.pages import Pages
from dashboard.sessions import Sessions
from labrelay.errors import LabrelayError, TokenRefused
from labrelay.http import refusals
from labrelay.http.access import Access, refuse
from labrelay.http.roles import Role, allow
from labrelay.words import N_, _

NOT_A_PERSON: Final = N_("This token is an instrument's or a pipeline's. Log in with one of your own.")
NOT_HOLDING: Final = N_("This token doesn't hold (any more).")


def login_router(sessions: Sessions, pages: Pages) -> APIRouter:
    """The page with the form, and what its buttons do."""
    router = APIRouter(include_in_schema=False)

    @router.get("/login", response_class=HTMLResponse)
    @allow(Role.ANYONE)
    async def show_login(after: str = "/") -> Response:
        return pages.html("login.html", after=own_path(after), trouble="")

    @router.post("/login", response_class=HTMLResponse)
    @allow(Role.ANYONE)
    async def login(request: Request) -> Response:
        form = await form_of(request)
        after = own_path(form.get("after", "/"))
        access: Access = request.app.state.access
        who = await access.bearer(form.get("token", ""))
        if who is None or not who.is_person:
            refused = TokenRefused(NOT_A_PERSON if who else NOT_HOLDING)
            refusals.note(refused, request.scope.get("client"))
            return pages.html("login.html", 401, after=after, trouble=_(refused.cause))
        answer = RedirectResponse(after, status_code=303)
        sessions.begin(answer, who.token, secure=request.url.scheme == "https")
        return answer

    @router.post("/logout", response_class=HTMLResponse)
    @allow(Role.ANYONE)
    async def logout(request: Request) -> Response:
        answer = RedirectResponse("/login", status_code=303)
        sessions.end(request.headers, answer)
        return answer

    return router


def lead_to_login(pages: Pages, scope: Scope, refusal: LabrelayError) -> ASGIApp:
    """The answer to who isn't let in: for a person the form, or why not; for a program the problem document."""
    if "text/html" not in Headers(scope=scope).get("accept", ""):
        return refuse(refusal)
    if isinstance(refusal, TokenRefused) and scope["method"] == "GET":
        query = scope.get("query_string", b"").decode("latin-1")
        address = scope["path"] + (f"?{query}" if query else "")
        return RedirectResponse(f"/login?after={quote(address, safe='')}", status_code=303)
    return pages.html("trouble.html", refusal.status, trouble=refusal)
