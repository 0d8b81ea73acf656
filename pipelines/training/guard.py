"""Which quantised networks are good enough: ways of making one, limits of what it may lose, and what it did lose."""

from dataclasses import dataclass
from typing import Literal

from pipelines.training.scores import IOUS, Summary


@dataclass(frozen=True)
class Way:
    """One way of quantising a network.

    Args:
        name: for people.
        kept: the convolutions that go on calculating with floating point: none, those that give the maps, or also the
            first.
        exact_bias: correct the layers' biases one after the other rather than all at once; takes several times as long.
        tiles: how many tiles to calibrate on.
    """

    name: str
    kept: Literal["none", "heads", "ends"] = "none"
    exact_bias: bool = False
    tiles: int = 200


# The fastest network first; each one after it calculates a little more with floating point, or takes longer to make.
WAYS = (
    Way("every layer"),
    Way("all layers but the last", "heads"),
    Way("all layers but the first and last", "ends"),
    Way("all layers but the first and last, biases one by one", "ends", exact_bias=True),
)


@dataclass(frozen=True)
class Guard:
    """What a quantised network may lose on validation images.

    Args:
        max_loss: of AP at 0.5, 0..1.
        max_count_error_rise: of the count error, 0..1.
    """

    max_loss: float = 0.005
    max_count_error_rise: float = 0.01

    def lets_pass(self, before: Summary, after: Summary) -> bool:
        """Whether what was lost is within both limits."""
        lost = before.average_precision[0] - after.average_precision[0]
        return lost <= self.max_loss and after.count_error - before.count_error <= self.max_count_error_rise


@dataclass(frozen=True)
class Trial:
    """What one way gave on the validation images, and whether the guard let it pass."""

    way: Way
    before: Summary
    after: Summary
    passed: bool

    def __str__(self) -> str:
        """The figures in a line."""
        before, after = self.before, self.after
        pairs = zip(IOUS, before.average_precision, after.average_precision, strict=True)
        precisions = ", ".join(f"AP@{iou:g} {was:.4f} → {now:.4f}" for iou, was, now in pairs)
        counts = f"count error {before.count_error:.2%} → {after.count_error:.2%}"
        return f"{self.way.name}: {precisions}, {counts}{'' if self.passed else ', refused'}"
