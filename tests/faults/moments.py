"""When a fault strikes: at a random moment, or when a job is seen at a stage."""

import random
import time

from labrelay.contracts.states import Stage
from labrelay.errors import LabrelayError
from tests.faults.system import TwoSides

STAGES = (
    Stage.AWAITING_INPUT,
    Stage.READY,
    Stage.LAUNCHED,
    Stage.PROCESSING,
    Stage.REPORTED,
    Stage.SEALING,
    Stage.RETURNING,
    Stage.RECEIVING,
)
AIM_S = 4.0


def random_moment(chance: random.Random, longest_s: float = 1.5) -> None:
    """Wait for no reason."""
    time.sleep(chance.uniform(0.05, longest_s))


def any_moment(sides: TwoSides, chance: random.Random) -> Stage | None:
    """A random moment, or as often the first at which a job is seen at a random stage; that stage."""
    if chance.random() < 0.5:
        random_moment(chance)
        return None
    return seen_at(sides, chance.choice(STAGES))


def seen_at(sides: TwoSides, stage: Stage, seconds: float = AIM_S) -> Stage | None:
    """Wait until a job is seen at a stage; None where that was so short that none was seen in time."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            if stage in sides.stages():
                return stage
        except LabrelayError:
            return None
        time.sleep(0.005)
    return None
