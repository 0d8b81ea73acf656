"""Answers of the other side, which nobody may trust: of a bounded size, and from nowhere else than was asked."""

from typing import Final

import requests

from labrelay.errors import ServiceUnavailable

MOST_BYTES: Final = 256 << 20
"""Bytes of an answer that is kept in memory; files are streamed."""
PIECE: Final = 1 << 16


def taken_whole(response: requests.Response, most_bytes: int = MOST_BYTES) -> requests.Response:
    """Read a streamed answer into memory; what is compressed counts unpacked.

    Raises:
        ServiceUnavailable: it has more bytes.
        requests.RequestException: it broke off.
    """
    content = bytearray()
    for piece in response.iter_content(PIECE):
        content += piece
        if len(content) > most_bytes:
            response.close()
            raise ServiceUnavailable(f"The answer of {response.url[:200]} has more than {most_bytes:,} bytes.")
    response._content = bytes(content)  # noqa: SLF001 - as `requests` itself would have, but for the limit
    return response


def refuse_redirect(response: requests.Response) -> None:
    """No service of labrelay sends its callers elsewhere: who does could make them call their own machine.

    Raises:
        ServiceUnavailable: it does.
    """
    if response.is_redirect:
        response.close()
        raise ServiceUnavailable(
            f"{response.url[:200]} sends its callers elsewhere, which labrelay doesn't follow.",
            next_step="Set the address itself, e.g. `oem.edge_url`, to where the gateway is.",
        )
