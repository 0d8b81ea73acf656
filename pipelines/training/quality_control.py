"""Teaches a model package what is usual, and counts which planted faults its quality control then sees."""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from pipelines.images.reader import Image
from pipelines.segmentation.scale import equivalent_diameters
from pipelines.segmentation.segment import Segmenter
from pipelines.training.data import LabelledImage, read_folder
from pipelines.training.familiarity import reference, write_sections
from pipelines.training.faults import FAULTS, FOREIGN

Planted = tuple[str, NDArray[Any]]
GOOD = "good"


@dataclass(frozen=True)
class Tally:
    """What became of the images of one kind.

    Attributes:
        kind: Kind of fault, or `good`.
        images: How many there were.
        flagged: How many got any flag.
        flags: How many got each flag.
    """

    kind: str
    images: int
    flagged: int
    flags: dict[str, int]


def tally(
    folder: Path, images: Sequence[LabelledImage], others: Sequence[LabelledImage] = (), seed: int = 0
) -> list[Tally]:
    """Count the flags of good images, of the same with each fault planted, and of foreign ones.

    Args:
        folder: The model package.
        images: Good images with their labels, none of which was trained on.
        others: Images that are foreign to the model.
        seed: Start of the random numbers.

    Raises:
        ModelPackageInvalid: The package is incomplete or changed.
    """
    segmenter = Segmenter(folder)
    images_of, flagged, flags = Counter[str](), Counter[str](), dict[str, Counter[str]]()
    for kind, pixels in planted(images, others, np.random.default_rng(seed)):
        found = segmenter.segment(Image(pixels, None, kind)).flags
        images_of[kind] += 1
        flagged[kind] += bool(found)
        flags.setdefault(kind, Counter()).update(found)
    return [Tally(kind, count, flagged[kind], dict(flags[kind])) for kind, count in images_of.items()]


def planted(
    images: Sequence[LabelledImage], others: Sequence[LabelledImage], rng: np.random.Generator
) -> Iterator[Planted]:
    """Give kinds and images: each good one as it is and with each fault, as many of each foreign kind, and the others.

    Good images without any object are left out, as nothing can be wrong with objects that aren't there.
    """
    with_objects = [image for image in images if image.objects]
    for image in with_objects:
        yield GOOD, image.pixels
        diameter = float(np.median(equivalent_diameters(image.labels)))
        for kind, fault in FAULTS.items():
            yield kind, fault(image.pixels, diameter, rng)
        for kind, made in FOREIGN.items():
            yield kind, made(image.labels.shape, rng)
    for image in others:
        yield "images for another model", image.pixels


PackageOption = Annotated[Path, typer.Option(help="Folder of the model package; its model.toml is changed.")]
CheckedOption = Annotated[Path, typer.Option(help="Folder of the model package.")]
ImagesOption = Annotated[Path, typer.Option(help="Folder with images/ and labels/.")]
OtherOption = Annotated[
    Path | None, typer.Option(help="Folder with images/ and labels/ that are foreign to the model.")
]
JsonOption = Annotated[Path | None, typer.Option("--json", help="Also write the counts to this file.")]


def familiarise_command(package: PackageOption, data: ImagesOption) -> None:
    """Set a package's quality control by the images that the model was trained on."""
    images = read_folder(data)
    with Progress() as progress:
        task = progress.add_task("Images", total=None)
        sections = reference(package, images, lambda done: progress.update(task, completed=done))
    write_sections(package, sections)
    Console().print_json(json.dumps(sections["quality_control"]))
    if "familiar" not in sections:
        Console().print("Too few images with objects: how familiar an image is won't be judged.")


def faults_command(
    package: CheckedOption, data: ImagesOption, foreign: OtherOption = None, json_file: JsonOption = None
) -> None:
    """Plant faults in good images and count which of them quality control sees."""
    tallies = tally(package, read_folder(data), read_folder(foreign) if foreign else ())
    shown = Table("kind", "images", "flagged", "flags")
    for one in tallies:
        flags = ", ".join(f"{flag} {count}" for flag, count in sorted(one.flags.items()))
        shown.add_row(one.kind, str(one.images), f"{one.flagged / one.images:.0%}", flags)
    Console().print(shown)
    if json_file is not None:
        json_file.write_text(json.dumps([asdict(one) for one in tallies], indent=2), encoding="utf-8")
