"""What a fault is: a name and a way to bring it about while files stream in."""

import random
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass

from tests.faults.system import TwoSides


class NotInjected(Exception):
    """The fault didn't come about; the run counts it as not injected, and a required one fails the run."""


@dataclass(frozen=True)
class Fault:
    """Something that goes wrong.

    Attributes:
        name: what the table calls it.
        inject: entering the context brings the fault about, leaving it ends the fault. Everything random comes from the
            given source, so that a seed repeats a run. Raises `NotInjected` where it didn't come about.
        required: a run in which it never came about fails.
        settle_s: so long everything may take to be accounted for afterwards; then what is missing is lost or stuck.
        dear: takes long or much of the disk; a short run leaves it out.
        together: may happen together with another one (its own pieces are not the whole system).
    """

    name: str
    inject: Callable[[TwoSides, random.Random], AbstractContextManager[None]]
    required: bool = True
    settle_s: float = 180.0
    dear: bool = False
    together: bool = True
