"""Uploads that are kept as files before anything is done with them."""

from pathlib import Path
from typing import Final

from anyio import open_file
from fastapi import Request

from labrelay.http.limits import BodyTooLarge
from labrelay.words import _

MOST_BYTES: Final = 1_000_000_000


async def keep_zip(request: Request, archive: Path) -> None:
    """Write the body into a file as it comes.

    Raises:
        BodyTooLarge: it has more than `MOST_BYTES`.
    """
    size = 0
    async with await open_file(archive, "wb") as file:
        async for chunk in request.stream():
            size += len(chunk)
            if size > MOST_BYTES:
                raise BodyTooLarge(_("The zip has more than {size} bytes.").format(size=f"{MOST_BYTES:,}"))
            await file.write(chunk)
