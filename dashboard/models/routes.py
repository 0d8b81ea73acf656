"""`/models`: what runs here, with its card; an upload is checked before it is taken, and says what is wrong."""

import tempfile
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Final
from urllib.parse import quote

from fastapi import APIRouter, FastAPI, Request
from fastapi import Path as InPath
from fastapi.responses import HTMLResponse, JSONResponse, Response

from dashboard.desk import Desk, TheDesk
from dashboard.models.card import blocks_of
from dashboard.models.use import lines_of
from labrelay.access.callers import Caller
from labrelay.access.roles import suffices
from labrelay.contracts.models import ModelCheck, ModelEntry
from labrelay.http import Client, limits
from labrelay.http.access import Calling, on_behalf
from labrelay.http.roles import Role, allow
from labrelay.http.uploads import keep_zip

router = APIRouter(include_in_schema=False)
MODELS: Final = "/api/v2/models"
CHECKING_S: Final = 330.0
Name = Annotated[str, InPath(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]


def add_to(app: FastAPI) -> None:
    """Add these pages; uploads come as streams."""
    app.include_router(router)
    limits.stream(app, "PUT", "/models/[^/]+")


@router.get("/models", response_class=HTMLResponse)
@allow(Role.VIEWER)
async def show_models(desk: TheDesk, who: Calling) -> Response:
    """All packages, and which pipelines work."""
    seq, registry = desk.hub.seq, desk.registry
    found = await desk.threads.run(partial(registry.get, MODELS))
    present = await desk.threads.run(partial(registry.get, "/api/v2/pipelines"))
    entries = [ModelEntry.model_validate(each, extra="ignore") for each in found["items"]]
    shown: dict[str, Any] = {"entries": entries, "pipelines": present["items"], "curl": _curl(desk, MODELS)}
    may = suffices(who.role, (Role.ADMIN,))
    return desk.pages.html("models/models.html", who=who, seq=seq, may_upload=may, **shown)


@router.get("/models.json")
@allow(Role.VIEWER)
async def models_twin(desk: TheDesk) -> dict[str, Any]:
    """The packages as JSON."""
    answer: dict[str, Any] = await desk.threads.run(partial(desk.registry.get, MODELS))
    return answer


@router.get("/models/{name}", response_class=HTMLResponse)
@allow(Role.VIEWER)
async def show_model(desk: TheDesk, name: Name, who: Calling) -> Response:
    """One package with its card."""
    return await _model_page(desk, name, who)


@router.post("/models/{name}/verify", response_class=HTMLResponse)
@allow(Role.OPERATOR)
async def verify_model(desk: TheDesk, name: Name, who: Calling) -> Response:
    """Check a package, then show what was found."""
    call = partial(desk.registry.post, f"{MODELS}/{quote(name)}/verify", {}, headers=on_behalf(who), read_s=CHECKING_S)
    told = await desk.threads.run(call)
    checks = [ModelCheck.model_validate(each, extra="ignore") for each in told["items"]]
    return await _model_page(desk, name, who, checks)


@router.put("/models/{name}")
@allow(Role.ADMIN)
async def upload_model(desk: TheDesk, name: Name, who: Calling, request: Request) -> Response:
    """Pass a zip on to the registry, which checks it; its answer is the verdict."""
    with tempfile.TemporaryDirectory(prefix="labrelay-upload-") as room:
        archive = Path(room) / "package.zip"
        await keep_zip(request, archive)
        told = await desk.threads.run(partial(_passed_on, desk.registry, name, archive, who))
    return JSONResponse(told, status_code=201)


def _passed_on(registry: Client, name: str, archive: Path, who: Caller) -> Any:
    with archive.open("rb") as body:
        answer = registry.request(
            "PUT", f"{MODELS}/{quote(name)}", data=body, headers=on_behalf(who), read_s=CHECKING_S
        )
    return answer.json()


async def _model_page(desk: Desk, name: str, who: Caller, checks: list[ModelCheck] | None = None) -> Response:
    seq = desk.hub.seq
    told = await desk.threads.run(partial(desk.registry.get, f"{MODELS}/{quote(name)}"))
    entry = ModelEntry.model_validate(told["entry"], extra="ignore")
    shown: dict[str, Any] = {
        "entry": entry,
        "use": lines_of(entry, desk.settings),
        "card": blocks_of(str(told["card"])),
        "checks": checks,
        "curl": _curl(desk, f"{MODELS}/{quote(name)}"),
    }
    return desk.pages.html("models/model.html", who=who, seq=seq, **shown)


def _curl(desk: Desk, path: str) -> str:
    return desk.curl(desk.settings.service_url("registry") + path)
