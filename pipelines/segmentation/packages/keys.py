"""Keys of encrypted models: 32 random bytes, written as 64 hexadecimal digits; never shown, logged or quoted."""

import hashlib
import os
import re
import secrets
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Self

from labrelay.errors import Conflict
from pipelines.segmentation.errors import ModelKeyMissing, ModelKeyWrong

KEY: Final = "LABRELAY_MODEL_KEY"
"""Environment variable: the key itself."""

KEY_FILE: Final = "LABRELAY_MODEL_KEY_FILE"
"""Environment variable: the file that holds it."""

_BYTES: Final = 32
_FORM: Final = re.compile(rf"[0-9a-fA-F]{{{2 * _BYTES}}}")


@dataclass(frozen=True)
class ModelKey:
    """A key for AES-256."""

    secret: bytes = field(repr=False)

    @property
    def id(self) -> str:
        """Tells keys apart without giving them away: the first 8 hexadecimal digits of their SHA-256."""
        return hashlib.sha256(self.secret).hexdigest()[:8]

    @classmethod
    def parse(cls, text: str, where: str) -> Self:
        """Read 64 hexadecimal digits; white space around them doesn't count.

        Raises:
            ModelKeyWrong: It is something else; `where` tells the reader which text is meant.
        """
        if not _FORM.fullmatch(text.strip()):
            raise ModelKeyWrong(f"{where} doesn't hold a key: 64 hexadecimal digits.")
        return cls(bytes.fromhex(text.strip()))


def key_from_environment() -> ModelKey:
    """The key that this process was given.

    Raises:
        ModelKeyMissing: It was given none.
        ModelKeyWrong: What it was given is no key.
    """
    if text := os.environ.get(KEY, ""):
        return ModelKey.parse(text, f"The environment variable {KEY}")
    if name := os.environ.get(KEY_FILE, ""):
        return read_key(Path(name))
    raise ModelKeyMissing("The model is encrypted, and no key was given.")


def read_key(path: Path) -> ModelKey:
    """The key in a file.

    Raises:
        ModelKeyMissing: The file can't be read.
        ModelKeyWrong: It holds something else.
    """
    # A key in the place of a file's name is a likely slip; it must not get into a message.
    shown = "what was given as the key's file" if _FORM.fullmatch(path.name) else str(path)
    try:
        text = path.read_text(encoding="ascii")
    except OSError as error:
        raise ModelKeyMissing(f"The key can't be read from {shown}: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise ModelKeyWrong(f"{shown} doesn't hold a key: 64 hexadecimal digits.") from None
    return ModelKey.parse(text, shown)


def write_new_key(path: Path) -> ModelKey:
    """Make a key and write it to a new file that its owner alone may read (on Windows: who may read the folder).

    Raises:
        Conflict: The file is there already; a key that was lost can't be made again.
        ModelKeyMissing: The file can't be written.
    """
    key = ModelKey(secrets.token_bytes(_BYTES))
    try:
        number = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        step = "Name a new file, or encrypt with this key (--key-file)."
        raise Conflict(f"{path} is there already; it may hold a key.", next_step=step) from None
    except OSError as error:
        cause = f"The key can't be written to {path}: {error.strerror or error}."
        raise ModelKeyMissing(cause, next_step="Name a new file in a folder that is there.") from None
    with os.fdopen(number, "w", encoding="ascii") as file:
        file.write(key.secret.hex() + "\n")
    return key
