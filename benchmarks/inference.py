"""`python -m benchmarks.inference`: networks side by side, in one run and interleaved, with their accuracy."""

import json
import os
import statistics
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from rich.console import Console
from rich.table import Table

from benchmarks.contenders import OTSU, PYTORCH, Contender, Pixels, openvino_contenders, otsu, pytorch_contenders
from benchmarks.processor import processor
from benchmarks.whole_work import measure_whole_work
from pipelines.instrument import FieldOptions, make_field
from pipelines.segmentation.package import load_package
from pipelines.training.data import LabelledImage, read_folder
from pipelines.training.evaluate import package_folder
from pipelines.training.scores import score, summary

SIDES: Final = (512, 2048)
_GENERATED: Final = 6
_IMAGES_EACH: Final = 2
Milliseconds = dict[str, dict[int, float]]


def main(
    model: Annotated[str, typer.Option(help="nuclei, cells, or a model package's folder.")] = "nuclei",
    also: Annotated[list[Path], typer.Option(help="A further package, say the one that was quantised.")] = [],  # noqa: B006
    data: Annotated[Path | None, typer.Option(help="Folder with images/ and labels/; else generated fields.")] = None,
    checkpoint: Annotated[Path | None, typer.Option(help="Weights of a training run for PyTorch; else random.")] = None,
    repeats: Annotated[int, typer.Option(min=1, help="Rounds through all contenders.")] = 5,
    threads: Annotated[int, typer.Option(min=1, help="Threads of each contender.")] = os.cpu_count() or 1,
    limit: Annotated[int | None, typer.Option(min=1, help="So many labelled images only.")] = None,
    images: Annotated[int, typer.Option(min=1, help="Images for the whole work.")] = 12,
    side: Annotated[int, typer.Option(min=64, help="Edge of the larger image.")] = SIDES[1],
    compiled: Annotated[bool, typer.Option("--compile/--no-compile", help="Try torch.compile, too.")] = True,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write the figures here.")] = None,
) -> None:
    """Measure and print. The figures mean something on an otherwise idle machine only."""
    console, folder = Console(), package_folder(model)
    contenders = [*_pytorch(folder, checkpoint, compiled, threads, console)]
    contenders += [*openvino_contenders([folder, *also], threads), otsu()]
    labelled = _labelled(data)[:limit]
    taken = _timed(contenders, sorted({min(SIDES[0], side), side}), repeats)
    rows = [_row(contender, taken, labelled) for contender in contenders]
    figures = {
        "model": model,
        "processor": processor(),
        "threads": threads,
        "labelled": str(data or f"{len(labelled)} generated fields"),
        "contenders": rows,
        "whole_work": measure_whole_work(folder, images, side),
    }
    _print(figures, console)
    if json_file:
        json_file.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")


def _pytorch(folder: Path, checkpoint: Path | None, compiled: bool, threads: int, console: Console) -> list[Contender]:
    try:
        import torch
    except ImportError:
        console.print(f"{PYTORCH} is skipped: PyTorch isn't installed (pip install torch).")
        return []
    torch.set_num_threads(threads)
    if checkpoint is None:
        console.print(f"{PYTORCH} has random weights, as there is no --checkpoint: same speed, no accuracy.")
    return [*pytorch_contenders(load_package(folder), checkpoint, compiled)]


def _labelled(data: Path | None) -> list[LabelledImage]:
    if data is not None:
        return read_folder(data)
    fields = [make_field(seed, "C05", 1, FieldOptions()) for seed in range(_GENERATED)]
    return [LabelledImage(f"field {seed}", field.pixels, field.labels) for seed, field in enumerate(fields)]


def _timed(contenders: list[Contender], sides: list[int], repeats: int) -> Milliseconds:
    """Median wall-clock milliseconds an image by contender and edge; all take turns, the first round only warms up."""
    taken: dict[str, dict[int, list[float]]] = {each.name: {side: [] for side in sides} for each in contenders}
    for side in sides:
        pixels = make_field(1, "A01", 1, FieldOptions(height=side, width=side, nuclei=56.0)).pixels
        for _ in range(repeats + 1):
            for contender in contenders:
                taken[contender.name][side].append(_milliseconds(contender, pixels))
    return {name: {side: statistics.median(each[1:]) for side, each in sides.items()} for name, sides in taken.items()}


def _milliseconds(contender: Contender, pixels: Pixels) -> float:
    images = [pixels] * (contender.at_once * _IMAGES_EACH)
    with ThreadPoolExecutor(contender.at_once) as pool:
        started = time.perf_counter()
        list(pool.map(contender.predict, images))
        return 1e3 * (time.perf_counter() - started) / len(images)


def _row(contender: Contender, taken: Milliseconds, labelled: list[LabelledImage]) -> dict[str, Any]:
    pytorch = [times for name, times in taken.items() if name.startswith(PYTORCH)]
    best = {side: min(times[side] for times in pytorch) for side in pytorch[0]} if pytorch else {}
    own = taken[contender.name]
    return {
        "name": contender.name,
        "ms": {side: round(value, 2) for side, value in own.items()},
        "times_pytorch": {side: round(value / own[side], 2) for side, value in best.items() if contender.name != OTSU},
        "ap_050": _accuracy(contender, labelled),
    }


def _accuracy(contender: Contender, labelled: list[LabelledImage]) -> float | None:
    if contender.label is None:
        return None
    scores = [score(image.stem, image.labels, contender.label(image.pixels), (0.5,)) for image in labelled]
    return round(summary(scores).average_precision[0], 4)


def _print(figures: dict[str, Any], console: Console) -> None:
    told = figures["processor"]
    console.print(f"{told['name']} · {' '.join(told['instructions'])} · {figures['threads']} threads each")
    sides = list(figures["contenders"][0]["ms"])
    table = Table("", *(f"{side}², ms" for side in sides), *(f"{side}², × PyTorch" for side in sides), "AP@0.5")
    for row in figures["contenders"]:
        ratios = [f"{row['times_pytorch'][side]:.2f}" if row["times_pytorch"] else "–" for side in sides]
        accuracy = "–" if row["ap_050"] is None else f"{row['ap_050']:.3f}"
        table.add_row(row["name"], *(f"{row['ms'][side]:.1f}" for side in sides), *ratios, accuracy)
    console.print(table)
    console.print(f"AP on {figures['labelled']}; × PyTorch: how often it is done in the time of PyTorch's best way.")
    _print_work(figures["whole_work"], console)


def _print_work(work: dict[str, Any], console: Console) -> None:
    parts = ", ".join(f"{name.replace('_', ' ')} {value:.0f}" for name, value in work["core_ms"].items())
    at = f"{work['precision']}, {work['cores']} cores, {work['jobs_at_once']} jobs at once"
    console.print(
        f"Whole work on {work['side_px']}² with {work['true_count']} nuclei ({at}): "
        f"{work['images_per_s']} images/s, {work['gigabytes_per_hour']} GB/h."
    )
    console.print(f"Core-ms of one image: {parts}.")


if __name__ == "__main__":
    typer.run(main)
