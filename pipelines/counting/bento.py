"""The Bento that all counting pipelines share: takes launches as an SDK worker, and answers images posted to it.

BentoML's arbiter imports this module too, so what is heavy (OpenVINO, SciPy) is imported by the worker alone.
"""

from pathlib import Path
from typing import Any, ClassVar, Final, Self

import bentoml
from pydantic import create_model
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Scope

from labrelay.http.access import Access, AccessGuard
from labrelay.http.guard import HostGuard
from labrelay.http.roles import Role
from labrelay.settings import load_settings
from labrelay.telemetry import configure_logging
from pipelines.counting.kind import Kind
from pipelines.segmentation.parameters import SegmentationParameters

REQUEST_S: Final = 600
BENTO: Final[dict[str, Any]] = {
    "workers": 1,
    "traffic": {"timeout": REQUEST_S},
    "logging": {"access": {"enabled": False}},
}
"""Options of every Bento here: one process, one compiled model, one worker, and HTTP."""

ROLES: Final = {
    Role.ANYONE: ("healthz", "livez", "readyz"),
    Role.VIEWER: ("", "docs.json", "schema.json", "static_content", "metrics"),
    Role.OPERATOR: ("segment", "mask"),
}
"""The first segment of a path, and who may call what lies there."""


class Described(bentoml.IODescriptor):  # type: ignore[misc]
    """Describes a call for BentoML's pages and its client; `posted` reads the request.

    BentoML's own parser holds whole files in memory, forgets their names, fetches an image from any URL that stands in
    its place, and skips fields that it doesn't know.
    """

    @classmethod
    async def from_http_request(cls, request: Request, serde: object) -> Self:
        """Leave the body alone."""
        return cls.model_construct(image=None)  # type: ignore[no-any-return]


_PARAMETERS: Final[dict[str, Any]] = dict.fromkeys(SegmentationParameters.model_fields, (str | None, None))
MaskWanted: Any = create_model("MaskWanted", __base__=Described, image=(Path, ...), **_PARAMETERS)
SegmentationWanted: Any = create_model(
    "SegmentationWanted", __base__=MaskWanted, objects=(bool, True), mask=(bool, False)
)


class CountingBento:
    """Counts objects in images."""

    kind: ClassVar[Kind]

    def __init__(self) -> None:
        from pipelines.counting.desk import Desk
        from pipelines.counting.station import Station
        from pipelines.sdk.lifeline import end_with_arbiter

        settings = load_settings()
        configure_logging(self.kind.topic, settings.log_level)
        end_with_arbiter()
        self._station = Station(self.kind, settings)
        self._desk = Desk(self._station, settings.pipelines)

    @bentoml.on_startup  # type: ignore[untyped-decorator]
    def start(self) -> None:
        """Begin to load the model, then to take launches."""
        self._station.start()

    @bentoml.on_shutdown  # type: ignore[untyped-decorator]
    def stop(self) -> None:
        """Finish the job in work, or give it up after a grace."""
        self._station.stop()

    async def __is_ready__(self) -> bool:
        """For `/readyz`: 503 with the reason until the model is compiled."""
        trouble = self._station.trouble
        if trouble is not None:
            raise HTTPException(503, f"{trouble.cause} {trouble.next_step}")
        return True

    @bentoml.api(input_spec=SegmentationWanted)  # type: ignore[untyped-decorator]
    async def segment(self, ctx: bentoml.Context, **_: Any) -> dict[str, Any]:
        """Count and measure the objects in an image (multipart form, field `image`, or the image itself as body)."""
        return answered(ctx, await self._desk.segment(ctx.request))  # type: ignore[return-value]

    @bentoml.api(input_spec=MaskWanted)  # type: ignore[untyped-decorator]
    async def mask(self, ctx: bentoml.Context, **_: Any) -> Path:
        """The label mask of an image as OME-TIFF: 0 background, objects 1…N."""
        return answered(ctx, await self._desk.mask(ctx.request))  # type: ignore[return-value]


def answered(ctx: bentoml.Context, response: Response) -> Response:
    """The answer as it is, where BentoML would put the context's status over its own."""
    ctx.response.status_code = response.status_code
    return response


def guarded(app: ASGIApp) -> HostGuard:
    """The service behind the same guards as all others; settings are read where it runs, not where it is built."""
    settings = load_settings()
    door = AccessGuard(app, Access.of("pipeline", settings), roles_of)
    return HostGuard(door, (*settings.hosts, settings.advertise))


def roles_of(scope: Scope) -> frozenset[Role] | None:
    """Who may call what BentoML serves besides the desk; what isn't listed, only labrelay's own services."""
    first = scope["path"].strip("/").split("/")[0]
    return frozenset({next((role for role, names in ROLES.items() if first in names), Role.SERVICE)})
