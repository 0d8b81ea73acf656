"""Train the network within a time budget; resumable."""

import copy
import math
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.nn.functional import binary_cross_entropy_with_logits

from pipelines.training.batches import Batches
from pipelines.training.network import UNet, follow
from pipelines.training.record import CurvePoint, append

CHECKPOINT, CURVE = "checkpoint.pt", "curve.csv"


@dataclass(frozen=True)
class Recipe:
    """How to train.

    Args:
        seconds: time budget; the learning rate rises, then falls to almost nothing by its end.
        steps: stop after so many steps even if time is left.
        learning_rate: its peak.
        channels: width of the first level of the U-Net.
        checkpoint_seconds: time between two checkpoints.
        average_decay: of the running average of weights, which is what gets exported.
        threads: CPU threads of torch.
        val_batches: batches of fixed validation crops that are looked at with every checkpoint.
    """

    seconds: float = 1900.0
    steps: int = 1_000_000
    learning_rate: float = 3e-3
    channels: int = 16
    checkpoint_seconds: float = 60.0
    average_decay: float = 0.997
    threads: int = 2
    val_batches: int = 6


class Training:
    """Network, average, optimiser and clock, as one thing that can be saved and resumed."""

    def __init__(self, recipe: Recipe, batches: Batches, val: Batches, run: Path) -> None:
        """Start anew, or where the checkpoint in `run` left off."""
        torch.set_num_threads(recipe.threads)
        self.recipe, self.run = recipe, run
        self.network = UNet(recipe.channels).to(memory_format=torch.channels_last)
        self.average = copy.deepcopy(self.network).eval()
        self.optimiser = torch.optim.AdamW(self.network.parameters(), recipe.learning_rate, weight_decay=1e-4)
        self.seconds, self.step = 0.0, 0
        self._batches = batches
        self._val = [val.draw() for _ in range(recipe.val_batches)]
        run.mkdir(parents=True, exist_ok=True)
        if (run / CHECKPOINT).exists():
            self._resume()

    def stretches(self) -> Iterator["CurvePoint"]:
        """Train until the budget is spent, a stretch at a time; each ends with a checkpoint and a line in the curve."""
        while self.progress < 1.0:
            loss = self._stretch()
            rate = self.optimiser.param_groups[0]["lr"]
            point = CurvePoint(self.seconds, self.step, rate, loss, self.val_loss())
            self._save()
            append(self.run / CURVE, point)
            yield point

    @property
    def progress(self) -> float:
        """Share 0..1 of the budget that is spent, of time or steps, whichever is further."""
        return min(1.0, max(self.seconds / self.recipe.seconds, self.step / self.recipe.steps))

    def _stretch(self) -> float:
        self.network.train()
        losses: list[float] = []
        start, before = time.monotonic(), self.seconds
        while not losses or (self.progress < 1.0 and self.seconds - before < self.recipe.checkpoint_seconds):
            losses.append(self._learn())
            self.seconds = before + time.monotonic() - start
        return float(np.mean(losses))

    def _learn(self) -> float:
        rate = self.recipe.learning_rate * one_cycle(self.progress)
        for group in self.optimiser.param_groups:
            group["lr"] = rate
        loss = _loss(self.network, *self._batches.draw())
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), 5.0)
        self.optimiser.step()
        self.step += 1
        # Early averages would drag the random start along, so the decay grows with the steps.
        follow(self.average, self.network, min(self.recipe.average_decay, self.step / (self.step + 10.0)))
        return float(loss.detach())

    def val_loss(self) -> float:
        """Loss of the averaged network on fixed crops of the validation images."""
        with torch.no_grad():
            return float(np.mean([float(_loss(self.average, *pair)) for pair in self._val]))

    def _save(self) -> None:
        state = {name: getattr(self, name).state_dict() for name in ("network", "average", "optimiser")}
        partial = self.run / f"{CHECKPOINT}.partial"
        torch.save(state | {"seconds": self.seconds, "step": self.step, "channels": self.recipe.channels}, partial)
        partial.replace(self.run / CHECKPOINT)

    def _resume(self) -> None:
        state: dict[str, Any] = torch.load(self.run / CHECKPOINT, weights_only=True)
        for name in ("network", "average", "optimiser"):
            getattr(self, name).load_state_dict(state[name])
        self.seconds, self.step = state["seconds"], state["step"]


def one_cycle(progress: float, warm_up: float = 0.05) -> float:
    """Learning rate as a share of its peak: linear rise, then half a cosine down to 0.3 %."""
    if progress < warm_up:
        return 0.05 + 0.95 * progress / warm_up
    return 0.003 + 0.997 * 0.5 * (1.0 + math.cos(math.pi * (progress - warm_up) / (1.0 - warm_up)))


def _loss(network: torch.nn.Module, images: np.ndarray, wanted: np.ndarray) -> torch.Tensor:
    """Cross-entropy of both maps, seeds inside objects counting more, plus one minus the Dice of the foreground."""
    image = torch.from_numpy(np.ascontiguousarray(images)).to(memory_format=torch.channels_last)
    truth = torch.from_numpy(np.ascontiguousarray(wanted))
    with torch.autocast("cpu", torch.bfloat16):
        logits = network(image)
    logits = logits.float()
    foreground, seed = truth[:, 0], truth[:, 1]
    overlap = torch.sigmoid(logits[:, 0])
    dice = (2.0 * (overlap * foreground).sum() + 1.0) / (overlap.sum() + foreground.sum() + 1.0)
    # Less the entropy of the wanted values, so that a perfect seed map costs nothing.
    certain = seed.clamp(1e-4, 1.0 - 1e-4)
    floor = -(certain * certain.log() + (1.0 - certain) * (1.0 - certain).log())
    seeds = (binary_cross_entropy_with_logits(logits[:, 1], seed, reduction="none") - floor) * (1.0 + 2.0 * foreground)
    return binary_cross_entropy_with_logits(logits[:, 0], foreground) + 0.5 * (1.0 - dice) + 2.0 * seeds.mean()
