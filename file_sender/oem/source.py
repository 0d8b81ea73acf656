"""Inputs on the instrument's disk: found by folder and path, read without ever changing them."""

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path

from file_sender.oem.errors import FolderAway, InputChanged, InputMissing, InputUnreadable
from labrelay.contracts.captures import WantedInput
from labrelay.errors import Forbidden
from labrelay.files import CHUNK, inside, open_beneath
from labrelay.pace import Pace
from labrelay.settings import WatchedFolder


class Folders:
    """The watched folders, by name.

    Args:
        folders: as the settings have them.
        absence: tells why a folder is away, empty if it isn't; asked only where a file is missing.
    """

    def __init__(self, folders: tuple[WatchedFolder, ...], absence: Callable[[str], str] = lambda _: "") -> None:
        self._roots = {folder.name: folder.path for folder in folders}
        self._absence = absence
        self._devices: dict[str, int] = {}
        self._deleted: Callable[[str, str, str], str] = lambda folder, path, sha256: ""

    def explain_with(self, deleted: Callable[[str, str, str], str]) -> None:
        """Ask this why a content (folder, path, digest) is missing; it answers with a sentence, or nothing."""
        self._deleted = deleted

    def root_of(self, wanted: WantedInput) -> Path:
        """The watched folder in which a wanted input lies.

        Raises:
            FolderAway: its folder can't be reached (a share that is gone says nothing about its files).
            InputMissing: it isn't in its folder, or no such folder is watched.
            InputUnreadable: its name leads out of the folder, or it may not be looked at.
        """
        root = self._roots.get(wanted.folder)
        if root is None:
            raise InputMissing(f"No watched folder has the name {wanted.folder!r}.")
        try:
            path = inside(root, wanted.path)
            if path.is_file():
                self._devices[wanted.folder] = root.stat().st_dev
                return root
        except Forbidden as refused:
            raise InputUnreadable(refused.cause, next_step=refused.next_step) from refused
        except PermissionError as error:
            raise InputUnreadable(f"{wanted.path} may not be read ({error.strerror}).") from error
        except OSError as error:
            raise FolderAway(f"{root} can't be reached ({error.strerror}).") from error
        self._check_there(wanted.folder, root)
        why = self._deleted(wanted.folder, wanted.path, wanted.sha256)
        raise InputMissing(f"{wanted.path} is no longer in {root}.{why}")

    def _check_there(self, name: str, root: Path) -> None:
        # An unmounted share leaves its empty mount point behind, which lies on another device.
        device = root.stat().st_dev if root.is_dir() else None
        if device is None or device != self._devices.get(name, device):
            raise FolderAway(f"The watched folder {root} is not there.")
        if cause := self._absence(name):
            raise FolderAway(cause)


class Reading:
    """The body of one upload: bytes from `offset` on, hashed from the first byte.

    The last piece is given only when the digest of all bytes is the announced one, so that a file that changes
    meanwhile never arrives whole.

    Args:
        root: the watched folder.
        wanted: what was announced of the file.
        offset: bytes that the gateway holds already; they are only hashed.
        pace: how fast it may be read, and whether at all.

    Raises, while it is read:
        InputChanged: other bytes or another length than announced.
        InputUnreadable: the file may not be read.
        FolderAway: reading failed otherwise.
        ServiceUnavailable: the sender is stopping, or the instrument is paused.
    """

    def __init__(self, root: Path, wanted: WantedInput, offset: int, pace: Pace) -> None:
        self._root = root
        self._path = root / wanted.path
        self._pace = pace
        self._wanted = wanted
        self._offset = offset

    def __len__(self) -> int:
        """Bytes that will be given."""
        return self._wanted.size - self._offset

    def __iter__(self) -> Iterator[bytes]:
        """Pieces of at most 1 MiB, smaller ones below a cap."""
        try:
            yield from self._pieces()
        except Forbidden as refused:
            raise InputUnreadable(refused.cause, next_step=refused.next_step) from refused
        except FileNotFoundError as error:
            raise InputMissing(f"{self._path} is gone.") from error
        except PermissionError as error:
            raise InputUnreadable(f"{self._path} may not be read ({error.strerror}).") from error
        except OSError as error:
            raise FolderAway(f"{self._path} can't be read ({error.strerror}).") from error

    def _pieces(self) -> Iterator[bytes]:
        digest, read = hashlib.sha256(), 0
        with open_beneath(self._root, self._wanted.path) as stream:
            while read < self._wanted.size and (piece := stream.read(min(CHUNK, self._wanted.size - read))):
                self._pace.check()
                digest.update(piece)
                start, read = read, read + len(piece)
                if read == self._wanted.size:
                    self._verify(digest.hexdigest(), longer=bool(stream.read(1)))
                if read > self._offset:
                    yield from self._pace.pieces(piece[max(0, self._offset - start) :])
        if read != self._wanted.size:
            self._verify(digest.hexdigest(), longer=False)

    def _verify(self, sha256: str, *, longer: bool) -> None:
        if longer or sha256 != self._wanted.sha256:
            raise InputChanged(f"{self._wanted.path} has changed since it was announced.")
