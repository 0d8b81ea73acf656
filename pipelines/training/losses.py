"""What training lowers."""

from dataclasses import dataclass

import torch
from torch.nn.functional import binary_cross_entropy_with_logits

from pipelines.training.batches import Batch
from pipelines.training.targets import PROBABILITIES

_OFFSET_SHARE, _SEED_SHARE = 0.5, 2.0


@dataclass(frozen=True)
class Wanted:
    """A batch on the device that trains: images and maps (N, C, H, W), importance and precision (N, H, W)."""

    images: torch.Tensor
    maps: torch.Tensor
    importance: torch.Tensor
    precision: torch.Tensor

    @classmethod
    def of(cls, batch: Batch, device: torch.device) -> "Wanted":
        """Bring a batch to the device."""
        images = torch.from_numpy(batch.images).to(device, memory_format=torch.channels_last)
        others = (torch.from_numpy(part).to(device) for part in (batch.maps, batch.importance, batch.precision))
        return cls(images, *others)


def loss(network: torch.nn.Module, wanted: Wanted) -> torch.Tensor:
    """Cross-entropy and Dice of the foreground, cross-entropy of seeds and contacts, relative error of the offsets."""
    with torch.autocast(wanted.images.device.type, torch.bfloat16):
        raw = network(wanted.images)
    raw, importance = raw.float(), wanted.importance
    foreground, seed, contact = wanted.maps[:, :PROBABILITIES].unbind(1)
    return (
        _foreground_loss(raw[:, 0], foreground, importance)
        + _SEED_SHARE * _seed_loss(raw[:, 1], seed, foreground, importance)
        + _contact_loss(raw[:, 2], contact, foreground)
        + _OFFSET_SHARE * _offset_loss(raw[:, PROBABILITIES:], wanted, foreground)
    )


def _foreground_loss(raw: torch.Tensor, wanted: torch.Tensor, importance: torch.Tensor) -> torch.Tensor:
    likely = torch.sigmoid(raw)
    common = (likely * wanted * importance).sum()
    dice = (2.0 * common + 1.0) / ((likely * importance).sum() + (wanted * importance).sum() + 1.0)
    entropy = binary_cross_entropy_with_logits(raw, wanted, reduction="none")
    return (entropy * importance).mean() + 0.5 * (1.0 - dice)


def _seed_loss(
    raw: torch.Tensor, wanted: torch.Tensor, foreground: torch.Tensor, importance: torch.Tensor
) -> torch.Tensor:
    # Less the entropy of the wanted values, so that a perfect seed map costs nothing.
    certain = wanted.clamp(1e-4, 1.0 - 1e-4)
    floor = -(certain * certain.log() + (1.0 - certain) * (1.0 - certain).log())
    entropy = binary_cross_entropy_with_logits(raw, wanted, reduction="none")
    return ((entropy - floor) * (1.0 + 2.0 * foreground) * importance).mean()


def _contact_loss(raw: torch.Tensor, wanted: torch.Tensor, foreground: torch.Tensor) -> torch.Tensor:
    entropy = binary_cross_entropy_with_logits(raw, wanted, reduction="none")
    return (entropy * (1.0 + 4.0 * wanted) * (1.0 + foreground)).mean()


def _offset_loss(raw: torch.Tensor, wanted: Wanted, foreground: torch.Tensor) -> torch.Tensor:
    error = (raw - wanted.maps[:, PROBABILITIES:]).abs().sum(dim=1)
    # The constant keeps a batch with a handful of foreground pixels from shouting.
    weight = (foreground * wanted.importance).sum() + 100.0
    return (error * wanted.precision * wanted.importance).sum() / weight
