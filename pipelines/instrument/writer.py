"""The instrument's disk side: images appear as plate readers write them, slowly and in chunks."""

import hashlib
import io
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from dataclasses import field as member
from pathlib import Path

import tifffile

from pipelines.instrument.field import PIXEL_SIZE_UM, Field, FieldOptions, make_field
from pipelines.instrument.optics import Pixels
from pipelines.instrument.plate import Plate, Shot
from pipelines.instrument.slips import Slip, damaged, renamed
from pipelines.instrument.truth import TruthBook, TruthRow, open_truth

_PLAIN_FIELD = FieldOptions()


@dataclass(frozen=True)
class WriterOptions:
    """How a plate is written.

    Attributes:
        seed: Seed of the plate, 0 or more.
        images: How many images; None for every site of every well.
        rate: Images a second; 0 for as fast as possible.
        slow_every: Every so many-th file takes long; 0 for none.
        slow_seconds: How long such a file takes, shortened where the rate leaves no time for it.
        chunk_bytes: Bytes written at once.
        distinct: Different pictures to compute; 0 for all. Further files repeat them under another name and
            description, so that every file still has its own digest. For load tests of large images.
        field: Size and density of the images.
        slips: What goes wrong with which image, on purpose.
    """

    seed: int = 1
    images: int | None = None
    rate: float = 2.0
    slow_every: int = 7
    slow_seconds: float = 1.0
    chunk_bytes: int = 1 << 17
    distinct: int = 0
    field: FieldOptions = _PLAIN_FIELD
    slips: Mapping[Shot, Slip] = member(default_factory=dict)

    def writing_seconds(self, number: int) -> float:
        """Time that the `number`-th file (from 0) spends between its first and last chunk."""
        if self.slow_every and number % self.slow_every == self.slow_every - 1:
            spare = 0.5 * self.slow_every / self.rate if self.rate else self.slow_seconds
            return min(self.slow_seconds, spare)
        return min(0.02, 0.1 / self.rate) if self.rate else 0.0


@dataclass(frozen=True)
class WrittenImage:
    """A finished file.

    Attributes:
        path: The file.
        sha256: Digest of its bytes, hexadecimal.
        size: Bytes.
        well: Name of the well.
        site: Site in the well, from 1.
        true_count: True number of nuclei.
    """

    path: Path
    sha256: str
    size: int
    well: str
    site: int
    true_count: int


def write_plate(
    folder: Path,
    truth_folder: Path | None,
    plate: Plate,
    options: WriterOptions | None = None,
    on_written: Callable[[WrittenImage], None] | None = None,
    stop: threading.Event | None = None,
) -> list[WrittenImage]:
    """Write a plate's images one after another, each closed before the next begins; returns them in that order.

    Args:
        folder: Watched folder; the plate gets a sub-folder.
        truth_folder: Where counts and label masks go, apart from `folder`; None for no truth.
        plate: Its wells, stage order and file names.
        options: Seed, number, rate and size.
        on_written: Called after each file is closed.
        stop: When set, the file in hand is finished without pauses, and no other begins.

    Raises:
        TruthInSight: The truth folder and the watched folder lie inside one another.
    """
    session = _Session(folder, plate, options or WriterOptions(), stop or threading.Event())
    book = open_truth(truth_folder, folder) if truth_folder else None
    written: list[WrittenImage] = []
    for number, shot in enumerate(plate.shots(session.options.images)):
        if session.wait_for_turn(number):
            break
        image = session.write(number, shot, book)
        written.append(image)
        if on_written:
            on_written(image)
    return written


def encode_tiff(pixels: Pixels, description: str) -> bytes:
    """Encode an image as an uncompressed baseline TIFF with the pixel size as resolution."""
    buffer = io.BytesIO()
    pixels_per_cm = 1e4 / PIXEL_SIZE_UM
    tifffile.imwrite(
        buffer,
        pixels,
        photometric="minisblack",
        description=description,
        metadata=None,
        software="labrelay instrument simulator",
        resolution=(pixels_per_cm, pixels_per_cm),
        resolutionunit="CENTIMETER",
    )
    return buffer.getvalue()


class _Session:
    """One plate being written."""

    def __init__(self, folder: Path, plate: Plate, options: WriterOptions, stop: threading.Event) -> None:
        self.folder, self.plate, self.options, self.stop = folder, plate, options, stop
        self._started = time.monotonic()
        self._pictures: dict[tuple[int, bool], Field] = {}

    def wait_for_turn(self, number: int) -> bool:
        """Wait until a file is due; True when asked to stop."""
        due = self._started + (number / self.options.rate if self.options.rate else 0.0)
        return self.stop.wait(max(0.0, due - time.monotonic()))

    def write(self, number: int, shot: Shot, book: TruthBook | None) -> WrittenImage:
        """Take an image, write down its truth, then let the file grow."""
        slip = self.options.slips.get(shot)
        file, well = renamed(self.plate.path(shot), slip), shot.well.name
        picture = self._picture(number, shot)
        content = damaged(encode_tiff(picture.pixels, f"plate={self.plate.name};well={well};site={shot.site}"), slip)
        sha256 = hashlib.sha256(content).hexdigest()
        if book:
            book.add(TruthRow(file, well, shot.site, picture.count, sha256, slip or ""), picture.labels)
        path = self.folder / file
        self._grow(path, content, self.options.writing_seconds(number))
        return WrittenImage(path, sha256, len(content), well, shot.site, picture.count)

    def _picture(self, number: int, shot: Shot) -> Field:
        blank = self.plate.is_blank(shot.well)
        field = replace(self.options.field, blank=blank or self.options.field.blank)
        if not self.options.distinct:
            return make_field(self.options.seed, shot.well.name, shot.site, field)
        key = (number % self.options.distinct, blank)
        if key not in self._pictures:
            self._pictures[key] = make_field(self.options.seed, shot.well.name, shot.site, field)
        return self._pictures[key]

    def _grow(self, path: Path, content: bytes, seconds: float) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        starts = range(0, len(content), self.options.chunk_bytes)
        # Unbuffered, so that a watcher sees every chunk when it is written, and a close event at the end.
        with path.open("wb", buffering=0) as file:
            for start in starts:
                if start and seconds:
                    self.stop.wait(seconds / (len(starts) - 1))
                _write_all(file, memoryview(content)[start : start + self.options.chunk_bytes])


def _write_all(file: io.FileIO, chunk: memoryview) -> None:
    while chunk:
        chunk = chunk[file.write(chunk) :]
