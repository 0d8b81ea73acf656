"""A task's parameters for segmentation: strings on the wire, typed and checked here."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal, get_args

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from pipelines.images.stack import Focusing, Selection
from pipelines.images.units import SENSIBLE_UM
from pipelines.segmentation.errors import ParameterInvalid

Table = Literal["csv", "parquet", "both"]

_ANSWERS = {"yes": True, "true": True, "on": True, "1": True, "no": False, "false": False, "off": False, "0": False}
_LIKE_A_NUMBER = re.compile(r"[+-]?\d*[.,]?\d+")


def _counted(given: Any) -> Any:
    """Take a text of digits as a number from 0 on.

    Raises:
        ValueError: It is a number that counts nothing.
    """
    text = str(given).strip()
    if _LIKE_A_NUMBER.fullmatch(text) and not text.isdecimal():
        raise ValueError("planes and channels are counted 0, 1, 2, …")
    return int(text) if text.isdecimal() else text


def _depth(given: Any) -> Any:
    depth = _counted(given)
    if isinstance(depth, str) and depth not in get_args(Focusing):
        raise ValueError(f"it is a number from 0 on, or one of {', '.join(get_args(Focusing))}")
    return depth


def _number(given: Any) -> Any:
    number = _counted(given)
    if isinstance(number, str):
        raise ValueError("it is a number from 0 on")
    return number


def _channels(given: Any) -> Any:
    return tuple(_counted(part.strip()) for part in str(given).split(","))


def _yes_or_no(given: Any) -> Any:
    answer = str(given).strip().lower()
    if answer not in _ANSWERS:
        raise ValueError("it is yes or no")
    return _ANSWERS[answer]


def _table(given: Any) -> Any:
    kind = str(given).strip().lower()
    if kind not in get_args(Table):
        raise ValueError(f"it is one of {', '.join(get_args(Table))}")
    return kind


@dataclass(frozen=True)
class OutputChoice:
    """Which files an image gets besides label mask and provenance.

    Attributes:
        overlay: The picture for eyes.
        csv: The table of objects as CSV.
        parquet: The same as Parquet.
        geojson: Outlines and measurements for QuPath.
    """

    overlay: bool = True
    csv: bool = True
    parquet: bool = False
    geojson: bool = False


class SegmentationParameters(BaseModel):
    """What a task may set; all of it may be left out.

    Attributes:
        diameter_px: Typical diameter of the objects in pixels.
        diameter_um: The same in µm; used where the pixel size is known.
        pixel_size_um: Edge of a pixel in µm; overrides what the file says.
        channel: Channel of the file, counted from 0, or the name that the file gives it ("DAPI").
        channels: For a model that looks at several: numbers or names in the model's order, with commas between.
        z: Plane of a stack, counted from 0, or "middle", "max" (brightest of all at each pixel) or "focus" (sharpest).
        time: Time point of a series, counted from 0.
        table: Form of the table of objects.
        geojson: Whether outlines are written for QuPath.
        overlay: Whether a picture for eyes is drawn.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    diameter_px: float | None = Field(default=None, gt=0)
    diameter_um: float | None = Field(default=None, gt=0)
    pixel_size_um: float | None = Field(default=None, ge=SENSIBLE_UM[0], le=SENSIBLE_UM[1])
    channel: Annotated[int | str, BeforeValidator(_counted)] | None = None
    channels: Annotated[tuple[int | str, ...], BeforeValidator(_channels)] = ()
    z: Annotated[int | Focusing, BeforeValidator(_depth)] | None = None
    time: Annotated[int, BeforeValidator(_number)] | None = None
    table: Annotated[Table, BeforeValidator(_table)] = "csv"
    geojson: Annotated[bool, BeforeValidator(_yes_or_no)] = False
    overlay: Annotated[bool, BeforeValidator(_yes_or_no)] = True

    @property
    def selection(self) -> Selection:
        """The plane to read."""
        return Selection(self.channel, self.z, self.time)

    def selected(self, looked_at: int, names: tuple[str, ...] = ()) -> tuple[Selection, tuple[int | str, ...]]:
        """The plane to read, and the channels that the model looks at besides.

        Args:
            looked_at: How many channels the model looks at.
            names: Their names, if it tells them.

        Raises:
            ParameterInvalid: `channel` is given for a model of several, or `channels` are not as many as it looks at.
        """
        if looked_at == 1 and not self.channels:
            return self.selection, ()
        wanted = self.channels or names or tuple(range(looked_at))
        if self.channel is not None or len(wanted) != looked_at:
            raise ParameterInvalid(f"The model looks at {looked_at} channels: name as many in 'channels'")
        return Selection(wanted[0], self.z, self.time), wanted[1:]

    @property
    def outputs(self) -> OutputChoice:
        """The files to write."""
        return OutputChoice(self.overlay, self.table != "parquet", self.table != "csv", self.geojson)


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
    why = str(item["msg"]).removeprefix("Value error, ")
    return f"Parameter {name!r} can't be {item['input']!r}: {why}"
