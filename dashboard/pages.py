"""Draws pages and parts of pages with Jinja; everything from outside is escaped."""

from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from dashboard.filters import JobFilter
from dashboard.health import Health
from dashboard.jobs import row_of
from dashboard.quantities import zone_name
from dashboard.states import LOOKS
from labrelay import __version__
from labrelay.access.callers import LOCAL, Caller
from labrelay.contracts.jobs import Job
from labrelay.contracts.states import Stage

ROOM: Final = Path(__file__).parent
STATIC: Final = ROOM / "static"
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
        )
        assets = {path.name: _address(path) for path in STATIC.iterdir() if path.is_file()}
        self._templates.globals.update(assets=assets, looks=LOOKS, version=__version__, zone=zone_name)

    def html(self, template: str, status: int = 200, who: Caller = LOCAL, **content: Any) -> HTMLResponse:
        """A whole page for whoever looks; never kept by the browser, since it shows a moment."""
        text = self._templates.get_template(template).render(who=who, **content)
        return HTMLResponse(text, status_code=status, headers={**SAFE, "Cache-Control": "no-store"})

    def part(self, template: str, **content: Any) -> str:
        """A part of a page."""
        return self._templates.get_template(f"parts/{template}").render(**content).strip()

    def change(self, jobs: Sequence[Job], health: Health, wanted: JobFilter, who: Caller = LOCAL) -> dict[str, Any]:
        """What an open page is told of a batch: rows (html None: no longer on this page), what stands above."""
        return {
            "rows": [{"id": job.id, "html": self._row(job) if wanted.takes(job) else None} for job in jobs],
            "health": self.part("health.html", health=health, wanted=wanted),
            "instruments": self.part("instruments.html", instruments=health.instruments, who=who),
            "sentence": health.sentence,
            "pictures": [picture for job in jobs if (picture := self._picture(job))],
        }

    def _row(self, job: Job) -> str:
        return self.part("row.html", row=row_of(job))

    def _picture(self, job: Job) -> dict[str, str] | None:
        row = row_of(job)
        if job.stage is not Stage.COMPLETE or row.overlay is None:
            return None
        return {"id": job.id, "html": self.part("picture.html", row=row)}


def _address(path: Path) -> str:
    return f"/static/{path.name}?v={sha256(path.read_bytes()).hexdigest()[:12]}"
