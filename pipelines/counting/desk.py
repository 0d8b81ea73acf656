"""Answers images that are posted to the service itself; every failure is a problem document."""

import base64
import math
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from pydantic import TypeAdapter, ValidationError
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response

from labrelay.errors import LabrelayError, PipelineProblem
from labrelay.http import problem
from labrelay.http.threads import OwnThreads
from labrelay.settings.model import Pipelines
from labrelay.telemetry import logger
from pipelines.counting.errors import PostMalformed
from pipelines.counting.posted import Posted, take_in
from pipelines.counting.station import Station
from pipelines.counting.work import PASSED, Counting, measurements, results
from pipelines.images.reader import Image
from pipelines.segmentation.errors import ParameterInvalid
from pipelines.segmentation.label_mask import as_ome_tiff
from pipelines.segmentation.measurements import ObjectTable
from pipelines.segmentation.parameters import parse_parameters
from pipelines.segmentation.segment import Segmentation

TIFF: Final = "image/tiff"
WISHES: Final = {"objects": True, "mask": False}
"""What an answer may hold besides the numbers of the image, and whether it does unasked."""

_YES_OR_NO: Final = TypeAdapter(bool)
_log = logger("pipelines.counting")


class Desk:
    """As many images at a time as a worker has jobs in hand.

    Args:
        station: holds the model.
        settings: limits.
    """

    def __init__(self, station: Station, settings: Pipelines) -> None:
        self._station = station
        self._most_bytes = settings.max_image_bytes
        self._threads = OwnThreads(settings.concurrency)

    async def segment(self, request: Request) -> Response:
        """Numbers of an image, its objects, and its mask on request, as JSON."""
        return await self._answer(request, segmented)

    async def mask(self, request: Request) -> Response:
        """The label mask of an image as OME-TIFF."""
        return await self._answer(request, masked)

    async def _answer(self, request: Request, work: Callable[[Counting, Posted], Response]) -> Response:
        try:
            counting = self._station.counting
            with tempfile.TemporaryDirectory(prefix="labrelay-posted-") as folder:
                posted = await take_in(request, Path(folder), self._most_bytes)
                return await self._threads.run(work, counting, posted)
        except LabrelayError as error:
            return problem.respond(error)
        except (ClientDisconnect, TimeoutError):
            return problem.respond(PostMalformed("The body broke off before its end."))
        except Exception as error:
            _log.error("a posted image was not counted", exc_info=error)
            return problem.respond(PipelineProblem(f"{type(error).__name__}: {error}"))


def segmented(counting: Counting, posted: Posted) -> Response:
    """Find, measure and tell.

    Raises:
        LabrelayError: the image or a parameter makes no sense.
    """
    wishes = {name: _wish(name, posted.fields.get(name, ""), unasked) for name, unasked in WISHES.items()}
    parameters = {name: value for name, value in posted.fields.items() if name not in WISHES}
    image, found = counting.seen(posted.path, parse_parameters(parameters))
    told = numbers(image, found) | {"parameters": parameters, "model": counting.model}
    if wishes["objects"]:
        told["objects"] = columns(found.objects)
    if wishes["mask"]:
        content = base64.b64encode(as_ome_tiff(found.labels, image)).decode()
        told["mask"] = {"name": f"{posted.path.stem}_labels.tif", "media_type": TIFF, "base64": content}
    return JSONResponse(told)


def masked(counting: Counting, posted: Posted) -> Response:
    """Find, and write the mask.

    Raises:
        LabrelayError: the image or a parameter makes no sense.
    """
    image, found = counting.seen(posted.path, parse_parameters(posted.fields))
    headers = {"X-Count": str(found.count), "X-Flags": ", ".join(found.flags) or PASSED}
    return Response(as_ome_tiff(found.labels, image), media_type=TIFF, headers=headers)


def numbers(image: Image, found: Segmentation) -> dict[str, Any]:
    """What there is to say of an image without its objects."""
    return {
        "count": found.count,
        "results": results(found),
        "flags": list(found.flags),
        "qc_flags": ", ".join(found.flags) or PASSED,
        "measurements": measurements(image, found.summary) | found.quality.figures,
        "pixel_size_um": image.pixel_size_um,
        "scale": asdict(found.scale),
        "plane": asdict(image.plane),
        "seconds": {step: round(seconds, 4) for step, seconds in found.seconds.items()},
    }


def columns(objects: ObjectTable) -> Mapping[str, list[Any]]:
    """The table of objects by column, named with units as in the CSV; what is no finite number becomes null."""
    return {name: [_finite(value) for value in column.tolist()] for name, column in objects.columns.items()}


def _finite(value: Any) -> Any:
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _wish(name: str, given: str, unasked: bool) -> bool:
    try:
        return _YES_OR_NO.validate_python(given) if given else unasked
    except ValidationError as error:
        raise ParameterInvalid(f"Parameter {name!r} can't be {given!r}: say true or false.") from error
