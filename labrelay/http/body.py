"""Taking a request's body in: in large pieces, in threads that no slow client can hold, and not for ever."""

from collections.abc import AsyncIterator, Callable
from typing import Final

import anyio
from anyio import to_thread

from labrelay.files import CHUNK

SILENCE_S: Final = 60.0
"""A client that brings less than `SIGN_OF_LIFE` bytes in this time is cut off, so that none holds a place for ever."""
SIGN_OF_LIFE: Final = 16_384


async def pour(chunks: AsyncIterator[bytes], write: Callable[[bytes | bytearray], None]) -> None:
    """Write what a client sends, in pieces of 1 MiB; what came before a cut is written too.

    Args:
        chunks: the body as it comes.
        write: takes a piece; runs in a thread.

    Raises:
        ClientDisconnect: the client went away.
        TimeoutError: it fell silent.
    """
    buffer, heard = bytearray(), 0
    try:
        with anyio.fail_after(SILENCE_S) as patience:
            async for chunk in chunks:
                buffer += chunk
                heard += len(chunk)
                if len(buffer) >= CHUNK:
                    piece, buffer = buffer, bytearray()
                    await to_thread.run_sync(write, piece)
                if heard >= SIGN_OF_LIFE:
                    patience.deadline, heard = anyio.current_time() + SILENCE_S, 0
    finally:
        with anyio.CancelScope(shield=True):
            await to_thread.run_sync(write, buffer)
