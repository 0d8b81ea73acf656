"""Looks training data through before time is spent on them: what is there, what is suspicious, what can't be used."""

from collections import defaultdict
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rich.table import Table
from skimage.measure import label

from labrelay.errors import LabrelayError
from pipelines.segmentation.scale import equivalent_diameters
from pipelines.training.data import IMAGES, LabelledFile, LabelledImage, labelled_files
from pipelines.training.errors import TrainingDataInvalid

PARTS = ("train", "val")
_SMALLEST_PX, _NAMED = 4.0, 5


@dataclass
class PartSummary:
    """One folder's numbers: images, those without objects, objects, and all their diameters in pixels."""

    name: str
    images: int = 0
    empty: int = 0
    diameters_px: list[NDArray[np.float64]] = field(default_factory=list)

    def row(self) -> list[str]:
        """The cells of a table."""
        sizes = np.concatenate(self.diameters_px) if self.diameters_px else np.zeros(0)
        spread = "–".join(f"{value:.0f}" for value in np.percentile(sizes, (5, 50, 95))) if sizes.size else ""
        return [self.name, str(self.images), str(self.empty), str(sizes.size), spread]


@dataclass
class Findings:
    """What `check` found: numbers of each folder, doubts that a person should look at, faults that stop a training."""

    parts: list[PartSummary] = field(default_factory=list)
    doubts: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    def table(self) -> Table:
        """The numbers, to print."""
        columns = ("folder", "images", "without objects", "objects", "diameter in px (5 % – median – 95 %)")
        table = Table(*columns)
        for part in self.parts:
            table.add_row(*part.row())
        return table


def check(data: Path) -> Findings:
    """Look through DATA/train and DATA/val, or DATA itself where it holds images/; every fault is collected."""
    folders = [data] if (data / IMAGES).is_dir() else [data / part for part in PARTS]
    findings, seen = Findings(), defaultdict[str, list[str]](list)
    for folder in folders:
        findings.parts.append(_checked(folder, findings, seen))
    twice = [" = ".join(names) for names in seen.values() if len(names) > 1]
    if twice:
        findings.doubts.append(f"the same pixels more than once, so that quality would be overstated: {_named(twice)}")
    if not findings.faults and not any(size.size for part in findings.parts for size in part.diameters_px):
        findings.faults.append("no image holds a labelled object")
    return findings


def _checked(folder: Path, findings: Findings, seen: dict[str, list[str]]) -> PartSummary:
    part, suspicions = PartSummary(folder.name), defaultdict[str, list[str]](list)
    for file in _files(folder, findings):
        try:
            image = file.read()
        except LabrelayError as error:
            findings.faults.append(error.cause)
            continue
        name = f"{folder.name}/{image.stem}"
        seen[sha256(np.ascontiguousarray(image.pixels).data).hexdigest()].append(name)
        part.images, part.empty = part.images + 1, part.empty + (image.objects == 0)
        part.diameters_px.append(equivalent_diameters(image.labels))
        for suspicion in _suspicions(image):
            suspicions[suspicion].append(name)
    findings.doubts += [f"{text} in {len(names)} image(s): {_named(names)}" for text, names in suspicions.items()]
    return part


def _files(folder: Path, findings: Findings) -> list[LabelledFile]:
    try:
        return labelled_files(folder)
    except TrainingDataInvalid as error:
        findings.faults.append(error.cause)
        return []


def _suspicions(image: LabelledImage) -> list[str]:
    pieces, objects = int(label(image.labels, connectivity=2).max(initial=0)), image.objects
    sizes = equivalent_diameters(image.labels)
    findings = {
        "one number on several pieces, as if the mask were black and white": objects == 1 and pieces > 1,
        "objects in several pieces": 1 < objects < pieces,
        f"objects smaller than {_SMALLEST_PX:g} px across": bool((sizes < _SMALLEST_PX).any()),
        "every pixel alike": bool(image.pixels.min() == image.pixels.max()),
    }
    return [text for text, found in findings.items() if found]


def _named(names: list[str]) -> str:
    return ", ".join(names[:_NAMED]) + (" …" if len(names) > _NAMED else "")
