"""The `Content-Digest` header (RFC 9530), SHA-256 only."""

import base64
import binascii
import re

from labrelay.errors import RequestRefused

_FIELD = re.compile(r"sha-256=:([A-Za-z0-9+/=]+):")


def content_digest(sha256: str) -> str:
    """The header's value for a hex digest."""
    return f"sha-256=:{base64.b64encode(bytes.fromhex(sha256)).decode()}:"


def parse_content_digest(value: str) -> str:
    """The hex digest in a header's value.

    Raises:
        RequestRefused: there is no SHA-256 in it.
    """
    found = _FIELD.search(value)
    try:
        raw = base64.b64decode(found.group(1), validate=True) if found else b""
    except binascii.Error:
        raw = b""
    if len(raw) != 32:
        raise RequestRefused(
            "The Content-Digest header holds no SHA-256.", next_step="Send sha-256=:base64: (RFC 9530)."
        )
    return raw.hex()
