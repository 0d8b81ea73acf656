"""What is said of a disk that gets full, drawn in the language that is spoken now."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from labrelay.words import N_, Told


class DiskTrouble(StrEnum):
    """Why a disk is told of."""

    ABOVE_WATERMARK = "above_watermark"
    TOO_LITTLE_FREE = "too_little_free"
    NEAR_WATERMARK = "near_watermark"
    NEAR_TOO_LITTLE = "near_too_little"


SENTENCES: Final[dict[DiskTrouble, str]] = {
    DiskTrouble.ABOVE_WATERMARK: N_(
        "{disk} is {used} full, {free} GB are free: nothing more is taken in above its watermark of {watermark}."
    ),
    DiskTrouble.TOO_LITTLE_FREE: N_(
        "{disk} is {used} full, {free} GB are free: less than `storage.keep_free_bytes` ({kept_bytes})."
    ),
    DiskTrouble.NEAR_WATERMARK: N_(
        "{disk} is {used} full, {free} GB are free; intake stops above {watermark} or below {kept} GB."
    ),
    DiskTrouble.NEAR_TOO_LITTLE: N_("{disk} is {used} full, {free} GB are free; intake stops below {kept} GB."),
}
DISKS: Final = frozenset(
    {
        N_("The gateway's disk"),
        N_("The live store's disk"),
        N_("The record's disk"),
        N_("The disk of the instrument's PC"),
        N_("The disk of the output folder"),
        N_("The disk"),
        N_("The results' disk"),
    }
)


def disk_name(name: str) -> str:
    """A disk at the beginning of a sentence; `labrelay.words._` draws those of labrelay's own."""
    capital = f"{name[:1].upper()}{name[1:]}"
    return Told(capital) if capital in DISKS else capital


def disk_words(told: Mapping[str, str | float]) -> Told:
    """The sentence: English as text, any other language by `labrelay.words._`.

    Args:
        told: `trouble` (of `DiskTrouble`), `disk` (its name in English), `used` and `watermark` (0 to 1), `free` and
            `kept` (bytes).

    Raises:
        KeyError: one of them is missing.
        ValueError: one is none that this version knows.
    """
    return Told(
        SENTENCES[DiskTrouble(str(told["trouble"]))],
        disk=disk_name(str(told["disk"])),
        used=f"{float(told['used']):.0%}",
        watermark=f"{float(told['watermark']):.0%}",
        free=f"{float(told['free']) / 1e9:.1f}",
        kept=f"{float(told['kept']) / 1e9:.1f}",
        kept_bytes=int(told["kept"]),
    )
