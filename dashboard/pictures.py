"""Outputs as the browser gets them: pictures to look at, everything else to save."""

from collections.abc import AsyncIterator
from functools import partial
from typing import Final
from urllib.parse import quote

from dashboard.streams import passed_on
from dashboard.threads import Threads
from labrelay.contracts.jobs import Job, SealedOutput
from labrelay.http import Client

PICTURE_TYPES: Final = {".png": "image/png"}
CHUNK: Final = 256 * 1024
TAG_LENGTH: Final = 16
FOR_EVER: Final = "private, max-age=31536000, immutable"


def overlay_index(job: Job) -> int | None:
    """Which output shows the found objects: one named `…overlay….png`, else the first PNG, else None."""
    pictures = [index for index, output in enumerate(job.outputs) if media_type(output.name)]
    named = [index for index in pictures if "overlay" in job.outputs[index].name.lower()]
    return next(iter(named or pictures), None)


def overlay_url(job: Job) -> str | None:
    """Where the browser gets the overlay."""
    index = overlay_index(job)
    return None if index is None else output_url(job, index)


def output_url(job: Job, index: int) -> str:
    """Where the browser gets an output; the digest in it lets the browser keep the answer for good."""
    return f"/jobs/{job.id}/outputs/{index}?v={job.outputs[index].sha256[:TAG_LENGTH]}"


def media_type(name: str) -> str | None:
    """The type of a picture that browsers show; None for what is to be saved."""
    return next((kind for suffix, kind in PICTURE_TYPES.items() if name.lower().endswith(suffix)), None)


def headers_of(output: SealedOutput, tag: str) -> dict[str, str]:
    """The answer's headers; `tag` is the beginning of the digest that the browser named."""
    headers = {
        "ETag": f'"{output.sha256}"',
        "Cache-Control": FOR_EVER if tag and output.sha256.startswith(tag) else "no-cache",
        "Content-Length": str(output.size),
    }
    if media_type(output.name) is None:
        headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(output.name, safe='')}"
    return headers


class Pictures:
    """Sealed outputs, streamed from the gateway's file sender."""

    def __init__(self, sender: Client, threads: Threads) -> None:
        self._sender = sender
        self._threads = threads

    async def open(self, job_id: str, index: int) -> AsyncIterator[bytes]:
        """The bytes of an output.

        Raises:
            ServiceUnavailable: the file sender doesn't answer.
            LabrelayError: it has no such output.
        """
        path = f"/api/v1/transmitFile/{quote(job_id, safe='')}/{index}"
        response = await self._threads.run(partial(self._sender.request, "GET", path, stream=True))
        return passed_on(self._threads, response, response.iter_content(CHUNK))
