"""Is it there? A share that went away leaves nothing behind, or an empty folder: neither is "all deleted"."""

import os

from sqlalchemy import select
from sqlalchemy.dialects.sqlite import insert

from file_watcher.database import Database, fingerprints, roots
from file_watcher.folder import Folder, Identity
from file_watcher.journal import Journal


class Presence:
    """Knows the folder that files were seen in, also after a restart.

    Attributes:
        empty: the last look met an empty folder; it wants another one as soon as files are found.

    Args:
        folder: the watched folder.
        database: the journal's file.
        journal: its memory of files.
    """

    def __init__(self, folder: Folder, database: Database, journal: Journal) -> None:
        self._folder = folder
        self._database = database
        self._journal = journal
        self.empty = False
        self._absence = ""
        self._trusted = False

    @property
    def absence(self) -> str:
        """Why the folder counted as away at the last look, else empty."""
        return self._absence

    def look(self) -> Identity | None:
        """What stands at the root, None while it can't be reached. An empty stranger is away too, see `absence`."""
        try:
            identity, empty = self._folder.identity(), _is_empty(self._folder.root)
        except OSError as error:
            self._absence = f"{self._folder.root} can't be reached: {error.strerror}."
            return None
        self.empty = empty
        self._absence = self._arrive(identity, empty=empty)
        self._trusted = False
        return identity

    def trust(self) -> None:
        """Somebody says that the folder is meant to be empty; the next look believes it."""
        self._trusted = True

    def _arrive(self, identity: Identity, *, empty: bool) -> str:
        """Why what stands there isn't the folder that is meant, else empty: then it is remembered."""
        remembered = self._remembered()
        if remembered == _written(identity):
            return ""
        known = self._knows_files()
        if empty and known and remembered is not None and not self._trusted:
            return (
                f"{self._folder.root} is empty, and isn't the folder that files were seen in: is its share mounted? "
                "If it is meant to be empty, scan with `emptied=true`; files that appear are taken in any case."
            )
        if remembered is not None and not known and not remembered.startswith(f"{identity[0]}:"):
            self._journal.begin_anew(self._folder.name)  # the first look saw only the place where a share is mounted
        self._remember(identity)
        return ""

    def _knows_files(self) -> bool:
        with self._database.reading() as connection:
            query = select(fingerprints.c.path).where(fingerprints.c.folder == self._folder.name).limit(1)
            return connection.execute(query).first() is not None

    def _remembered(self) -> str | None:
        with self._database.reading() as connection:
            query = select(roots.c.identity).where(roots.c.folder == self._folder.name)
            return connection.execute(query).scalar_one_or_none()

    def _remember(self, identity: Identity) -> None:
        written = _written(identity)
        row = insert(roots).values(folder=self._folder.name, identity=written)
        with self._database.writing() as connection:
            connection.execute(row.on_conflict_do_update(index_elements=["folder"], set_={"identity": written}))


def _written(identity: Identity) -> str:
    return f"{identity[0]}:{identity[1]}"


def _is_empty(root: os.PathLike[str]) -> bool:
    with os.scandir(root) as listing:
        return next(listing, None) is None
