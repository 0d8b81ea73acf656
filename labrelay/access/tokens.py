"""The form of a token: `labrelay_<id>_<secret>`; the id may be shown and logged, the secret nowhere.

A secret is 256 random bits, so its plain SHA-256 is enough to keep: nobody can try them out.
"""

import hashlib
import re
import secrets
from dataclasses import dataclass, field
from typing import Final

_FORM: Final = re.compile(r"labrelay_([0-9a-f]{12})_([A-Za-z0-9_-]{43})")
SERVICE: Final = "labrelay_service_"
"""How the key of a gateway's own services begins."""


@dataclass(frozen=True)
class Token:
    """A token in two parts; `repr` shows the id alone."""

    id: str
    secret: str = field(repr=False)

    @property
    def text(self) -> str:
        """What its holder keeps and sends."""
        return f"labrelay_{self.id}_{self.secret}"

    @property
    def sha256(self) -> str:
        """What the record keeps."""
        return hashlib.sha256(self.secret.encode()).hexdigest()


def fresh_token() -> Token:
    """A new one."""
    return Token(secrets.token_hex(6), secrets.token_urlsafe(32))


def parse_token(text: str) -> Token | None:
    """The token that a text is, None if it can't be one."""
    found = _FORM.fullmatch(text)
    return Token(found[1], found[2]) if found else None
