"""`python -m pipelines.training train | export | evaluate | compare`."""

import json
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from rich.console import Console

from labrelay.errors import LabrelayError
from pipelines.training.compare import compare
from pipelines.training.data import read_folder
from pipelines.training.evaluate import evaluate
from pipelines.training.record import Normalisation, RunRecord
from pipelines.training.scores import ImageScore, as_json, table

app = typer.Typer(help=__doc__, no_args_is_help=True, add_completion=False)
console = Console()

DataOption = Annotated[Path, typer.Option(help="Folder with train/ and val/, each with images/ and labels/.")]
RunOption = Annotated[Path, typer.Option(help="Folder of the training run; an interrupted run goes on there.")]
PackageOption = Annotated[Path, typer.Option(help="Folder of the model package.")]
JsonOption = Annotated[Path | None, typer.Option("--json", help="Also write all scores to this file.")]


@app.command()
def train(
    data: DataOption,
    run: RunOption = Path("training-runs/model"),
    minutes: Annotated[float, typer.Option(help="Time budget.", min=0.01)] = 35.0,
    threads: Annotated[int, typer.Option(help="CPU threads.", min=1)] = 2,
    source: Annotated[str, typer.Option(help="What the data are, for the model package.")] = "own images",
    licence: Annotated[str, typer.Option(help="Licence of the data.")] = "not stated",
    seed: Annotated[int, typer.Option(help="Start of the random numbers.")] = 1,
) -> None:
    """Train a network on labelled images within a time budget."""
    _require_torch()
    from pipelines.training.augment import Augmentation
    from pipelines.training.batches import Batches
    from pipelines.training.train import Recipe, Training

    images, val = read_folder(data / "train"), read_folder(data / "val")
    normalisation, augmentation = Normalisation(), Augmentation()
    command = f"python -m pipelines.training train --data DATA --minutes {minutes:g} --threads {threads} --seed {seed}"
    RunRecord.of(images, source, licence, normalisation, augmentation.diameters_px, command).write(run)
    batches = Batches(images, normalisation, augmentation, np.random.default_rng(seed))
    mild = Batches(val, normalisation, Augmentation(far_share=0.15), np.random.default_rng(0))
    training = Training(Recipe(seconds=minutes * 60.0, threads=threads), batches, mild, run)
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
) -> None:
    """Make a model package of a run: convert, choose parameters and measure on DATA/val."""
    _require_torch()
    from pipelines.training.export import Identity, export

    quality = export(run, package, Identity(name, version, description, (class_name,)), read_folder(data / "val"))
    console.print(f"{package}: {quality}")


@app.command("evaluate")
def evaluate_command(
    data: DataOption,
    package: PackageOption,
    part: Annotated[str, typer.Option(help="Sub-folder of DATA to measure on.")] = "val",
    json_file: JsonOption = None,
) -> None:
    """Measure a model package on labelled images."""
    _show(evaluate(package, read_folder(data / part)), json_file)


@app.command("compare")
def compare_command(
    results: Annotated[Path, typer.Option(help="Folder with <stem>_labels.tif, sub-folders too.")],
    labels: Annotated[Path, typer.Option(help="Folder with <stem>.png in the same sub-folders.")],
    json_file: JsonOption = None,
) -> None:
    """Compare delivered label masks with true labels."""
    comparison = compare(results, labels)
    _show(comparison.scores, json_file)
    for text, names in (("without a result", comparison.missing), ("without labels", comparison.unlabelled)):
        if names:
            console.print(f"{len(names)} {text}: {', '.join(names[:10])}{' …' if len(names) > 10 else ''}")
    if comparison.missing:
        raise typer.Exit(1)


def _show(scores: list[ImageScore], json_file: Path | None) -> None:
    console.print(table(scores))
    if json_file is not None:
        json_file.write_text(json.dumps(as_json(scores), indent=2), encoding="utf-8")


def _require_torch() -> None:
    if find_spec("torch") is None:
        console.print('PyTorch is missing. Install it with: pip install "labrelay[training]"')
        raise typer.Exit(2)


def main() -> None:
    """Run the command line; errors are told in plain words."""
    try:
        app()
    except LabrelayError as error:
        console.print(f"{error.cause}\n{error.next_step}")
        sys.exit(1)


if __name__ == "__main__":
    main()
