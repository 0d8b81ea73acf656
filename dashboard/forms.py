"""What HTML forms post, and the addresses that they may lead back to."""

from typing import Final
from urllib.parse import parse_qs, urlsplit

from fastapi import Request

LONGEST_FORM: Final = 65_536
"""Bytes of a form; what is longer is cut off."""


async def form_of(request: Request) -> dict[str, str]:
    """The posted members, the last of each name; control characters in them become blanks."""
    return {name: values[-1] for name, values in (await lists_of(request)).items()}


async def lists_of(request: Request) -> dict[str, list[str]]:
    """The posted members with all their values, such as ticked boxes."""
    return {name: [plain(each) for each in values] for name, values in (await texts_of(request)).items()}


async def texts_of(request: Request) -> dict[str, list[str]]:
    """The posted members as they were typed, with their lines and blanks."""
    body = (await request.body())[:LONGEST_FORM].decode(errors="replace")
    return parse_qs(body, keep_blank_values=True)


def plain(text: str) -> str:
    """A text in one line."""
    return " ".join("".join(each if each.isprintable() else " " for each in text).split())


def own_path(address: str) -> str:
    """An address of this dashboard; anything else becomes the first page."""
    parts = urlsplit(address)
    foreign = parts.scheme or parts.netloc or not address.startswith("/") or address.startswith(("//", "/\\"))
    return "/" if foreign or any(ord(each) < 32 for each in address) else address
