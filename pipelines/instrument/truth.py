"""The truth about written images: counts in `truth.csv`, label masks beside it, out of every pipeline's sight."""

import csv
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import tifffile

from pipelines.instrument.errors import TruthInSight
from pipelines.instrument.specimen import Labels

TRUTH_FILE = "truth.csv"
_COLUMNS = ("file", "well", "site", "count", "sha256", "slip")


@dataclass(frozen=True)
class TruthRow:
    """What is true of one file.

    Attributes:
        file: Path relative to the watched folder, with forward slashes.
        well: Name of the well.
        site: Site in the well, from 1.
        count: True number of nuclei.
        sha256: Digest of the file, hexadecimal.
        slip: What was done wrong on purpose (`pipelines.instrument.slips`); empty for nothing.
    """

    file: str
    well: str
    site: int
    count: int
    sha256: str
    slip: str = ""


@dataclass(frozen=True)
class TruthBook:
    """The folder where the truth is written down."""

    folder: Path

    def add(self, row: TruthRow, labels: Labels) -> None:
        """Write down one file's truth, and its labels as `<stem>_truth.tif` in the same sub-folder as the image."""
        mask = self.folder / mask_path(row.file)
        mask.parent.mkdir(parents=True, exist_ok=True)
        tifffile.imwrite(mask, labels.astype("uint16" if row.count < 2**16 else "int32"), compression="zlib")
        table = self.folder / TRUTH_FILE
        is_new = not table.exists()
        with table.open("a", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            if is_new:
                writer.writerow(_COLUMNS)
            writer.writerow([getattr(row, column) for column in _COLUMNS])


def open_truth(folder: Path, watched: Path) -> TruthBook:
    """Open the truth folder of a watched folder.

    Raises:
        TruthInSight: One of the two folders lies inside the other, where a pipeline could read the truth.
    """
    truth, seen = folder.resolve(), watched.resolve()
    if truth.is_relative_to(seen) or seen.is_relative_to(truth):
        raise TruthInSight(f"The truth folder {truth} and the watched folder {seen} lie inside one another.")
    truth.mkdir(parents=True, exist_ok=True)
    return TruthBook(truth)


def read_truth(folder: Path) -> dict[str, int]:
    """True counts by file (relative path with forward slashes); the last one stands for a file written twice.

    Raises:
        FileNotFoundError: The folder has no `truth.csv`.
    """
    return {row.file: row.count for row in read_rows(folder)}


def read_rows(folder: Path) -> list[TruthRow]:
    """All rows of `truth.csv` in the order of writing.

    Raises:
        FileNotFoundError: The folder has no `truth.csv`.
    """
    with (folder / TRUTH_FILE).open(newline="", encoding="utf-8") as file:
        return [
            TruthRow(row["file"], row["well"], int(row["site"]), int(row["count"]), row["sha256"], row["slip"])
            for row in csv.DictReader(file)
        ]


def mask_path(file: str) -> str:
    """Path of a file's label mask, relative to the truth folder."""
    path = PurePosixPath(file)
    return str(path.with_name(f"{path.stem}_truth.tif"))
