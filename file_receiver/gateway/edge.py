"""The edge routes of inputs: what is wanted, how much is here, the bytes, and why they can't come."""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Header, Query, Request, Response

from file_receiver.gateway.captures import Captures
from file_receiver.gateway.intake import Claimed, Intake
from file_receiver.metrics import INPUTS_REFUSED
from labrelay.contracts.captures import CaptureId, InputTrouble, InstrumentId, WantedInputs
from labrelay.errors import LabrelayError
from labrelay.http import OwnThreads, parse_content_digest
from labrelay.http.access import ActingInstrument, Calling
from labrelay.http.roles import Role, allow
from labrelay.http.turns import Turns
from labrelay.installation import InstallationHeader
from labrelay.news import News

WAITS: Final = "input_waits"
"""The one trouble after which the input is still expected."""
MOST: Final = 5_000
TOLD: Final = 64


def edge_router(captures: Captures, intake: Intake, news: News) -> APIRouter:
    """`/edge/v2/inputs…` over the repository's captures and the input store."""
    router = APIRouter(prefix="/edge/v2/inputs", tags=["edge"], route_class=OwnThreads().route_class)
    _add_wanted(router, captures, intake, news)
    _add_uploads(router, intake)

    @router.post("/{capture_id}/trouble")
    @allow(Role.INSTRUMENT)
    def trouble(capture_id: CaptureId, trouble: InputTrouble, caller: Calling) -> Any:
        """The instrument's side can't send a file's bytes, and says why."""
        caller.check_instrument(captures.expected(capture_id).instrument)
        answer = captures.trouble(capture_id, trouble)
        if trouble.code != WAITS:
            intake.forget(capture_id)
        return answer

    return router


def _add_wanted(router: APIRouter, captures: Captures, intake: Intake, news: News) -> None:
    threads = OwnThreads()

    @router.get("")
    @allow(Role.INSTRUMENT)
    async def inputs(
        instrument: InstrumentId,
        wait: Annotated[float, Query(ge=0, le=60)] = 0,
        limit: Annotated[int, Query(ge=1, le=MOST)] = 100,
        installation: InstallationHeader = "",
    ) -> WantedInputs:
        """Files whose bytes the gateway waits for: at once when there are any, else after `wait` seconds."""

        async def look() -> WantedInputs:
            return await threads.run(captures.wanted, instrument, limit, installation)

        answer = await news.until(instrument, look, lambda answer: bool(answer.wanted), wait)
        return await threads.run(_with_held, answer, intake) if answer.wanted else answer


def _with_held(answer: WantedInputs, intake: Intake) -> WantedInputs:
    """What is here of the first ones spares their sender a question each."""
    told = [each.model_copy(update={"held": intake.held_if_known(each.capture_id)}) for each in answer.wanted[:TOLD]]
    return answer.model_copy(update={"wanted": (*told, *answer.wanted[TOLD:])})


def _add_uploads(router: APIRouter, intake: Intake) -> None:
    turns = Turns()

    @router.head("/{capture_id}", status_code=204)
    @allow(Role.INSTRUMENT)
    def held(capture_id: CaptureId, x_instrument: ActingInstrument) -> Response:
        """How many bytes of a file are here: `Upload-Offset` of the answer."""
        return Response(status_code=204, headers={"Upload-Offset": str(intake.held(capture_id, x_instrument))})

    @router.put("/{capture_id}", status_code=201)
    @allow(Role.INSTRUMENT)
    async def take(
        capture_id: CaptureId,
        request: Request,
        content_digest: Annotated[str, Header()],
        x_instrument: Annotated[str, Header()],
        upload_offset: Annotated[int, Header(ge=0)] = 0,
        content_length: Annotated[int | None, Header(ge=0)] = None,
    ) -> Response:
        """Bytes of a file from `Upload-Offset` on, as the raw body; 201 when the whole file is on disk."""
        claimed = Claimed(x_instrument, upload_offset, content_length, parse_content_digest(content_digest))
        try:
            async with turns.of(x_instrument):
                created = await intake.take(capture_id, claimed, request.stream())
        except LabrelayError as error:
            INPUTS_REFUSED.labels(error.code).inc()
            raise
        return Response(status_code=201 if created else 200)
