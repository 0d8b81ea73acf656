"""`/api/v2/models`: the model packages of this gateway, their cards and checks, and new ones by upload."""

import tempfile
import threading
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any, Final

from anyio import to_thread
from fastapi import APIRouter, Request
from fastapi import Path as InPath

from labrelay import supervisor
from labrelay.contracts.base import Contract
from labrelay.contracts.models import ModelCheck, ModelEntry
from labrelay.errors import ServiceUnavailable
from labrelay.http.roles import Role, allow
from labrelay.http.uploads import keep_zip
from labrelay.settings import Settings
from pipelines.registry import packages

UPLOAD: Final = "/api/v2/models/[^/]+"
BODY: Final = {
    "requestBody": {
        "required": True,
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}
Name = Annotated[str, InPath(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]


class ModelList(Contract):
    """All model packages that were found."""

    items: list[ModelEntry]


class ModelShown(Contract):
    """One package with its card (Markdown)."""

    entry: ModelEntry
    card: str


class ModelChecks(Contract):
    """What was looked at."""

    items: list[ModelCheck]


class ModelTaken(Contract):
    """An upload that was taken: where it lies, and whether it is new there."""

    entry: ModelEntry
    new: bool
    checks: list[ModelCheck]


class Shelf:
    """The packages of one gateway; one upload or check at a time, as each loads a network.

    Args:
        settings: where packages lie.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._turn = threading.Lock()

    def listed(self) -> list[ModelEntry]:
        """Every package that was found."""
        entries: list[ModelEntry] = self._commands.listed(self._settings)
        return entries

    def shown(self, name: str) -> ModelShown:
        """One package.

        Raises:
            NotFound: there is none, or several have that name.
        """
        entry = self._called(name)
        return ModelShown(entry=entry, card="" if entry.problem else self._commands.shown_card(Path(entry.folder)))

    def checked(self, name: str) -> list[ModelCheck]:
        """All checks of one package, up to a trial image."""
        folder = Path(self._called(name).folder)
        with self._turn:
            return packages.check(folder)

    def take(self, archive: Path, name: str) -> ModelTaken:
        """Check an uploaded package and put it in its place.

        Raises:
            ModelRefused: it isn't a model that can run here.
            Conflict: another model has this name.
        """
        target = self._settings.gateway_layout.models / name
        room = archive.parent / "unpacked"
        with self._turn:
            self._require_free(name, target)
            folder = packages.unpack(archive, room)
            checks = packages.check(folder)
            packages.require_well(checks)
            new = packages.settle(folder, target, self._commands.entry(folder).digest)
        return ModelTaken(entry=self._commands.entry(target), new=new, checks=checks)

    def room(self) -> tempfile.TemporaryDirectory[str]:
        """A folder for one upload, on the disk where the package will lie."""
        self._settings.gateway_layout.models.mkdir(parents=True, exist_ok=True)
        return tempfile.TemporaryDirectory(prefix=".upload-", dir=self._settings.gateway_layout.models)

    def _called(self, name: str) -> ModelEntry:
        entry: ModelEntry = self._commands.called(self.listed(), name)
        return entry

    def _require_free(self, name: str, target: Path) -> None:
        if any(each.key == name and Path(each.folder).resolve() != target.resolve() for each in self.listed()):
            raise packages.taken_already(name)

    @property
    def _commands(self) -> Any:
        try:
            return import_module(supervisor.MODELS)
        except ModuleNotFoundError as error:
            step = "Install labrelay[pipelines] on the gateway to look at models."
            raise ServiceUnavailable("The packages that read models aren't installed.", next_step=step) from error


def models_router(shelf: Shelf) -> APIRouter:
    """The calls."""
    router = APIRouter(prefix="/api/v2/models", tags=["models"])

    @router.get("")
    @allow(Role.VIEWER)
    def models() -> ModelList:
        """All model packages: shipped, named by the settings, and in the data folder."""
        return ModelList(items=shelf.listed())

    @router.get("/{name}")
    @allow(Role.VIEWER)
    def model(name: Name) -> ModelShown:
        """One package with its card."""
        return shelf.shown(name)

    @router.post("/{name}/verify")
    @allow(Role.OPERATOR)
    def verify(name: Name) -> ModelChecks:
        """Check a package from model.toml to a trial image; takes some seconds."""
        return ModelChecks(items=shelf.checked(name))

    @router.put("/{name}", status_code=201, openapi_extra=BODY)
    @allow(Role.ADMIN)
    async def upload(name: Name, request: Request) -> ModelTaken:
        """Take a zip with a model package: the body is the zip. It is checked first, and refused whole."""
        with shelf.room() as room:
            archive = Path(room) / "package.zip"
            await keep_zip(request, archive)
            return await to_thread.run_sync(shelf.take, archive, name)

    return router
