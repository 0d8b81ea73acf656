"""Trying presets and own patterns out on names: which of them are read, and what they tell."""

import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Final

import typer
from rich.markup import escape
from rich.table import Column, Table

from labrelay.cli.jobs import out
from labrelay.cli.place import bare_path, path_below, printable
from labrelay.errors import InputProblem
from labrelay.files import is_temporary
from labrelay.plates import FolderReader
from labrelay.settings import Settings, WatchedFolder

MOST_FILES: Final = 10_000
"""Of larger folders only so many names are tried."""
MOST_ROWS: Final = 50


@dataclass(frozen=True)
class Preview:
    """A way of reading names on trial.

    Attributes:
        settings: the machine's; paths are taken below the watched folder that holds a file.
        folder: a watched folder with what is tried, and nothing else.
        reader: reads as that folder says.
    """

    settings: Settings
    folder: WatchedFolder
    reader: FolderReader

    def rows(self, files: Iterable[str]) -> list[dict[str, Any]]:
        """What each name tells: `path`, `attributes`, `read_by`, `misfits`, `left_out`; a folder is all its files."""
        paths = islice((path for file in files for path in self._paths(file)), MOST_FILES)
        return [
            {"path": path, **asdict(self.reader.read(path)), "left_out": self.reader.names.leaves_out(path)}
            for path in paths
        ]

    def _paths(self, file: str) -> Iterator[str]:
        given, roots = Path(file), [each.path for each in self.settings.folders]
        if given.is_dir():
            yield from (path_below(found, [*roots, given]) or found.name for found in _files_below(given))
        else:
            yield path_below(given, roots) or bare_path(file)


def print_preview(preview: Preview, files: list[str] | None, as_json: bool) -> None:
    """Print the table, or JSON, of what names tell.

    Raises:
        InputProblem: no files are named, and the watched folder isn't there.
    """
    folder = preview.folder
    if not files and not folder.path.is_dir():
        raise InputProblem(f"{folder.path} isn't there.", next_step="Name files or folders to try the names of.")
    rows = preview.rows(files or [str(folder.path)])
    matched = sum(bool(row["attributes"]) for row in rows)
    if as_json:
        counts = {"matched": matched, "unmatched": len(rows) - matched}
        typer.echo(json.dumps({"names": folder.names, "patterns": folder.patterns, **counts, "files": rows}, indent=1))
        return
    _print_table(rows)
    out.print(f"{matched} of {len(rows)} names are read" + (", the first so many" if len(rows) == MOST_FILES else ""))


def _print_table(rows: list[dict[str, Any]]) -> None:
    table = Table(Column("file", overflow="fold"), Column("attributes", overflow="fold"), box=None)
    for row in rows[:MOST_ROWS]:
        table.add_row(escape(printable(row["path"])), _told(row))
    out.print(table)
    if len(rows) > MOST_ROWS:
        out.print(f"… and {len(rows) - MOST_ROWS} more (--json shows all)")


def _told(row: dict[str, Any]) -> str:
    told = ", ".join(f"{name} {value}" for name, value in row["attributes"].items())
    notes = [*row["misfits"], *(["left out: no image of a well"] if row["left_out"] else [])]
    return " ".join([escape(told), *(f"[yellow]{escape(note)}[/]" for note in notes)]).strip() or "[dim]nothing[/]"


def _files_below(folder: Path) -> Iterator[Path]:
    for here, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(names):
            if not name.startswith(".") and not is_temporary(name):
                yield Path(here, name)
