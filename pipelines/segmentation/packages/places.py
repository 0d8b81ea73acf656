"""Where the files of a package lie: in its folder, and nowhere else."""

from pathlib import Path
from typing import Final

from pipelines.segmentation.errors import ModelPackageInvalid

CARD_FILE: Final = "MODEL_CARD.md"
ENCRYPTED_SUFFIX: Final = ".aes"
"""What the name of an encrypted file has besides the plain one's."""


def place_within(folder: Path, name: str) -> Path:
    """The path of a package's file, links followed.

    Raises:
        ModelPackageInvalid: There is no such file, or a link leads out of the folder.
    """
    path = folder / name
    try:
        place = path.resolve(strict=True)
    except (OSError, RuntimeError) as error:  # RuntimeError: links in a circle
        cause = f"{path} can't be read: {getattr(error, 'strerror', None) or error}."
        raise ModelPackageInvalid(cause, next_step="Copy the whole package once more; model.toml names it.") from error
    if not place.is_relative_to(folder.resolve()):
        step = "Put the file itself into the folder."
        raise ModelPackageInvalid(f"{path} is a link that leads out of the model package.", next_step=step)
    return path
