"""`python -m pipelines.training check | train | export | evaluate | compare | quantize | familiarise | faults`."""

import sys
import tomllib
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from rich.console import Console

from labrelay.errors import LabrelayError
from pipelines.training.augment import Augmentation
from pipelines.training.data import read_folder
from pipelines.training.measuring import check_command, compare_command, evaluate_command
from pipelines.training.quality_control import familiarise_command, faults_command
from pipelines.training.record import Normalisation, RunRecord

app = typer.Typer(help=__doc__, no_args_is_help=True, add_completion=False)
console = Console()

DataOption = Annotated[Path, typer.Option(help="Folder with train/ and val/, each with images/ and labels/.")]
RunOption = Annotated[Path, typer.Option(help="Folder of the training run; an interrupted run goes on there.")]
PackageOption = Annotated[Path, typer.Option(help="Folder of the model package.")]


@app.command()
def train(
    data: DataOption,
    run: RunOption = Path("training-runs/model"),
    start: Annotated[Path | None, typer.Option(help="Run whose weights a new run begins with.")] = None,
    minutes: Annotated[float, typer.Option(help="Time budget.", min=0.01)] = 75.0,
    falling: Annotated[
        float, typer.Option(help="Share of the budget over which the learning rate falls.", min=0.01, max=1.0)
    ] = 0.3,
    reduction: Annotated[
        float, typer.Option(help="Learn the images so many times smaller, for large objects.", min=1.0)
    ] = 1.0,
    around_objects: Annotated[
        float, typer.Option(help="Share of crops laid around an object, for sparse images.", min=0.0, max=1.0)
    ] = 0.0,
    widths: Annotated[
        str, typer.Option(help="Channels of each level of the network; fewer are faster and see less.")
    ] = "32,64,128,192,256",
    threads: Annotated[int, typer.Option(help="CPU threads.", min=1)] = 2,
    source: Annotated[str, typer.Option(help="What the data are, for the model package.")] = "own images",
    licence: Annotated[str, typer.Option(help="Licence of the data.")] = "not stated",
    seed: Annotated[int, typer.Option(help="Start of the random numbers.")] = 1,
) -> None:
    """Train a network on labelled images within a time budget."""
    _require("torch", "PyTorch")
    from pipelines.training.batches import Batches
    from pipelines.training.train import CHECKPOINT, Recipe, Training

    channels = _widths(widths)
    images, val = read_folder(data / "train"), read_folder(data / "val")
    normalisation = Normalisation()
    augmentation = Augmentation(object_share=around_objects, reduction=reduction)
    RunRecord.of(
        images, source, licence, normalisation, augmentation, _repeated(minutes, falling, augmentation, widths, seed)
    ).write(run)
    batches = Batches(images, normalisation, augmentation, np.random.default_rng(seed))
    mild = Batches(val, normalisation, replace(augmentation, far_share=0.15), np.random.default_rng(0))
    recipe = Recipe(seconds=minutes * 60.0, falling_share=falling, threads=threads, widths=channels)
    training = Training(recipe, batches, mild, run, start / CHECKPOINT if start else None)
    for point in training.stretches():
        console.print(
            f"{point.seconds / 60:5.1f} of {minutes:g} min, step {point.step:6d}: "
            f"loss {point.loss:.4f}, on validation crops {point.val_loss:.4f}"
        )


@app.command()
def export(
    data: DataOption,
    package: PackageOption,
    run: RunOption = Path("training-runs/model"),
    name: Annotated[str, typer.Option(help="Name of the model.")] = "nuclei",
    version: Annotated[str, typer.Option(help="Version of the model.")] = "1.0.0",
    description: Annotated[str, typer.Option(help="One line on what it finds.")] = "Nuclei in fluorescence images",
    class_name: Annotated[str, typer.Option(help="What an object is called.")] = "nucleus",
    about: Annotated[
        Path | None, typer.Option(help="TOML file of what model.toml and the card shall say of the training.")
    ] = None,
) -> None:
    """Make a model package of a run: convert, choose parameters and measure on DATA/val."""
    _require("torch", "PyTorch")
    from pipelines.training.export import Identity, export

    told = tomllib.loads(about.read_text(encoding="utf-8")) if about else {}
    identity = Identity(name, version, description, (class_name,), told)
    quality = export(run, package, identity, read_folder(data / "val"))
    console.print(f"{package}: {quality}")


@app.command()
def quantize(
    data: DataOption,
    package: PackageOption,
    out: Annotated[Path, typer.Option(help="Folder of the package to write.")],
    max_loss: Annotated[float, typer.Option(help="AP@0.5 that may be lost on DATA/val.", min=0.0)] = 0.005,
    max_count_error_rise: Annotated[float, typer.Option(help="Rise of the count error there.", min=0.0)] = 0.01,
) -> None:
    """Make a package calculate with 8-bit integers, unless that costs accuracy on DATA/val."""
    _require("nncf", "NNCF")
    from pipelines.training.guard import Guard
    from pipelines.training.quantize import quantise

    images, val = read_folder(data / "train"), read_folder(data / "val")
    trial = quantise(package, out, images, val, Guard(max_loss, max_count_error_rise), console.print)
    console.print(f"{out}: {trial}")


app.command("check")(check_command)
app.command("evaluate")(evaluate_command)
app.command("compare")(compare_command)
app.command("familiarise")(familiarise_command)
app.command("faults")(faults_command)


def _repeated(minutes: float, falling: float, augmentation: Augmentation, widths: str, seed: int) -> str:
    """What to type to train so again, without paths of this machine."""
    given = {"minutes": minutes, "falling": falling, "reduction": augmentation.reduction}
    given |= {"around-objects": augmentation.object_share, "seed": seed}
    told = [f"--{key} {value:g}" for key, value in given.items()]
    return " ".join(["python -m pipelines.training train --data DATA", *told, f"--widths {widths}"])


def _widths(text: str) -> tuple[int, ...]:
    """Channels by level.

    Raises:
        typer.BadParameter: they aren't two or more positive whole numbers with commas between.
    """
    parts = text.split(",")
    if len(parts) < 2 or not all(part.strip().isdecimal() and int(part) for part in parts):
        raise typer.BadParameter(
            f"{text!r} isn't two or more whole numbers with commas between.", param_hint="--widths"
        )
    return tuple(int(part) for part in parts)


def _require(module: str, name: str) -> None:
    if find_spec(module) is None:
        console.print(f'{name} is missing. Install it with: pip install "labrelay\\[training]"')
        raise typer.Exit(2)


def main(arguments: list[str] | None = None) -> None:
    """Run the command line, with these arguments or those of the process; errors are told in plain words."""
    try:
        app(arguments)
    except LabrelayError as error:
        console.print(f"{error.cause}\n{error.next_step}", markup=False, soft_wrap=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
