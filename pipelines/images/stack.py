"""The planes of an opened file, and which of them a task wants."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from numpy.typing import NDArray

from pipelines.images.errors import ImageTooLarge, PlaneNotFound

Focusing = Literal["middle", "max", "focus"]
Coordinates = tuple[int, int, int]
"""Channel, z and time of a plane, each counted from 0."""


@dataclass(frozen=True)
class Selection:
    """Which plane to take; all numbers count from 0.

    Attributes:
        channel: Number, or (part of) the name that the file gives it; None takes the first channel, or all colours.
        z: Number, the middle one, the brightest of all at each pixel, or the sharpest one; None is "max".
        time: Number; None takes the first.
    """

    channel: int | str | None = None
    z: int | Focusing | None = None
    time: int | None = None


@dataclass(frozen=True)
class Stack:
    """The planes of a file, still unread.

    Attributes:
        source: Name of the file, for errors.
        planes: What `read` knows a plane by, for each channel, z and time that the file has.
        read: Reads a plane (H, W), or one colour of a coloured plane (None: the colours' mix).
        pixel_size_um: Edge of a pixel in µm, or None when the file doesn't say it.
        channel_names: Names by channel, where the file says them.
        meaningless: The file doesn't say what its pages mean: they are channels, unless z or time is asked for.
    """

    source: str
    planes: Mapping[Coordinates, int]
    read: Callable[[int, int | None], NDArray[Any]]
    pixel_size_um: float | None = None
    channel_names: Mapping[int, str] = field(default_factory=dict)
    meaningless: bool = False


@dataclass(frozen=True)
class Choice:
    """The planes that a selection means: one channel and time, one z or all of them."""

    channel: int
    colour: int | None
    zs: tuple[int, ...]
    time: int


def meant(stack: Stack, selection: Selection) -> Stack:
    """Give pages of unknown meaning the one that a selection implies: whoever asks for a z knows that they are."""
    if not stack.meaningless or selection.channel is not None:
        return stack
    if selection.z is not None:
        return replace(stack, planes={(0, c, t): plane for (c, _, t), plane in stack.planes.items()})
    if selection.time is not None:
        return replace(stack, planes={(0, z, c): plane for (c, z, _), plane in stack.planes.items()})
    return stack


def chosen(stack: Stack, selection: Selection) -> Choice:
    """Find the planes that a selection means.

    Raises:
        PlaneNotFound: The file doesn't have them; the cause says what it has.
    """
    channel, colour = _channel(stack, selection.channel)
    times = sorted({t for c, _, t in stack.planes if c == channel})
    time = times[0] if selection.time is None else _existing(stack, "time", selection.time, times)
    zs = sorted({z for c, z, t in stack.planes if (c, t) == (channel, time)})
    return Choice(channel, colour, _wanted_zs(stack, selection.z, zs), time)


def _channel(stack: Stack, wanted: int | str | None) -> tuple[int, int | None]:
    channels = sorted({c for c, _, _ in stack.planes})
    if wanted is None:
        return channels[0], None
    if isinstance(wanted, str):
        return _named(stack, wanted, channels), None
    if channels == [0]:
        return 0, wanted  # a colour of the only channel; the format's reader knows how many there are
    return _existing(stack, "channel", wanted, channels), None


def _named(stack: Stack, wanted: str, channels: list[int]) -> int:
    """The channel of that name, regardless of case; else the only one whose name contains it."""
    names = {channel: stack.channel_names[channel].casefold() for channel in channels if channel in stack.channel_names}
    text = wanted.strip().casefold()
    for found in (
        [channel for channel, name in names.items() if name == text],
        [channel for channel, name in names.items() if text in name],
    ):
        if len(found) == 1:
            return found[0]
    raise PlaneNotFound(f"{stack.source} has no single channel named {wanted!r}: it has {described(stack)}.")


def _wanted_zs(stack: Stack, wanted: int | Focusing | None, zs: list[int]) -> tuple[int, ...]:
    if wanted == "middle":
        return (zs[len(zs) // 2],)
    if isinstance(wanted, int):
        return (_existing(stack, "z", wanted, zs),)
    return tuple(zs)


def _existing(stack: Stack, axis: str, wanted: int, there: list[int]) -> int:
    if wanted not in there:
        raise PlaneNotFound(f"{stack.source} has no {axis} {wanted}: it has {described(stack)} (counted from 0).")
    return wanted


def described(stack: Stack) -> str:
    """What the file has, in words."""
    channels, zs, times = (sorted({place[axis] for place in stack.planes}) for axis in range(3))
    names = [f"{c} {stack.channel_names[c]!r}" if c in stack.channel_names else str(c) for c in channels[:20]]
    more = ", …" if len(channels) > 20 else ""
    return f"channel {', '.join(names)}{more}; z {_span(zs)}; time {_span(times)}"


def _span(numbers: list[int]) -> str:
    return str(numbers[0]) if len(numbers) == 1 else f"{numbers[0]} to {numbers[-1]}"


def refuse_too_large(name: str, height: int, width: int, samples: int, max_pixels: int) -> None:
    """Raise ImageTooLarge when a header claims more than `max_pixels` values for one plane."""
    if height * width * samples > max_pixels:
        raise ImageTooLarge(
            f"The header of {name} claims {width} × {height} pixels with {samples} value(s) each; "
            f"the limit is {max_pixels} values."
        )
