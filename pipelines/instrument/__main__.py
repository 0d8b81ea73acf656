"""Command line of the instrument simulator: `python -m pipelines.instrument --output DIR --truth DIR`."""

import signal
import threading
from pathlib import Path
from typing import Annotated

import typer

from labrelay.errors import SettingsInvalid
from pipelines.instrument.errors import PlantingRefused
from pipelines.instrument.field import FieldOptions
from pipelines.instrument.plate import Order, Plate, Shot, Vendor
from pipelines.instrument.slips import Slip
from pipelines.instrument.slips import plant as planted
from pipelines.instrument.writer import WriterOptions, WrittenImage, write_plate


def simulate(
    output: Annotated[Path, typer.Option(help="Folder that is watched; the plate gets a sub-folder.")],
    truth: Annotated[Path | None, typer.Option(help="Folder for true counts and masks, apart from --output.")] = None,
    plate: Annotated[int, typer.Option(help="Wells: 6, 12, 24, 48, 96, 384 or 1536.")] = 96,
    name: Annotated[str, typer.Option(help="Name (barcode) of the plate.")] = "PLATE001",
    images: Annotated[int | None, typer.Option(min=1, help="How many images; none given: the whole plate.")] = None,
    sites: Annotated[int, typer.Option(min=1, help="Sites in each well.")] = 1,
    seed: Annotated[int, typer.Option(min=0, help="The same seed gives the same images.")] = 1,
    rate: Annotated[float, typer.Option(min=0, help="Images a second; 0 for as fast as possible.")] = 2.0,
    size: Annotated[int, typer.Option(min=64, help="Edge of the square images in pixels.")] = 512,
    nuclei: Annotated[float, typer.Option(min=0, help="Mean number of nuclei in 512 × 512 pixels.")] = 80.0,
    distinct: Annotated[int, typer.Option(min=0, help="Different pictures to compute, for load tests; 0 for all.")] = 0,
    slow_every: Annotated[int, typer.Option(min=0, help="Every so many-th file takes long; 0 for none.")] = 7,
    vendor: Annotated[Vendor, typer.Option(help="Whose file names to use.")] = Vendor.IMAGEXPRESS,
    order: Annotated[Order, typer.Option(help="The stage's way from well to well.")] = Order.SNAKE,
    plant: Annotated[bool, typer.Option(help="Let some images go wrong: cut off, of the wrong channel.")] = False,
) -> None:
    """Write a plate of synthetic nuclei images as a plate reader does."""
    field = FieldOptions(size, size, nuclei)
    try:
        layout = Plate.of_wells(name, plate, sites, order, vendor)
        slips = _slips(layout, images) if plant else {}
        options = WriterOptions(seed, images, rate, slow_every, distinct=distinct, field=field, slips=slips)
        written = write_plate(output, truth, layout, options, _report, _stop_on_interrupt())
    except SettingsInvalid as error:
        raise typer.BadParameter(f"{error.cause} {error.next_step}") from error
    typer.echo(f"{len(written)} images, {sum(image.true_count for image in written)} nuclei, in {output / name}")


def _slips(plate: Plate, images: int | None) -> dict[Shot, Slip]:
    if plate.vendor is not Vendor.IMAGEXPRESS:
        raise PlantingRefused(f"Nobody knows how {plate.vendor} would name them.")
    return planted(plate, images)


def _stop_on_interrupt() -> threading.Event:
    # Ctrl-C must not leave a torn file: the one in hand is finished first.
    stop = threading.Event()
    signal.signal(signal.SIGINT, lambda *_: stop.set())
    return stop


def _report(image: WrittenImage) -> None:
    typer.echo(f"{image.path.name}  {image.size:>9} bytes  {image.true_count:>4} nuclei")


if __name__ == "__main__":
    typer.run(simulate)
