"""Raw samples on their way from the viewing service to the browser, packed as they came."""

from functools import partial
from typing import Final
from urllib.parse import quote

import requests
from fastapi import Request
from fastapi.responses import Response, StreamingResponse

from dashboard.pages import SAFE
from dashboard.pictures import FOR_EVER
from dashboard.streams import passed_on
from dashboard.threads import Threads
from labrelay.contracts.planes import KIND, SIZE
from labrelay.http import Client
from labrelay.settings.exposure import is_loopback

CHUNK: Final = 256 * 1024
PASSED: Final = ("ETag", SIZE, KIND, "Content-Encoding", "Content-Length", "Vary")
ASKED: Final = ("level", "region")


class Relay:
    """Passes samples on.

    Args:
        viewing: calls the service that decodes.
        threads: in which it is waited for.
    """

    def __init__(self, viewing: Client, threads: Threads) -> None:
        self._viewing = viewing
        self._threads = threads

    async def pass_on(self, job_id: str, what: str, request: Request) -> Response:
        """The answer for the browser; an address that names a version may be kept for good.

        A browser on this machine gets the samples as they are: packing noise takes longer than sending it.

        Raises:
            LabrelayError: what the service says of the image.
        """
        query, here = request.query_params, request.client is not None and is_loopback(request.client.host)
        packing = "identity" if here else request.headers.get("accept-encoding", "identity")
        shown = {"Accept-Encoding": packing, "If-None-Match": request.headers.get("if-none-match", "")}
        call = partial(
            self._viewing.request,
            "GET",
            f"/api/v2/jobs/{quote(job_id, safe='')}/{what}",
            params={name: query[name] for name in ASKED if name in query},
            headers=shown,
            stream=True,
        )
        answer = await self._threads.run(call)
        told = {name: answer.headers[name] for name in PASSED if name in answer.headers}
        told |= {**SAFE, "Cache-Control": FOR_EVER if query.get("v") else "no-cache"}
        if answer.status_code == requests.codes.not_modified:
            answer.close()
            return Response(status_code=304, headers=told)
        chunks = answer.raw.stream(CHUNK, decode_content=False)
        stream = passed_on(self._threads, answer, chunks)
        return StreamingResponse(stream, headers=told, media_type="application/octet-stream")
