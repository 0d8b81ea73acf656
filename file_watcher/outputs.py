"""Outputs may lie beside the images: before a file below the output folder is captured, the receiver is asked."""

from pathlib import Path

from file_watcher.folder import without_links
from labrelay.http import Client


class Outputs:
    """Tells labrelay's own outputs from an instrument's files.

    Args:
        folder: where the receiver writes outputs.
        receiver: the file receiver of this side.
    """

    def __init__(self, folder: Path, receiver: Client) -> None:
        self._folder = without_links(folder)
        self._receiver = receiver

    def meets(self, root: Path) -> bool:
        """Whether outputs and a watched folder's files can lie together at all."""
        return root.is_relative_to(self._folder) or self._folder.is_relative_to(root)

    def concerns(self, path: Path) -> bool:
        """Whether an output can lie at this path at all."""
        return path.is_relative_to(self._folder)

    def names(self, path: Path) -> bool:
        """Whether a receipt names this path.

        Raises:
            LabrelayError: the receiver doesn't answer; the file has to wait.
        """
        answer = self._receiver.get("/api/v2/receipts/named", params={"path": str(path)})
        return bool(answer["named"])
