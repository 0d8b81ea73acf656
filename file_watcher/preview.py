"""What a look at a watched folder would take: names and sizes alone, and an estimate from a sample that is read."""

import random
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

from sqlalchemy.exc import DatabaseError

from file_watcher.database import Database
from file_watcher.estimate import estimate
from file_watcher.existing import LOOKS, batches, left_alone
from file_watcher.folder import Folder, folders_of
from file_watcher.journal import Journal, Look
from file_watcher.walk import Walk
from labrelay.contracts.preview import FolderPreview, Portion, Preview, SubFolder
from labrelay.errors import NotFound, SettingsInvalid
from labrelay.settings import Settings

SAMPLE_FILES: Final = 200
TOP: Final = 5
Heard = Callable[[str, int], None]
"""Told now and then: the folder's name, and the number of files seen so far."""


@dataclass
class Sum:
    """Files and their bytes, while they are counted."""

    files: int = 0
    bytes: int = 0

    def add(self, size: int) -> None:
        """One file more."""
        self.files += 1
        self.bytes += size

    def portion(self) -> Portion:
        """As it is told."""
        return Portion(files=self.files, bytes=self.bytes)


@dataclass
class Census:
    """What was met on a walk; `sample` is a fair choice among the files that would be taken."""

    take: Sum = field(default_factory=Sum)
    known: Sum = field(default_factory=Sum)
    left_out: Sum = field(default_factory=Sum)
    folders: dict[str, Sum] = field(default_factory=dict)
    sample: list[str] = field(default_factory=list)
    chance: random.Random = field(default_factory=lambda: random.Random(1))

    def taken(self, path: str, size: int) -> None:
        """A file that would be taken. Each has the same chance to be in the sample (Vitter's algorithm R)."""
        self.take.add(size)
        first, slash, _ = path.partition("/")
        self.folders.setdefault(first if slash else ".", Sum()).add(size)
        place = len(self.sample) if len(self.sample) < SAMPLE_FILES else self.chance.randrange(self.take.files)
        if place < SAMPLE_FILES:
            self.sample[place : place + 1] = [path]


def preview(settings: Settings, name: str = "", heard: Heard = lambda *_: None) -> Preview:
    """Look at the watched folders without taking anything; works beside a running watcher and without one.

    Args:
        settings: the machine's settings.
        name: only this folder.
        heard: is told of the progress.

    Raises:
        NotFound: no watched folder has this name.
        SettingsInvalid: two watched folders overlap, or the journal can't be read.
    """
    folders = {folder.name: folder for folder in folders_of(settings)}
    if name and name not in folders:
        raise NotFound(f"No watched folder is named {name!r}.", next_step=f"Choose one of {', '.join(folders)}.")
    chosen = [folders[name]] if name else folders.values()
    with _journal_of(settings) as journal:
        return Preview(folders=tuple(_folder(each, journal, settings.oem.max_mb_per_s, heard) for each in chosen))


def _folder(folder: Folder, journal: Journal | None, max_mb_per_s: float, heard: Heard) -> FolderPreview:
    told = FolderPreview(name=folder.name, path=str(folder.root), existing=folder.rule.existing)
    if not folder.root.is_dir():
        return told.model_copy(update={"unreachable": f"{folder.root} can't be reached."})
    walk, census = Walk(folder), Census()
    first = journal is None or not journal.has_begun(folder.name)
    for looks in _counted(walk.files(), folder.name, heard):
        _sort(looks, folder, census, journal, first=first)
    found = {
        "first": first,
        "take": census.take.portion(),
        "known": census.known.portion(),
        "left_out": census.left_out.portion(),
        "small": Portion(files=walk.small, bytes=walk.small_bytes),
        "ignored": walk.ignored - walk.small,
        "folders": _largest(census.folders),
        "estimate": estimate(folder.root, census.take.portion(), census.sample, max_mb_per_s),
        "unreadable": tuple(f"{path}: {cause}" for path, cause in sorted(walk.unreadable.items())),
    }
    return told.model_copy(update=found)


@contextmanager
def _journal_of(settings: Settings) -> Iterator[Journal | None]:
    """The journal if there is one; it is only read."""
    file = settings.oem_layout.journal
    if not file.exists():
        yield None
        return
    database = Database(file)
    try:
        yield Journal(database)
    except DatabaseError as error:
        step = "Ask the running watcher (`GET /api/v2/preview`), or run this as the user that labrelay runs as."
        raise SettingsInvalid(f"The journal {file} can't be read: {error.orig}.", next_step=step) from error
    finally:
        database.close()


def _counted(files: Iterable[Look], name: str, heard: Heard) -> Iterator[list[Look]]:
    count = 0
    for looks in batches(files, LOOKS):
        count += len(looks)
        heard(name, count)
        yield looks


def _sort(looks: list[Look], folder: Folder, census: Census, journal: Journal | None, *, first: bool) -> None:
    unlike = looks if journal is None else journal.unlike(folder.name, looks)
    census.known.files += len(looks) - len(unlike)
    census.known.bytes += sum(seen.size for _, seen in looks) - sum(seen.size for _, seen in unlike)
    for path, seen in unlike:
        if first and left_alone(folder.rule.existing_files, seen):
            census.left_out.add(seen.size)
        else:
            census.taken(path, seen.size)


def _largest(folders: dict[str, Sum]) -> tuple[SubFolder, ...]:
    ordered = sorted(folders.items(), key=lambda item: (-item[1].bytes, item[0]))
    return tuple(SubFolder(path=path, files=each.files, bytes=each.bytes) for path, each in ordered[:TOP])
