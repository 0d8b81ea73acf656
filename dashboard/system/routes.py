"""`/system`: what the doctor finds, versions, disks and stores. `/system/audit`: who did what, when and why."""

from collections.abc import Iterator
from functools import partial
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, FastAPI, Query, Request
from fastapi.responses import HTMLResponse, Response

from dashboard.desk import Desk, TheDesk
from dashboard.quantities import moment
from dashboard.system.acts import ACTS
from dashboard.system.practice import Practice
from dashboard.system.reading import Trail, entry_title, entry_words, read_gateway, read_trail, verify, whole_trail
from dashboard.tables import Row, Sheet, about, csv_of, download, xlsx_of
from labrelay import __version__
from labrelay.contracts.audit import AuditPage
from labrelay.contracts.base import Contract
from labrelay.errors import ServiceUnavailable
from labrelay.http.access import Calling
from labrelay.http.roles import Role, allow
from labrelay.words import N_, _

router = APIRouter(include_in_schema=False)
api = APIRouter(prefix="/api/v2", tags=["doctor"])
COLUMNS: Final = (N_("Number"), N_("When"), N_("What"), N_("Who"), N_("On what"), N_("Details"))


class FoundThing(Contract):
    """What the doctor looked at; only `look` and `broken` need a person."""

    check: str
    severity: str
    detail: str
    next_step: str
    command: str
    well: bool


class DoctorsReport(Contract):
    """All findings, and when they were made (nanoseconds since 1970)."""

    version: str
    at_ns: int
    findings: list[FoundThing]


def add_to(app: FastAPI, desk: Desk) -> None:
    """Add these pages, and the doctor's call of the documented API."""
    app.state.practice = Practice(desk.settings)
    app.include_router(router)
    app.include_router(api)


def _practice(request: Request) -> Practice:
    practice: Practice = request.app.state.practice
    return practice


def _trail(
    kind: Annotated[str, Query(max_length=200)] = "",
    actor: Annotated[str, Query(max_length=200)] = "",
    subject: Annotated[str, Query(max_length=200)] = "",
    ends: bool = False,
    before: Annotated[int, Query(ge=0)] = 0,
) -> Trail:
    return Trail(kind.strip(), actor.strip(), subject.strip(), ends, before)


ThePractice = Annotated[Practice, Depends(_practice)]
Wanted = Annotated[Trail, Depends(_trail)]


@api.get("/doctor")
@allow(Role.VIEWER)
async def doctor(desk: TheDesk, practice: ThePractice) -> DoctorsReport:
    """What `labrelay doctor` finds on the gateway, at most ten seconds old."""
    found = await desk.threads.run(practice.examination)
    findings = [FoundThing.model_validate(each.document) for each in found.findings]
    return DoctorsReport(version=__version__, at_ns=found.at_ns, findings=findings)


@router.get("/system.json")
@allow(Role.VIEWER)
async def system_twin(desk: TheDesk, practice: ThePractice) -> DoctorsReport:
    """The page as JSON."""
    return await doctor(desk, practice)


@router.get("/system", response_class=HTMLResponse)
@allow(Role.VIEWER)
async def show_system(desk: TheDesk, practice: ThePractice, who: Calling, request: Request) -> Response:
    """How the gateway is; what can't be asked is a finding of the doctor's own."""
    seq, found = desk.hub.seq, await desk.threads.run(practice.examination)
    try:
        cards = await desk.threads.run(partial(read_gateway, desk.client))
    except ServiceUnavailable:
        cards = []
    return desk.pages.html(
        "system/system.html",
        who=who,
        seq=seq,
        found=found,
        at=moment(found.at_ns),
        cards=cards,
        curl=desk.curl(f"{request.base_url}api/v2/doctor"),
    )


@router.get("/system/audit", response_class=HTMLResponse)
@allow(Role.OPERATOR)
async def show_audit(desk: TheDesk, wanted: Wanted, who: Calling) -> Response:
    """The trail, newest first."""
    return await _audit_page(desk, wanted, who)


@router.post("/system/audit", response_class=HTMLResponse)
@allow(Role.OPERATOR)
async def verify_audit(desk: TheDesk, wanted: Wanted, who: Calling) -> Response:
    """Walk the whole chain, then show the trail."""
    return await _audit_page(desk, wanted, who, await desk.threads.run(partial(verify, desk.client)))


@router.get("/system/audit.json")
@allow(Role.OPERATOR)
async def audit_twin(desk: TheDesk, wanted: Wanted) -> AuditPage:
    """A page of the trail as JSON."""
    return await desk.threads.run(partial(read_trail, desk.client, wanted))


@router.get("/system/audit.csv", response_class=Response)
@allow(Role.OPERATOR)
async def audit_csv(desk: TheDesk, wanted: Wanted) -> Response:
    """The chosen rows as CSV."""
    return await download(desk.threads, "audit.csv", csv_of(_table(desk, wanted, [_(each) for each in COLUMNS])))


@router.get("/system/audit.xlsx", response_class=Response)
@allow(Role.OPERATOR)
async def audit_xlsx(desk: TheDesk, wanted: Wanted, request: Request) -> Response:
    """The chosen rows as a workbook."""
    rows = Sheet(_("Audit trail"), [_(each) for each in COLUMNS], _table(desk, wanted))
    return await download(desk.threads, "audit.xlsx", xlsx_of([rows, about(str(request.url))]))


def _table(desk: Desk, wanted: Trail, head: Row | None = None) -> Iterator[Row]:
    if head is not None:
        yield head
    for entry in whole_trail(desk.client, wanted):
        at = moment(entry.at_ns).iso
        yield entry.number, at, entry_title(entry), entry.actor, entry.subject, entry_words(entry)


async def _audit_page(desk: Desk, wanted: Trail, who: Any, verdict: tuple[bool, str] | None = None) -> Response:
    seq = desk.hub.seq
    page: AuditPage = await desk.threads.run(partial(read_trail, desk.client, wanted))
    rows = [(each, moment(each.at_ns), entry_title(each), entry_words(each)) for each in page.items]
    shown: dict[str, Any] = {"wanted": wanted, "rows": rows, "next": page.next, "kinds": ACTS, "verdict": verdict}
    return desk.pages.html("system/audit.html", who=who, seq=seq, **shown)
