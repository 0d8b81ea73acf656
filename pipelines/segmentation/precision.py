"""In what numbers a network computes on this machine: INT8 where it was made for it, else BF16 or FP32."""

import os
from typing import Any, Final, Literal

import openvino as ov

from labrelay.errors import SettingsInvalid

Precision = Literal["int8", "bf16", "fp32"]

PRECISION: Final = "LABRELAY_PRECISION"
"""Environment variable: `bf16` or `fp32` instead of what suits the processor; `auto` or nothing leaves the choice."""

_HINTS: Final = {"bf16": "bf16", "fp32": "f32"}


def chosen_hint(core: ov.Core, wanted: str | None = None) -> str:
    """OpenVINO's name of the type in which layers compute that are not quantised.

    BF16 only where the processor multiplies in it: elsewhere it would be imitated, slowly.

    Args:
        core: OpenVINO.
        wanted: `bf16`, `fp32` or `auto`; None asks the environment.

    Raises:
        SettingsInvalid: There is no such precision.
    """
    wanted = (os.environ.get(PRECISION, "") if wanted is None else wanted).strip().lower()
    if wanted in ("", "auto"):
        wanted = "bf16" if "BF16" in core.get_property("CPU", "OPTIMIZATION_CAPABILITIES") else "fp32"
    if wanted not in _HINTS:
        raise SettingsInvalid(
            f"The precision ({PRECISION}) is {wanted!r}; it can be auto, {' or '.join(_HINTS)}.",
            next_step=f"Correct {PRECISION}, or leave it out.",
        )
    return _HINTS[wanted]


def precision_of(model: Any, hint: str) -> Precision:
    """What most of a network (`openvino.Model`) computes in, by its layers and the type for those not quantised."""
    if any(layer.get_type_name() == "FakeQuantize" for layer in model.get_ops()):
        return "int8"
    return "bf16" if hint == _HINTS["bf16"] else "fp32"
