"""The file of a backup: a gzipped tar, its manifest first; readable by its owner alone."""

import hashlib
import io
import os
import tarfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Final

from pydantic import ValidationError

from job_repository.backups.errors import BackupBroken, BackupTooNew
from job_repository.backups.manifest import NAME, Manifest, Packed
from labrelay.files import CHUNK, digest_file, publish_file, temporary_beside

LEVEL: Final = 3
MODE: Final = 0o600
MOST_MANIFEST: Final = 1_000_000
SUFFIX: Final = ".tar.gz"


def packed(files: Mapping[str, Path]) -> dict[str, Packed]:
    """Sizes and digests of what goes into a backup."""
    digests = {name: digest_file(path) for name, path in files.items()}
    return {name: Packed(size=size, sha256=sha256) for name, (sha256, size) in digests.items()}


def write(target: Path, manifest: Manifest, files: Mapping[str, Path]) -> None:
    """Write a backup, read it again, and only then let it stand under its name.

    Raises:
        OSError: the folder can't be written.
        BackupBroken: the disk gives back other bytes than were written.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    fresh = temporary_beside(target)
    try:
        os.close(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, MODE))
        with tarfile.open(fresh, "w:gz", compresslevel=LEVEL) as archive:
            _add(archive, NAME, io.BytesIO(manifest.model_dump_json(indent=1).encode()))
            for name, path in files.items():
                with path.open("rb") as stream:
                    _add(archive, name, stream)
        check(fresh)
        publish_file(fresh, target)
    finally:
        fresh.unlink(missing_ok=True)


def read_manifest(file: Path) -> Manifest:
    """The manifest of a backup; it alone is read.

    Raises:
        BackupBroken: the file is no backup, or damaged.
        BackupTooNew: a newer labrelay made it.
    """
    with _reading(file) as archive:
        return _manifest(archive, file)


def check(file: Path, folder: Path | None = None) -> Manifest:
    """Read a whole backup and compare every digest; with a `folder`, lay the files down there.

    Raises:
        BackupBroken: the file is no backup, or damaged.
        BackupTooNew: a newer labrelay made it.
    """
    with _reading(file) as archive:
        manifest = _manifest(archive, file)
        left = dict(manifest.files)
        while (member := archive.next()) is not None:
            expected = left.pop(member.name, None)
            stream = archive.extractfile(member)
            if expected is None or stream is None:
                raise BackupBroken(f"{file} holds {member.name!r}, which its manifest doesn't name.")
            if _copied(stream, folder / member.name if folder else None) != (expected.sha256, expected.size):
                raise BackupBroken(f"{member.name} in {file} was changed or is damaged.")
    if left:
        raise BackupBroken(f"{file} lacks {', '.join(left)}.")
    return manifest


def _add(archive: tarfile.TarFile, name: str, stream: IO[bytes]) -> None:
    member = tarfile.TarInfo(name)
    member.size = stream.seek(0, os.SEEK_END)
    member.mode = MODE
    stream.seek(0)
    archive.addfile(member, stream)


@contextmanager
def _reading(file: Path) -> Iterator[tarfile.TarFile]:
    try:
        with tarfile.open(file, "r|gz") as archive:
            yield archive
    except FileNotFoundError as error:
        raise BackupBroken(f"There is no file {file}.") from error
    except (tarfile.TarError, EOFError, OSError) as error:  # a torn gzip stream is an OSError
        raise BackupBroken(f"{file} can't be read as a backup ({error}).") from error


def _manifest(archive: tarfile.TarFile, file: Path) -> Manifest:
    member = archive.next()
    stream = archive.extractfile(member) if member and member.name == NAME and member.size < MOST_MANIFEST else None
    if stream is None:
        raise BackupBroken(f"{file} is no backup of labrelay: it doesn't begin with a manifest.")
    text = stream.read()
    try:
        return Manifest.model_validate_json(text)
    except ValidationError as error:
        if any(problem["loc"] == ("form",) for problem in error.errors()):
            raise BackupTooNew(f"{file} has a newer form than this version of labrelay knows.") from error
        raise BackupBroken(f"The manifest of {file} is damaged.") from error


def _copied(stream: IO[bytes], target: Path | None) -> tuple[str, int]:
    digest, size = hashlib.sha256(), 0
    if target is None:
        while chunk := stream.read(CHUNK):
            digest.update(chunk)
            size += len(chunk)
        return digest.hexdigest(), size
    target.parent.mkdir(parents=True, exist_ok=True)
    with os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, MODE), "wb") as writing:
        while chunk := stream.read(CHUNK):
            digest.update(chunk)
            size += writing.write(chunk)
    return digest.hexdigest(), size
