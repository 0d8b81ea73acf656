"""Where a file that somebody names belongs: its watched folder, and its path below."""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePath

import typer

from labrelay.settings import Settings, WatchedFolder


@dataclass(frozen=True)
class Place:
    """A file in its watched folder; it needs not exist.

    Attributes:
        path: below the folder, forward slashes.
    """

    folder: WatchedFolder
    path: str

    @property
    def directory(self) -> str:
        """AiCSD's DirName, as the watcher tells it."""
        return str((self.folder.path.resolve() / self.path).parent) + os.sep


def place_of(settings: Settings, file: str, folder: str = "") -> Place:
    """A file's place: in the watched folder that it lies below, else as a path below `folder` or the first one."""
    for each in settings.folders if not folder else ():
        path = path_below(Path(file), [each.path])
        if path is not None:
            return Place(each, path)
    return Place(folder_of(settings, folder), bare_path(file))


def folder_of(settings: Settings, name: str) -> WatchedFolder:
    """A watched folder by its name, the first one without.

    Raises:
        typer.BadParameter: none is called so.
    """
    known = {each.name: each for each in settings.folders}
    if name and name not in known:
        raise typer.BadParameter(f"no watched folder is called {name!r}; there is {', '.join(known)}")
    return known[name] if name else settings.folders[0]


def path_below(file: Path, roots: Iterable[Path]) -> str | None:
    """The path below the first of these folders that the file lies in, or None."""
    whole = file.parent.resolve() / file.name
    for root in roots:
        if whole.is_relative_to(root.resolve()) and whole != root.resolve():
            return whole.relative_to(root.resolve()).as_posix()
    return None


def bare_path(file: str) -> str:
    """A path as it was given, with forward slashes and without drive or root."""
    bare = PurePath(file)
    return bare.relative_to(bare.anchor).as_posix()


def printable(path: str) -> str:
    """A path as a terminal can show it; bytes that are no text become question marks."""
    return path.encode(errors="replace").decode()
