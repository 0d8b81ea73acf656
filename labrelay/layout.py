"""Where things lie below the data folder; nobody else builds these paths."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class OemLayout:
    """The OEM side's own folder (`<data>/oem`)."""

    root: Path

    @property
    def journal(self) -> Path:
        """The watcher's memory of files (SQLite)."""
        return self.root / "journal.db"

    @property
    def receipts(self) -> Path:
        """The receiver's memory of outputs (SQLite)."""
        return self.root / "receipts.db"

    @property
    def secrets(self) -> Path:
        """Keys that never travel."""
        return self.root / "secrets"

    @property
    def deletions(self) -> Path:
        """What retention has deleted on this machine (SQLite)."""
        return self.root / "deletions.db"

    @property
    def heads(self) -> Path:
        """Heads of the gateway's audit chain, beside the receipts."""
        return self.root / "heads"


@dataclass(frozen=True)
class GatewayLayout:
    """The gateway's own folder (`<data>/gateway`)."""

    root: Path

    @property
    def record(self) -> Path:
        """The permanent record (SQLite, unless `record.url` says otherwise)."""
        return self.root / "record.db"

    @property
    def redis(self) -> Path:
        """The embedded Redis server's folder."""
        return self.root / "redis"

    @property
    def secrets(self) -> Path:
        """Keys that never travel."""
        return self.root / "secrets"

    @property
    def switches(self) -> Path:
        """The launcher's memory of paused pipelines and plates that go first."""
        return self.root / "launcher.json"

    @property
    def plate_news(self) -> Path:
        """The launcher's place in the feed of finished plates."""
        return self.root / "plate-news.txt"

    @property
    def last_backup(self) -> Path:
        """When the record was backed up last, and whereto."""
        return self.root / "last-backup.json"

    def input_blob(self, instrument: str, sha256: str) -> Path:
        """One content of one instrument, read-only."""
        return self.root / "inputs" / instrument / sha256[:2] / sha256

    @property
    def pushes(self) -> Path:
        """Pushed bodies on their way: beside the blobs, so that a rename makes one of them."""
        return self.root / "inputs" / ".pushes"

    def work(self, job_id: str, epoch: int, attempt: int) -> Path:
        """The private folder of one attempt; `input/` and `output/` lie below it."""
        return self.root / "work" / job_id / f"{epoch}.{attempt}"

    def outputs(self, job_id: str, epoch: int, attempt: int) -> Path:
        """The sealed outputs of one attempt."""
        return self.root / "outputs" / job_id / f"{epoch}.{attempt}"

    @property
    def models(self) -> Path:
        """Model packages that were put here, each in a folder of its own."""
        return self.root / "models"

    @property
    def model_cache(self) -> Path:
        """OpenVINO's compiled models."""
        return self.root / "model-cache"
