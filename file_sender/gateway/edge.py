"""The edge routes of returns and receipts."""

from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Query
from fastapi.responses import FileResponse

from file_sender.gateway.jobs import Asker, Jobs
from file_sender.gateway.offers import Offers
from file_sender.metrics import RECEIPTS_TAKEN
from labrelay.contracts.base import Contract
from labrelay.contracts.captures import InstrumentId, Receipt, ReturnOffers, ReturnTrouble
from labrelay.contracts.jobs import Job
from labrelay.contracts.states import Stage
from labrelay.errors import Forbidden, Unprocessable
from labrelay.files import CHUNK
from labrelay.http import OwnThreads, content_digest
from labrelay.http.access import ActingInstrument
from labrelay.http.roles import Role, allow
from labrelay.installation import InstallationHeader
from labrelay.layout import GatewayLayout
from labrelay.news import News
from labrelay.sealed import OutputGone, output_of, sealed_file

MOST: Final = 5_000


class Fence(Contract):
    """Which attempt of a job is meant."""

    epoch: int
    attempt: int


class Moved(Contract):
    """Where a job stands now."""

    stage: Stage


class SealedResponse(FileResponse):
    """A sealed file, with `Range`, in pieces of 1 MiB."""

    chunk_size = CHUNK


def edge_router(jobs: Jobs, layout: GatewayLayout, news: News) -> APIRouter:
    """`/edge/v2/returns…` and `/edge/v2/receipts` over the repository's jobs and the sealed outputs."""
    router = APIRouter(prefix="/edge/v2", tags=["edge"], route_class=OwnThreads().route_class)
    _add_returns(router, jobs, news)
    _add_outputs(router, jobs, layout)

    @router.post("/receipts")
    @allow(Role.INSTRUMENT)
    def receive(receipt: Receipt, x_instrument: ActingInstrument) -> Moved:
        """A job's results lie beside the instrument: the job is complete."""
        _job_of(jobs, _uuid(receipt.job_id), x_instrument)
        stage = jobs.receive(receipt).stage
        RECEIPTS_TAKEN.inc()
        return Moved(stage=stage)

    return router


def _add_returns(router: APIRouter, jobs: Jobs, news: News) -> None:
    offers = Offers(jobs, news)

    @router.get("/returns")
    @allow(Role.INSTRUMENT)
    async def returns(
        instrument: InstrumentId,
        wait: Annotated[float, Query(ge=0, le=60)] = 0,
        limit: Annotated[int, Query(ge=1, le=MOST)] = 100,
        installation: InstallationHeader = "",
    ) -> ReturnOffers:
        """Jobs whose results can be fetched: at once when there are any, else after `wait` seconds."""
        return await offers.wait(Asker(instrument, installation), wait, limit)

    @router.post("/returns/{job_id}/trouble", status_code=204)
    @allow(Role.INSTRUMENT)
    def trouble(job_id: UUID, told: ReturnTrouble, x_instrument: ActingInstrument) -> None:
        """The instrument's side can't store a job's results now, and says why."""
        _job_of(jobs, job_id, x_instrument)
        jobs.wait_on(str(job_id), told)

    @router.post("/returns/{job_id}/accept")
    @allow(Role.INSTRUMENT)
    def accept(job_id: UUID, fence: Fence, x_instrument: ActingInstrument) -> Moved:
        """The instrument's side has taken a job's results on."""
        _job_of(jobs, job_id, x_instrument)
        return Moved(stage=jobs.accept(str(job_id), fence.epoch, fence.attempt).stage)


def _add_outputs(router: APIRouter, jobs: Jobs, layout: GatewayLayout) -> None:
    @router.get("/returns/{job_id}/outputs/{index}", response_class=SealedResponse)
    @allow(Role.INSTRUMENT)
    def output(job_id: UUID, index: int, x_instrument: ActingInstrument) -> SealedResponse:
        """The bytes of one sealed output; `Range` goes on where a fetch broke off."""
        job = _job_of(jobs, job_id, x_instrument)
        sealed = output_of(job, index)
        try:
            path = sealed_file(layout, job, sealed)
        except OutputGone as gone:
            jobs.fail(job, gone)
            raise
        headers = {"Content-Digest": content_digest(sealed.sha256)}
        return SealedResponse(path, media_type="application/octet-stream", headers=headers)


def _uuid(job_id: str) -> UUID:
    try:
        return UUID(job_id)
    except ValueError as error:
        raise Unprocessable(f"{job_id!r} is not a job's identifier.") from error


def _job_of(jobs: Jobs, job_id: UUID, instrument: str | None) -> Job:
    job = jobs.offered(str(job_id))
    if instrument is not None and instrument != job.source.instrument:
        raise Forbidden(f"Job {job.id} doesn't belong to the instrument {instrument!r}.")
    return job
