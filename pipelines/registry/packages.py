"""An uploaded model package: unpacked within bounds, checked in a process of its own, then put in its place."""

import json
import stat
import subprocess
import sys
import zipfile
import zlib
from pathlib import Path
from typing import Final

from labrelay.contracts.models import ModelCheck
from labrelay.errors import Conflict, Unprocessable
from labrelay.files.digest import digest_file

MOST_BYTES: Final = 2_000_000_000
MOST_FILES: Final = 64
CHECKS_S: Final = 300.0
CHUNK: Final = 1 << 20
DESCRIPTION: Final = "model.toml"


class ModelRefused(Unprocessable):
    """The package isn't a model that can run here."""

    code = "model_refused"
    default_next_step = (
        "Correct what the checks name, then upload it again; `labrelay model verify FOLDER` checks it on any machine."
    )


def unpack(archive: Path, folder: Path) -> Path:
    """Unpack plain files, within bounds whatever the archive claims.

    Returns:
        The folder that holds `model.toml`: `folder` itself, or the one folder in it.

    Raises:
        ModelRefused: it is no zip, too large, or names what lies outside or is no plain file.
    """
    folder.mkdir(parents=True)
    left = MOST_BYTES
    try:
        with zipfile.ZipFile(archive) as zipped:
            members = [each for each in zipped.infolist() if not each.is_dir()]
            if len(members) > MOST_FILES:
                raise ModelRefused(f"The zip has {len(members):,} files; a model has at most {MOST_FILES}.")
            for member in members:
                left = _extract(zipped, member, _place(folder, member), left)
    except (FileExistsError, NotADirectoryError, IsADirectoryError) as error:
        raise ModelRefused("The zip names a file twice, or one below another.") from error
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, zlib.error) as error:
        raise ModelRefused(f"The file isn't a zip that can be read ({error}).") from error
    return _root(folder)


def check(folder: Path) -> list[ModelCheck]:
    """All checks of `labrelay model verify`, in a process of its own: a hostile network harms nobody else.

    Raises:
        ModelRefused: the checks didn't come to an end.
    """
    command = [sys.executable, "-m", "labrelay", "model", "verify", str(folder), "--json"]
    try:
        done = subprocess.run(command, capture_output=True, timeout=CHECKS_S, check=False)  # noqa: S603
        return [ModelCheck.model_validate(each) for each in json.loads(done.stdout)]
    except (subprocess.TimeoutExpired, ValueError) as error:
        raise ModelRefused(f"The checks didn't come to an end ({type(error).__name__}).") from error


def require_well(checks: list[ModelCheck]) -> None:
    """Nothing but a model that passes every check is taken.

    Raises:
        ModelRefused: a check failed; the checks are told with it.
    """
    failed = [each for each in checks if each.well is False]
    if failed or not checks:
        words = " ".join(f"{each.check}: {each.detail}" for each in failed) or "Nothing could be checked."
        raise ModelRefused(words, checks=[each.model_dump(mode="json") for each in checks])


def settle(folder: Path, target: Path, digest: str) -> bool:
    """Put a checked package in its place; whether it is new there.

    Raises:
        Conflict: another model has this name.
    """
    if target.exists():
        told = target / DESCRIPTION
        if told.is_file() and digest_file(told)[0] == digest:
            return False
        raise taken_already(target.name)
    target.parent.mkdir(parents=True, exist_ok=True)
    folder.replace(target)
    return True


def taken_already(name: str) -> Conflict:
    """What an upload is told whose name isn't free."""
    return Conflict(f"Another model is called {name} already.", next_step="Upload it under another name.")


def _place(folder: Path, member: zipfile.ZipInfo) -> Path:
    parts = Path(member.filename.replace("\\", "/")).parts
    plain = stat.S_IFMT(member.external_attr >> 16) in (0, stat.S_IFREG)
    if not parts or not plain or ".." in parts or Path(member.filename).is_absolute() or ":" in member.filename:
        raise ModelRefused(f"The zip names {member.filename!r}, which is no plain file inside it.")
    return folder.joinpath(*parts)


def _extract(zipped: zipfile.ZipFile, member: zipfile.ZipInfo, place: Path, left: int) -> int:
    place.parent.mkdir(parents=True, exist_ok=True)
    with zipped.open(member) as source, place.open("xb") as target:
        while chunk := source.read(CHUNK):
            left -= len(chunk)
            if left < 0:
                raise ModelRefused(f"The zip unpacks to more than {MOST_BYTES:,} bytes.")
            target.write(chunk)
    return left


def _root(folder: Path) -> Path:
    found = [folder, *(each for each in folder.iterdir() if each.is_dir())]
    roots = [each for each in found if (each / DESCRIPTION).is_file()]
    if len(roots) != 1:
        raise ModelRefused(f"The zip holds no {DESCRIPTION}.")
    return roots[0]
