"""Whether the files of a package are those that model.toml means."""

from pathlib import Path

from labrelay.files import digest_file
from pipelines.segmentation.errors import ModelPackageInvalid


def check_digest(path: Path, expected: str) -> None:
    """Compare a file's SHA-256 with the one in model.toml.

    Raises:
        ModelPackageInvalid: It is another one, or the file can't be read.
    """
    try:
        found, _ = digest_file(path)
    except OSError as error:
        raise ModelPackageInvalid(f"{path} can't be read: {error.strerror or error}.") from error
    require_digest(path, found, expected)


def require_digest(path: Path, found: str, expected: str) -> None:
    """Refuse a file of another SHA-256 than model.toml names.

    Raises:
        ModelPackageInvalid: They differ.
    """
    if found != expected:
        step = "Copy the package once more, or, if you made the file yourself, put its digest into model.toml."
        raise ModelPackageInvalid(f"{path} has the SHA-256 {found}, but model.toml names {expected}.", next_step=step)
