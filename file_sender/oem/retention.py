"""What the sender on the instrument's side deletes: files of folders that have a rule of their own. Off by default."""

from file_sender.oem.deletions import Deletions
from file_sender.oem.originals import Originals
from file_sender.oem.source import Folders
from file_sender.oem.vouching import IDLE_S, ROUTES, Vouching
from labrelay.http import Client
from labrelay.loops import OwnerLoop
from labrelay.pace import Pace
from labrelay.retention import Clearing, Decisions, Retention
from labrelay.settings import Settings


class OriginalRetention:
    """The rules of the watched folders at work, and the answers to the gateway's questions.

    Args:
        settings: the machine's.
        client: of the edge.
        folders: where the files lie.
        pace: how they may be read.
    """

    def __init__(self, settings: Settings, client: Client, folders: Folders, pace: Pace) -> None:
        instrument = settings.oem.instrument
        watcher = Client.of(settings, "file_watcher")
        decisions = Decisions(client, ROUTES, {"X-Instrument": instrument})
        self.deletions = Deletions(settings.oem_layout.deletions)
        self._parts = {
            folder.name: Originals(folder, watcher, decisions, self.deletions, pace) for folder in settings.folders
        }
        clearings = [Clearing(part) for part in self._parts.values()]
        self.retention = Retention("file-sender-oem", clearings, settings.retention.every_s, self._settle)
        vouching = Vouching(client, instrument, folders, pace)
        self._vouching = OwnerLoop("file-sender-oem vouching", vouching.turn, idle_s=IDLE_S)

    def start(self) -> None:
        """Begin."""
        self.deletions.open()
        self.retention.start()
        self._vouching.start()

    def stop(self) -> None:
        """End after the turns."""
        self._vouching.stop()
        self.retention.stop()
        self.deletions.close()

    def _settle(self) -> None:
        for deletion in self.deletions.under_way():
            part = self._parts.get(deletion.folder)
            if part is not None:
                part.settle(deletion)
