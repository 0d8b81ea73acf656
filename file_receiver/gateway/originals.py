"""`/edge/v2/inputs/retention…`: an instrument asks whether its files may go, and tells which it still holds.

The gateway reads its own copy to the end before it lets an instrument delete a file, so that a verified one stands.
"""

from collections.abc import Iterable, Sequence
from typing import Annotated

from fastapi import APIRouter, Header, Query

from file_receiver.gateway.captures import Captures, ExpectedInput
from file_receiver.gateway.stock import Stock
from labrelay.contracts.base import Contract
from labrelay.contracts.captures import InstrumentId
from labrelay.contracts.retention import (
    AskedPage,
    Ended,
    Kind,
    Questions,
    Released,
    RetentionReport,
    Verdict,
    Verdicts,
    Voucher,
    Why,
)
from labrelay.errors import Forbidden
from labrelay.files import digest_file
from labrelay.http import Client, OwnThreads
from labrelay.http.roles import Role, allow
from labrelay.layout import GatewayLayout
from labrelay.retention import Clearing, Decisions, Retention

Instrument = Annotated[InstrumentId, Header(alias="X-Instrument")]


class VoucherPage(Contract):
    """Several answers of one instrument."""

    items: tuple[Voucher, ...]


class Originals:
    """Files on instruments, and the gateway's copies of them.

    Args:
        captures: whose file a capture is.
        repository: decides.
        layout: the gateway's folder.
        stock: the input store.
        retention: deletes from it.
    """

    def __init__(
        self, captures: Captures, repository: Client, layout: GatewayLayout, stock: Stock, retention: Retention
    ) -> None:
        self._captures = captures
        self._repository = repository
        self._layout = layout
        self._stock = stock
        self._clearing = Clearing(stock)
        self._retention = retention
        self.decisions = Decisions(repository)

    def expected(self, capture_id: str, instrument: str) -> ExpectedInput:
        """What a capture is of.

        Raises:
            Forbidden: it is another instrument's.
            NotFound: nobody announced it.
        """
        expected = self._captures.expected(capture_id)
        if expected.instrument != instrument:
            raise Forbidden(f"This capture doesn't belong to the instrument {instrument!r}.")
        return expected

    def let_go(self, released: Released, expected: ExpectedInput) -> Why:
        """Let an instrument delete a file: only with the gateway's own copy read to its end just now."""
        blob = self._layout.input_blob(expected.instrument, expected.sha256)
        try:
            sha256, _ = digest_file(blob)
        except OSError:
            return Why.NOT_HELD
        if sha256 != expected.sha256:
            return Why.DAMAGED
        told = released.model_copy(update={"sha256": sha256, "size": expected.size})
        return self.decisions.let_go(told)

    def questions(self, instrument: str, limit: int) -> Questions:
        """What the gateway would know of an instrument."""
        asked = {"instrument": instrument, "limit": limit}
        return Questions.model_validate(self._repository.get("/api/v2/retention/questions", params=asked))

    def vouched(self, vouchers: Sequence[Voucher]) -> None:
        """Take answers, and delete at once what they let go: they don't count for long."""
        for voucher in vouchers:
            self._repository.post("/api/v2/retention/vouchers", voucher.model_dump(mode="json"))
        expected = [self._captures.expected(each.capture_id) for each in vouchers if each.held]
        if expected and self._stock.rule.on:
            self._retention.exclusively(lambda: self._delete(expected))

    def _delete(self, expected: Iterable[ExpectedInput]) -> RetentionReport:
        blobs = {self._layout.input_blob(each.instrument, each.sha256) for each in expected}
        return self._clearing.take(self._stock.judged(blob for blob in blobs))


def originals_router(originals: Originals) -> APIRouter:
    """The routes."""
    router = APIRouter(prefix="/edge/v2/inputs/retention", tags=["edge"], route_class=OwnThreads(8).route_class)
    _add_questions(router, originals)

    @router.post("/{kind}/judge")
    @allow(Role.INSTRUMENT)
    def judge(kind: Kind, asked: AskedPage, x_instrument: Instrument) -> Verdicts:
        """Which of these files an instrument may delete, and why the others stay. Lets nothing go."""
        _check_kind(kind)
        for each in asked.items:
            originals.expected(each.key, x_instrument)
        return Verdicts(items=originals.decisions.judge(kind, asked.items))

    @router.post("/released")
    @allow(Role.INSTRUMENT)
    def released(told: Released, x_instrument: Instrument) -> Verdict:
        """An instrument asks to delete a file now; it may unless the verdict says why not."""
        _check_kind(told.kind)
        return Verdict(key=told.key, why=originals.let_go(told, originals.expected(told.key, x_instrument)))

    @router.post("/ended", status_code=204)
    @allow(Role.INSTRUMENT)
    def ended(told: Ended, x_instrument: Instrument) -> None:
        """The file is deleted, or stays after all."""
        _check_kind(told.kind)
        originals.expected(told.key, x_instrument)
        originals.decisions.ended(told.kind, told.key, deleted=told.deleted)

    return router


def _add_questions(router: APIRouter, originals: Originals) -> None:
    @router.get("/questions")
    @allow(Role.INSTRUMENT)
    def questions(instrument: InstrumentId, limit: Annotated[int, Query(ge=1, le=100)] = 20) -> Questions:
        """Files that the instrument is asked for: does it still hold them?"""
        return originals.questions(instrument, limit)

    @router.post("/vouchers", status_code=204)
    @allow(Role.INSTRUMENT)
    def vouchers(page: VoucherPage, x_instrument: Instrument) -> None:
        """The instrument has just read these files, or doesn't hold them."""
        for each in page.items:
            originals.expected(each.capture_id, x_instrument)
        originals.vouched([each.model_copy(update={"instrument": x_instrument}) for each in page.items])


def _check_kind(kind: Kind) -> None:
    if kind is not Kind.ORIGINALS:
        raise Forbidden("An instrument may only ask for its own files.")
