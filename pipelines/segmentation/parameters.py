"""A task's parameters for segmentation: strings on the wire, typed and checked here."""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from pipelines.segmentation.errors import ParameterInvalid


class SegmentationParameters(BaseModel):
    """What a task may set; all of it may be left out.

    Attributes:
        diameter_px: Typical diameter of the objects in pixels.
        diameter_um: The same in µm; used where the pixel size is known.
        pixel_size_um: Edge of a pixel in µm; overrides what the file says.
        channel: Channel of the file, counted from 0.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    diameter_px: float | None = Field(default=None, gt=0)
    diameter_um: float | None = Field(default=None, gt=0)
    pixel_size_um: float | None = Field(default=None, gt=0)
    channel: int | None = Field(default=None, ge=0)


def parse_parameters(given: Mapping[str, Any]) -> SegmentationParameters:
    """Read a task's parameters; an empty string counts as left out.

    Raises:
        ParameterInvalid: A name is unknown or a value makes no sense; the cause names each.
    """
    try:
        return SegmentationParameters.model_validate({name: value for name, value in given.items() if value != ""})
    except ValidationError as error:
        raise ParameterInvalid("; ".join(_sentence(dict(item)) for item in error.errors())) from error


def _sentence(item: Mapping[str, Any]) -> str:
    name = ".".join(map(str, item["loc"]))
    if item["type"] == "extra_forbidden":
        return f"Parameter {name!r} is unknown; known are {', '.join(SegmentationParameters.model_fields)}"
    return f"Parameter {name!r} can't be {item['input']!r}: {item['msg']}"
