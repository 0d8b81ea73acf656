"""`/api/v2/jobs/{id}/planes`, `/labels` and `/objects`: a job's image and what was found in it, for viewers."""

import re
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Header, Query, Response

from labrelay.contracts.planes import KIND, LARGEST_LEVEL, SIZE, Mask, Objects, Plane, Planes
from labrelay.errors import LabrelayError, NotFound, Unprocessable
from labrelay.http import OwnThreads
from labrelay.http.roles import Role, allow
from pipelines.viewing.decoder import Decoder
from pipelines.viewing.errors import NoMask
from pipelines.viewing.level import level_of
from pipelines.viewing.objects import columns_of
from pipelines.viewing.sources import Looked, Sources, asked_files, told

THREADS: Final = 8
"""Calls under way; two of them at most have something decoded."""
REGION: Final = re.compile(r"(\d{1,9}),(\d{1,9}),([1-9]\d{0,8}),([1-9]\d{0,8})")
Level = Annotated[int, Query(ge=0, le=LARGEST_LEVEL, description="how often both sides are halved")]
Part = Annotated[str, Query(description="`LEFT,TOP,WIDTH,HEIGHT` in pixels of that level; empty for all")]
Tags = Annotated[str, Header(alias="if-none-match", include_in_schema=False)]
Encodings = Annotated[str, Header(alias="accept-encoding", include_in_schema=False)]
RAW: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "content": {"application/octet-stream": {}},
        "description": f"Little-endian samples row by row; `{SIZE}` and `{KIND}` tell their number and type",
    },
    304: {"description": "`If-None-Match` names these samples"},
    404: {"description": "No such job, or its image, plane or mask is not there"},
    413: {"description": "More samples than go into one answer: ask for a higher `level` or a `region`"},
    422: {"description": "The image can't be read; the cause says why"},
}


def viewing_router(sources: Sources, decoder: Decoder) -> APIRouter:
    """What viewers ask for."""
    router = APIRouter(prefix="/api/v2/jobs", tags=["viewing"], route_class=OwnThreads(THREADS).route_class)
    _add_samples(router, sources, decoder)

    @router.get("/{job_id}/planes", responses={code: RAW[code] for code in (404, 422)})
    @allow(Role.VIEWER)
    def planes(job_id: UUID, response: Response) -> Planes:
        """The planes of a job's image or set, their size, type and pixel size, and the mask that belongs to them."""
        looked = sources.of(str(job_id))
        response.headers["ETag"] = f'"{looked.version}"'
        return _described(looked, decoder)

    @router.get("/{job_id}/objects", responses={404: RAW[404]})
    @allow(Role.VIEWER)
    def objects(job_id: UUID, response: Response) -> Objects:
        """The sealed table of objects, column by column."""
        decoder.warm()  # who reads this looks at the image next
        path, output = sources.of(str(job_id)).table
        response.headers["ETag"] = f'"{output.sha256}"'
        count, columns = columns_of(path, output.name)
        return Objects(job_id=str(job_id), name=output.name, sha256=output.sha256, count=count, columns=columns)

    return router


def _add_samples(router: APIRouter, sources: Sources, decoder: Decoder) -> None:
    @router.get("/{job_id}/planes/{number}", response_class=Response, responses=RAW)
    @allow(Role.VIEWER)
    def plane(
        job_id: UUID, number: int, level: Level = 0, region: Part = "", tags: Tags = "", encodings: Encodings = ""
    ) -> Response:
        """Intensities of one plane, whole or a region, halved so often; gzip where it is accepted."""
        looked, cut = sources.of(str(job_id)), _region(region)
        tag = f'"{looked.version}-{number}-{level}-{region}"'
        if tag in tags:
            return Response(status_code=304, headers={"ETag": tag})
        asked = {"number": number, "level": level, "region": cut, "gzip": _takes_gzip(encodings)}
        return _raw(decoder.ask("plane", **asked_files(looked), **asked), tag)

    @router.get("/{job_id}/labels", response_class=Response, responses=RAW)
    @allow(Role.VIEWER)
    def labels(
        job_id: UUID, level: Level = 0, region: Part = "", tags: Tags = "", encodings: Encodings = ""
    ) -> Response:
        """The mask: 0 for background, else an object's number; halved by the middle pixel, never by a mean."""
        looked, cut = sources.of(str(job_id)), _region(region)
        tag = f'"{looked.version}-labels-{level}-{region}"'
        if tag in tags:
            return Response(status_code=304, headers={"ETag": tag})
        asked = {"level": level, "region": cut, "gzip": _takes_gzip(encodings)}
        return _raw(decoder.ask("labels", labels=str(looked.mask), **asked), tag)


def _described(looked: Looked, decoder: Decoder) -> Planes:
    found, _ = decoder.ask("describe", **asked_files(looked))
    planes = tuple(Plane.model_validate(each) for each in found["planes"])
    mask, trouble = _mask(looked, decoder, planes[0])
    return Planes(
        job_id=looked.job.id,
        version=looked.version,
        planes=planes,
        pixel_size_um=found["pixel_size_um"],
        levels=max(level_of(each.width, each.height) for each in planes),
        mask=mask,
        mask_trouble=trouble,
    )


def _mask(looked: Looked, decoder: Decoder, plane: Plane) -> tuple[Mask | None, str]:
    try:
        head, _ = decoder.ask("mask", labels=str(looked.mask))
    except NoMask:
        return None, ""
    except (NotFound, LabrelayError) as trouble:
        return None, told(trouble)
    mask = Mask(**{name: head[name] for name in Mask.model_fields})
    if (mask.width, mask.height) == (plane.width, plane.height):
        return mask, ""
    sizes = f"{mask.width} × {mask.height} pixels, the image {plane.width} × {plane.height}"
    return None, f"The mask has {sizes}: it belongs to another image and isn't drawn."


def _region(text: str) -> tuple[int, ...] | None:
    if not text:
        return None
    found = REGION.fullmatch(text)
    if found is None:
        raise Unprocessable(f"The region {text!r} is not LEFT,TOP,WIDTH,HEIGHT.")
    return tuple(int(each) for each in found.groups())


def _takes_gzip(encodings: str) -> bool:
    return "gzip" in encodings.lower()


def _raw(answer: tuple[dict[str, Any], bytes], tag: str) -> Response:
    head, data = answer
    headers = {"ETag": tag, "Cache-Control": "no-cache", "Vary": "Accept-Encoding", "X-Content-Type-Options": "nosniff"}
    headers |= {SIZE: f"{head['width']}x{head['height']}", KIND: str(head["dtype"])}
    headers |= {"Content-Encoding": "gzip"} if head["gzip"] else {}
    return Response(data, media_type="application/octet-stream", headers=headers)
