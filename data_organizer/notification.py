"""A file that a client names by itself (AiCSD's notifyNewFile): checked, hashed and announced at once."""

from enum import Enum
from pathlib import Path

from data_organizer.announcement import Gateway, Mismatch
from data_organizer.journal import Entry, Journal
from labrelay.contracts.aicsd import FileInfo
from labrelay.contracts.captures import CaptureAccepted
from labrelay.errors import Conflict, InputProblem, RequestRefused
from labrelay.files import digest_file
from labrelay.settings import Settings
from labrelay.settings.model import WatchedFolder


class Verdict(Enum):
    """What became of a named file."""

    SENT = "sent"
    NO_TASK = "no task"
    DONE_BEFORE = "done before"


class Notifications:
    """Announces files that clients name.

    Args:
        settings: the machine's settings.
        journal: the watcher's, for what it knows of the path.
        gateway: where to announce.
    """

    def __init__(self, settings: Settings, journal: Journal, gateway: Gateway) -> None:
        self._settings = settings
        self._journal = journal
        self._gateway = gateway

    def notify(self, file: FileInfo) -> Verdict:
        """Announce a file; the watcher, finding it too, gets the same capture.

        Raises:
            RequestRefused: a member is missing, or the file isn't below a watched folder.
            InputProblem: the file can't be read.
            LabrelayError: the gateway or the watcher doesn't take it.
        """
        self._check(file)
        entry = self._entry(file)
        answer = self._gateway.announce(self._gateway.announcement(entry))
        if isinstance(answer, Mismatch):
            if answer.last_sha256 == entry.sha256:
                return Verdict.DONE_BEFORE
            renewed = entry.model_copy(update={"predecessor": answer.last_capture_id})
            answer = self._gateway.announce(self._gateway.announcement(renewed))
        if isinstance(answer, Mismatch):
            raise Conflict("The path gets other contents at this moment.", next_step="Notify again.")
        return _verdict(answer)

    def _check(self, file: FileInfo) -> None:
        missing = [key for key in ("hostname", "dir_name", "name", "extension") if not getattr(file, key)]
        if missing:
            raise RequestRefused(f"InputFile lacks {', '.join(missing)}.")
        if file.hostname != self._settings.oem.hostname:
            raise RequestRefused(f"The host {file.hostname!r} isn't this one ({self._settings.oem.hostname!r}).")
        if any(part in file.name for part in ("/", "\\")) or ".." in Path(file.dir_name).parts:
            raise RequestRefused(f"The name {file.name!r} in {file.dir_name!r} doesn't stay in its folder.")

    def _entry(self, file: FileInfo) -> Entry:
        folder, path = self._place(Path(file.dir_name) / file.name)
        whole = folder.path / path
        try:
            modified_ns = whole.stat().st_mtime_ns
            sha256, size = digest_file(whole)
        except OSError as error:
            raise InputProblem(f"{whole}: {error.strerror}.") from error
        return Entry(
            folder=folder.name,
            path=path,
            size=size,
            sha256=sha256,
            modified_ns=modified_ns,
            predecessor=self._predecessor(folder.name, path, sha256),
            directory=file.dir_name,
            attributes={**folder.attributes, **(file.attributes or {})},
            must_match=folder.must_match,
        )

    def _place(self, file: Path) -> tuple[WatchedFolder, str]:
        whole = file.parent.resolve() / file.name
        for folder in self._settings.folders:
            if whole.is_relative_to(folder.path.resolve()):
                return folder, whole.relative_to(folder.path.resolve()).as_posix()
        raise RequestRefused(f"{file} isn't below a watched folder.", next_step="Add the folder to `oem.folders`.")

    def _predecessor(self, folder: str, path: str, sha256: str) -> str | None:
        """The capture before this content, as the watcher will name it, too."""
        rows = self._journal.known(folder, path)
        older = rows[1:] if rows and rows[0].sha256 == sha256 else rows
        return older[0].capture_id if older else None


def _verdict(answer: CaptureAccepted) -> Verdict:
    if answer.ended and not answer.created:
        return Verdict.DONE_BEFORE
    return Verdict.SENT if answer.matched else Verdict.NO_TASK
