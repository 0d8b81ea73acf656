"""The commands that measure: `evaluate` a model package, `compare` delivered masks, `check` training data."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import track

from pipelines.segmentation.segment import Segmenter
from pipelines.training.check import check
from pipelines.training.compare import compare
from pipelines.training.data import IMAGES, LabelledFile, labelled_files
from pipelines.training.evaluate import judge, native_diameter, package_folder
from pipelines.training.pictures import write_pictures
from pipelines.training.report import Report, identity
from pipelines.training.scores import FINE_IOUS

JsonOption = Annotated[Path | None, typer.Option("--json", help="Also write all scores to this file.")]
CsvOption = Annotated[Path | None, typer.Option("--csv", help="Also write a table with a row for each image.")]
WorstOption = Annotated[int, typer.Option(help="How many of the worst images to name, and to draw.", min=0)]

console = Console()


def evaluate_command(
    model: Annotated[str, typer.Option("--model", "--package", help="nuclei, cells, or a model package's folder.")],
    data: Annotated[Path, typer.Option(help="Folder with images/ and labels/, or above such.")],
    part: Annotated[str, typer.Option(help="Sub-folder to measure on, where DATA itself has no images/.")] = "val",
    json_file: JsonOption = None,
    csv_file: CsvOption = None,
    pictures: Annotated[Path | None, typer.Option(help="Draw the worst images into this folder.")] = None,
    worst: WorstOption = 12,
    diameter_px: Annotated[float | None, typer.Option(help="Objects' typical diameter, if known.", min=1.0)] = None,
    native: Annotated[bool, typer.Option("--native", help="Look at every image at its own size.")] = False,
    limit: Annotated[int | None, typer.Option(help="Measure on the first so many images only.", min=1)] = None,
    precision: Annotated[str | None, typer.Option(help="fp32, bf16 or auto: in what to compute.")] = None,
    threads: Annotated[int | None, typer.Option(help="CPU threads; all if not given.", min=1)] = None,
) -> None:
    """Measure a model package on labelled images, with the code that the pipeline runs."""
    if native and diameter_px is not None:
        raise typer.BadParameter("--native and --diameter-px exclude each other.")
    folder = data if (data / IMAGES).is_dir() else data / part
    files = labelled_files(folder)[:limit]
    segmenter = Segmenter(package_folder(model), threads=threads, precision=precision)
    diameter = native_diameter(segmenter) if native else diameter_px
    shown = track(files, "Segmenting", console=console, transient=True)
    scores = [judge(segmenter, file.read(), diameter, FINE_IOUS)[0] for file in shown]
    settings = {"diameter_px": diameter_px, "native": native, "limit": limit, "computed_in": segmenter.precision}
    report = Report(folder.resolve().name, scores, FINE_IOUS, identity(segmenter.package), settings)
    _hand_over(report, json_file, csv_file, worst)
    if pictures is not None:
        _draw(report, worst, files, segmenter, diameter, pictures)


def compare_command(
    results: Annotated[Path, typer.Option(help="Folder with <stem>_labels.tif, sub-folders too.")],
    labels: Annotated[Path, typer.Option(help="Folder with <stem>.png in the same sub-folders.")],
    json_file: JsonOption = None,
    csv_file: CsvOption = None,
    worst: WorstOption = 12,
) -> None:
    """Compare delivered label masks with true labels."""
    comparison = compare(results, labels)
    _hand_over(Report(labels.resolve().name, comparison.scores), json_file, csv_file, worst)
    for text, names in (("without a result", comparison.missing), ("without labels", comparison.unlabelled)):
        if names:
            console.print(f"{len(names)} {text}: {', '.join(names[:10])}{' …' if len(names) > 10 else ''}")
    if comparison.missing:
        raise typer.Exit(1)


def check_command(
    data: Annotated[Path, typer.Option(help="Folder with images/ and labels/, or with train/ and val/.")],
) -> None:
    """Look training data through before an hour is spent on them."""
    findings = check(data)
    console.print(findings.table())
    for text in findings.doubts:
        console.print(f"[yellow]Look at this:[/] {escape(text)}", highlight=False, soft_wrap=True)
    for text in findings.faults:
        console.print(f"[red]Can't be trained on:[/] {escape(text)}", highlight=False, soft_wrap=True)
    if findings.faults:
        raise typer.Exit(1)


def _hand_over(report: Report, json_file: Path | None, csv_file: Path | None, worst: int) -> None:
    report.show(console, worst)
    if json_file is not None:
        report.write_json(json_file)
    if csv_file is not None:
        report.write_csv(csv_file)


def _draw(
    report: Report, worst: int, files: list[LabelledFile], segmenter: Segmenter, diameter: float | None, folder: Path
) -> None:
    """Segment the worst images once more: keeping all masks would take more memory than the few seconds are worth."""
    by_stem = {file.image.stem: file for file in files}
    chosen = [by_stem[one.name].read() for one in report.worst(worst)]
    write_pictures(folder, [(image, *judge(segmenter, image, diameter)) for image in chosen])
    console.print(f"{len(chosen)} pictures in {folder}")
