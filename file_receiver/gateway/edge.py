"""The edge routes of inputs: what is wanted, how much is here, the bytes, and why they can't come."""

import time
from typing import Annotated, Any, Final

import anyio
from anyio import CapacityLimiter, to_thread
from fastapi import APIRouter, Header, Query, Request, Response

from file_receiver.gateway.captures import Captures
from file_receiver.gateway.intake import Claimed, Intake
from file_receiver.metrics import INPUTS_REFUSED
from labrelay.contracts.captures import CaptureId, InputTrouble, InstrumentId, WantedInputs
from labrelay.errors import LabrelayError
from labrelay.http import OwnThreads, parse_content_digest

WAITING: Final = 64
"""Instruments that can wait at the same time, each in short turns, in threads kept apart from all other work."""
MOST: Final = 5_000
TURN_S: Final = 1.0
GAP_S: Final = 0.2


def edge_router(captures: Captures, intake: Intake) -> APIRouter:
    """`/edge/v2/inputs…` over the repository's captures and the input store."""
    router = APIRouter(prefix="/edge/v2/inputs", tags=["edge"], route_class=OwnThreads().route_class)
    _add_wanted(router, captures)
    _add_uploads(router, intake)

    @router.post("/{capture_id}/trouble")
    def trouble(capture_id: CaptureId, trouble: InputTrouble) -> Any:
        return captures.trouble(capture_id, trouble)

    return router


def _add_wanted(router: APIRouter, captures: Captures) -> None:
    waiting = CapacityLimiter(WAITING)

    @router.get("")
    async def inputs(
        request: Request,
        instrument: InstrumentId,
        wait: Annotated[float, Query(ge=0, le=60)] = 0,
        limit: Annotated[int, Query(ge=1, le=MOST)] = 100,
    ) -> WantedInputs:
        end = time.monotonic() + wait
        while True:
            turn = min(TURN_S, max(0.0, end - time.monotonic()))
            answer = await to_thread.run_sync(captures.wanted, instrument, limit, turn, limiter=waiting)
            left = end - time.monotonic()
            if answer.wanted or left <= 0 or await request.is_disconnected():
                return answer
            await anyio.sleep(min(GAP_S, left))


def _add_uploads(router: APIRouter, intake: Intake) -> None:
    @router.head("/{capture_id}", status_code=204)
    def held(capture_id: CaptureId, x_instrument: Annotated[str | None, Header()] = None) -> Response:
        return Response(status_code=204, headers={"Upload-Offset": str(intake.held(capture_id, x_instrument))})

    @router.put("/{capture_id}", status_code=201)
    async def take(
        capture_id: CaptureId,
        request: Request,
        content_digest: Annotated[str, Header()],
        x_instrument: Annotated[str, Header()],
        upload_offset: Annotated[int, Header(ge=0)] = 0,
        content_length: Annotated[int | None, Header(ge=0)] = None,
    ) -> Response:
        claimed = Claimed(x_instrument, upload_offset, content_length, parse_content_digest(content_digest))
        try:
            created = await intake.take(capture_id, claimed, request.stream())
        except LabrelayError as error:
            INPUTS_REFUSED.labels(error.code).inc()
            raise
        return Response(status_code=201 if created else 200)
