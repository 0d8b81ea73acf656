"""Choosing places: a name is a job's own when no other job holds it and no file of the user lies there."""

import os
import sys
import threading
from pathlib import Path

from file_receiver.oem.errors import NameTaken
from file_receiver.oem.naming import marks, paths_of
from file_receiver.oem.receipts import Place, Receipts
from labrelay.contracts.captures import ReturnOffer
from labrelay.files import digest_file, inside


class Places:
    """Places below the output folder.

    Args:
        folder_prefix: outputs of several watched folders go below a folder with the watched folder's name.
    """

    def __init__(self, receipts: Receipts, root: Path, *, folder_prefix: bool) -> None:
        self._receipts = receipts
        self._root = root
        self._folder_prefix = folder_prefix
        self._room = _longest_path() - len(os.fsencode(root.absolute())) - 2
        self._lock = threading.Lock()

    @property
    def root(self) -> Path:
        """The output folder."""
        return self._root

    def take(self, offer: ReturnOffer) -> list[Place]:
        """The places of an offer's outputs, written down; the same ones each time, one mark for all of them.

        Raises:
            Forbidden: a name doesn't stay inside the output folder.
            NameTaken: no name is free.
        """
        with self._lock:
            held = [place.mark for place in self._receipts.of_job(offer.job_id)]
            for mark in (*dict.fromkeys(reversed(held)), *marks(offer.job_id)):
                paths = paths_of(offer, mark, folder_prefix=self._folder_prefix, room=self._room)
                wanted = zip(paths, offer.outputs, strict=True)
                if all(self._is_free(path, offer.job_id, output.sha256) for path, output in wanted):
                    return self._receipts.reserve(offer, mark, paths)
        raise NameTaken(f"Other files lie where the outputs of job {offer.job_id} should go.")

    def file_of(self, path: str) -> Path:
        """The file at a path below the output folder.

        Raises:
            Forbidden: the path leaves it, also through a link.
        """
        return inside(self._root, path)

    def is_named(self, absolute: Path) -> bool:
        """Whether a job holds this file's place."""
        try:
            relative = absolute.resolve().relative_to(self._root.resolve())
        except ValueError:
            return False
        return self._receipts.at(relative.as_posix()) is not None

    def _is_free(self, path: str, job_id: str, sha256: str) -> bool:
        holder = self._receipts.at(path)
        if holder is not None and holder.job_id != job_id:
            return False
        file = self.file_of(path)
        if (holder is not None and holder.published) or not file.exists():
            return True
        # It lies there without labrelay's knowing: ours from before a crash if the bytes are, else the user's own.
        return file.is_file() and digest_file(file)[0] == sha256


def _longest_path() -> int:
    """Bytes of a path that this system takes; Windows' limit holds wherever nobody has lifted it."""
    return 259 if sys.platform == "win32" else os.pathconf("/", "PC_PATH_MAX")
