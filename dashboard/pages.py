"""Draws pages and parts of pages with Jinja; everything from outside is escaped."""

from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from dashboard.navigation import PLACES
from dashboard.preferences import ADDRESS, THEME, THEMES
from dashboard.quantities import zone_name
from dashboard.states import LOOKS
from labrelay import __version__
from labrelay.access.callers import LOCAL, Caller
from labrelay.words import LANGUAGE, LANGUAGES, _, ngettext

ROOM: Final = Path(__file__).parent
STATIC: Final = ROOM / "static"
VENDOR: Final = STATIC / "vendor"
SAFE: Final = {
    "Content-Security-Policy": "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; "
    "object-src 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
}


class Pages:
    """All templates, with what every one of them may use."""

    def __init__(self) -> None:
        self._templates = Environment(
            loader=FileSystemLoader(ROOM / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            extensions=["jinja2.ext.i18n"],
        )
        self._templates.install_gettext_callables(_, ngettext, newstyle=True)  # type: ignore[attr-defined]
        self._templates.policies["ext.i18n.trimmed"] = True
        assets = {path.name: _address(path) for path in (*STATIC.iterdir(), *VENDOR.iterdir()) if path.is_file()}
        self._templates.globals.update(assets=assets, looks=LOOKS, version=__version__, zone=zone_name, places=PLACES)
        # `_()` of a template counts as markup: what isn't written in the template itself is said by `say()`.
        self._templates.globals.update(languages=LANGUAGES, themes=THEMES, say=_)
        self._templates.globals.update(language=LANGUAGE.get, theme=THEME.get, address=ADDRESS.get)

    def html(self, template: str, status: int = 200, who: Caller = LOCAL, **content: Any) -> HTMLResponse:
        """A whole page for whoever looks; never kept by the browser, since it shows a moment."""
        text = self._templates.get_template(template).render(who=who, **content)
        return HTMLResponse(text, status_code=status, headers={**SAFE, "Cache-Control": "no-store"})

    def part(self, template: str, **content: Any) -> str:
        """A part of a page."""
        return self._templates.get_template(f"parts/{template}").render(**content).strip()


def _address(path: Path) -> str:
    return f"/static/{path.relative_to(STATIC).as_posix()}?v={sha256(path.read_bytes()).hexdigest()[:12]}"
