"""Train the network within a time budget; resumable."""

import copy
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from pipelines.training.batches import Batch, Batches
from pipelines.training.errors import RunDiffers
from pipelines.training.losses import Wanted, loss
from pipelines.training.network import WIDTHS, UNet, follow
from pipelines.training.record import CurvePoint, append

CHECKPOINT, CURVE = "checkpoint.pt", "curve.csv"


@dataclass(frozen=True)
class Recipe:
    """How to train.

    Args:
        seconds: time budget; the learning rate rises, stays, and falls to almost nothing by its end.
        steps: stop after so many steps even if time is left.
        learning_rate: its peak.
        falling_share: share of the budget, at its end, over which the learning rate falls.
        widths: channels of each level of the U-Net.
        checkpoint_seconds: time between two checkpoints.
        average_decay: of the running average of weights, which is what gets exported.
        threads: CPU threads of torch.
        val_batches: batches of fixed validation crops that are looked at with every checkpoint.
    """

    seconds: float = 4500.0
    steps: int = 1_000_000
    learning_rate: float = 2e-3
    falling_share: float = 0.3
    widths: tuple[int, ...] = WIDTHS
    checkpoint_seconds: float = 60.0
    average_decay: float = 0.998
    threads: int = 2
    val_batches: int = 6


class Training:
    """Network, average, optimiser and clock, as one thing that can be saved and resumed."""

    def __init__(self, recipe: Recipe, batches: Batches, val: Batches, run: Path, start: Path | None = None) -> None:
        """Start anew, or where the checkpoint in `run` left off.

        Args:
            recipe: how to train.
            batches: what to learn from.
            val: what to watch; nothing is learnt from it.
            run: folder of checkpoint and curve.
            start: checkpoint of another run whose weights a new run begins with, or None for random ones.

        Raises:
            RunDiffers: a checkpoint holds a network of other widths.
        """
        torch.set_num_threads(recipe.threads)
        self.recipe, self.run = recipe, run
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self.network = UNet(recipe.widths).to(self.device, memory_format=torch.channels_last)
        self.average = copy.deepcopy(self.network).eval()
        self.optimiser = torch.optim.AdamW(self.network.parameters(), recipe.learning_rate, weight_decay=1e-3)
        self.seconds, self.step = 0.0, 0
        self._batches = batches
        self._val = [Wanted.of(val.draw(), self.device) for _ in range(recipe.val_batches)]
        run.mkdir(parents=True, exist_ok=True)
        if (run / CHECKPOINT).exists():
            self._resume()
        elif start is not None:
            self._begin_with(start)

    def stretches(self) -> Iterator["CurvePoint"]:
        """Train until the budget is spent, a stretch at a time; each ends with a checkpoint and a line in the curve."""
        with ThreadPoolExecutor(1, "batches") as drawer:
            while self.progress < 1.0:
                learnt = self._stretch(drawer)
                rate = self.optimiser.param_groups[0]["lr"]
                point = CurvePoint(self.seconds, self.step, rate, learnt, self.val_loss())
                self._save()
                append(self.run / CURVE, point)
                yield point

    @property
    def progress(self) -> float:
        """Share 0..1 of the budget that is spent, of time or steps, whichever is further."""
        return min(1.0, max(self.seconds / self.recipe.seconds, self.step / self.recipe.steps))

    def _stretch(self, drawer: ThreadPoolExecutor) -> float:
        self.network.train()
        losses: list[float] = []
        start, before = time.monotonic(), self.seconds
        drawn = drawer.submit(self._batches.draw)
        while not losses or (self.progress < 1.0 and self.seconds - before < self.recipe.checkpoint_seconds):
            batch, drawn = drawn.result(), drawer.submit(self._batches.draw)
            losses.append(self._learn(batch))
            self.seconds = before + time.monotonic() - start
        return float(np.mean(losses))

    def _learn(self, batch: Batch) -> float:
        rate = self.recipe.learning_rate * trapezoid(self.progress, self.recipe.falling_share)
        for group in self.optimiser.param_groups:
            group["lr"] = rate
        error = loss(self.network, Wanted.of(batch, self.device))
        self.optimiser.zero_grad(set_to_none=True)
        error.backward()
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), 5.0)
        self.optimiser.step()
        self.step += 1
        # Early averages would drag the random start along, so the decay grows with the steps.
        follow(self.average, self.network, min(self.recipe.average_decay, self.step / (self.step + 10.0)))
        return float(error.detach())

    def val_loss(self) -> float:
        """Loss of the averaged network on fixed crops of the validation images."""
        with torch.no_grad():
            return float(np.mean([float(loss(self.average, wanted)) for wanted in self._val]))

    def _save(self) -> None:
        state = {name: getattr(self, name).state_dict() for name in ("network", "average", "optimiser")}
        partial = self.run / f"{CHECKPOINT}.partial"
        torch.save(state | {"seconds": self.seconds, "step": self.step, "widths": self.recipe.widths}, partial)
        partial.replace(self.run / CHECKPOINT)

    def _resume(self) -> None:
        state = self._read(self.run / CHECKPOINT)
        for name in ("network", "average", "optimiser"):
            getattr(self, name).load_state_dict(state[name])
        self.seconds, self.step = state["seconds"], state["step"]

    def _begin_with(self, checkpoint: Path) -> None:
        weights = self._read(checkpoint)["average"]
        self.network.load_state_dict(weights)
        self.average.load_state_dict(weights)

    def _read(self, checkpoint: Path) -> dict[str, Any]:
        state: dict[str, Any] = torch.load(checkpoint, weights_only=True, map_location=self.device)
        if tuple(state["widths"]) != self.recipe.widths:
            raise RunDiffers(
                f"{checkpoint} holds a network of widths {_told(state['widths'])}, not {_told(self.recipe.widths)}."
            )
        return state


def _told(widths: Sequence[int]) -> str:
    return ",".join(map(str, widths))


def trapezoid(progress: float, falling_share: float, warm_up: float = 0.02) -> float:
    """Learning rate as a share of its peak: a linear rise, a plateau, a linear fall to 1 %.

    On the plateau one may stop at any time and let a new run with a short budget do the fall.
    """
    if progress < warm_up:
        return 0.05 + 0.95 * progress / warm_up
    if progress < 1.0 - falling_share:
        return 1.0
    return 0.01 + 0.99 * (1.0 - progress) / falling_share
