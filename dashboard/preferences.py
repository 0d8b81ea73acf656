"""What a reader likes: language and theme, kept in two cookies of this browser, readable by nobody else."""

from contextvars import ContextVar
from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from starlette.datastructures import Headers
from starlette.requests import cookie_parser
from starlette.types import ASGIApp, Receive, Scope, Send

from dashboard.forms import form_of, own_path
from labrelay.http.roles import Role, allow
from labrelay.words import LANGUAGES, N_, preferred, speaking

LANGUAGE_COOKIE: Final = "labrelay_language"
THEME_COOKIE: Final = "labrelay_theme"
THEMES: Final = {"auto": N_("As the system"), "light": N_("Light"), "dark": N_("Dark")}
YEAR_S: Final = 365 * 24 * 3600
THEME: Final[ContextVar[str]] = ContextVar("labrelay_theme", default="auto")
ADDRESS: Final[ContextVar[str]] = ContextVar("labrelay_address", default="/")
"""The theme, and the address of the page that is drawn now."""

router = APIRouter(include_in_schema=False)


class Preferences:
    """Speaks each request's language while it is answered: the one that was chosen here, else the browser's."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer in the reader's language."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        cookies = cookie_parser(headers.get("cookie", ""))
        theme, query = cookies.get(THEME_COOKIE, ""), scope.get("query_string", b"").decode("latin-1")
        THEME.set(theme if theme in THEMES else "auto")
        ADDRESS.set(scope["path"] + (f"?{query}" if query else ""))
        with speaking(cookies.get(LANGUAGE_COOKIE) or preferred(headers.get("accept-language", "")) or ""):
            await self._app(scope, receive, send)


@router.post("/preferences", response_class=RedirectResponse)
@allow(Role.ANYONE)
async def prefer(request: Request) -> Response:
    """Keep a choice, and go back to the page that it was made on."""
    form = await form_of(request)
    answer = RedirectResponse(own_path(form.get("back", "/")), status_code=303)
    for name, cookie, known in (("language", LANGUAGE_COOKIE, LANGUAGES), ("theme", THEME_COOKIE, THEMES)):
        if (value := form.get(name, "")) in known:
            secure = request.url.scheme == "https"
            answer.set_cookie(cookie, value, max_age=YEAR_S, httponly=True, samesite="strict", secure=secure)
    return answer
