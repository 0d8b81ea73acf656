"""Quality flags of images: what each says to people, and what they may do."""

from dataclasses import dataclass
from typing import Final

from labrelay.words import N_

PASSED: Final = "passed"
"""AiCSD's QC flags of an image without complaint."""

OUT_OF_FOCUS: Final = "out_of_focus"
SATURATED: Final = "saturated"
BACKGROUND_HIGH: Final = "background_high"
BACKGROUND_UNEVEN: Final = "background_uneven"
DEBRIS: Final = "debris"
EMPTY: Final = "empty"
OBJECTS_CLIPPED: Final = "objects_clipped"
UNFAMILIAR: Final = "unfamiliar"


@dataclass(frozen=True)
class FlagText:
    """What a flag means, and what to do next, each in a sentence."""

    meaning: str
    next_step: str


FLAG_TEXTS: Final[dict[str, FlagText]] = {
    EMPTY: FlagText(
        N_("No object was found."),
        N_("If the well should hold cells, open the image; check stain, channel and exposure."),
    ),
    OUT_OF_FOCUS: FlagText(
        N_("The objects' edges are blurred, so neighbours may have been counted as one."),
        N_("Check the autofocus and take the image again."),
    ),
    SATURATED: FlagText(
        N_("Many pixels are at the camera's highest value, so intensities are too low and neighbours may have merged."),
        N_("Expose for a shorter time or lower the gain, and take the image again."),
    ),
    BACKGROUND_HIGH: FlagText(
        N_("The background is nearly as bright as the camera can record."),
        N_("Look for free stain, a plate that shines by itself or room light."),
    ),
    BACKGROUND_UNEVEN: FlagText(
        N_("The background is brighter at one side than at the other, so dim objects may be missed there."),
        N_("Check the illumination, or let the instrument correct its shading."),
    ),
    DEBRIS: FlagText(
        N_("Something beside the objects stands out as they do: dust, fibres, clumps of stain, or missed objects."),
        N_("Open the overlay; clean the plate or the lens if it is dirt."),
    ),
    OBJECTS_CLIPPED: FlagText(
        N_("Most objects are cut by the image's edge, so sizes and counts per area are off."),
        N_("Use a lower magnification or a larger field."),
    ),
    UNFAMILIAR: FlagText(
        N_("The image is unlike all that the model was trained on, so the count may mean nothing."),
        N_("Check that task, channel and pipeline fit the image; if they do, check some counts by eye first."),
    ),
}
"""For every flag that the shipped pipelines give."""
