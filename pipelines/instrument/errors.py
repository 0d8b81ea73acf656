"""What can be wrong with an order to the instrument simulator."""

from labrelay.errors import SettingsInvalid


class PlateUnknown(SettingsInvalid):
    """No plate has so many wells."""

    code = "plate_unknown"
    default_next_step = "Choose a usual plate: 6, 12, 24, 48, 96, 384 or 1536 wells."


class TruthInSight(SettingsInvalid):
    """The truth would lie where a pipeline can read it."""

    code = "truth_in_sight"
    default_next_step = "Choose a truth folder that neither contains the watched folder nor lies inside it."


class PlantingRefused(SettingsInvalid):
    """No slips can be planted on such a plate."""

    code = "planting_refused"
    default_next_step = "Take 8 images or more, named as ImageXpress names them."
