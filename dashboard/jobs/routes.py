"""The list of jobs, its twins, and the views that the lab keeps of it."""

import shlex
from contextlib import suppress
from functools import partial
from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response, StreamingResponse

from dashboard.bulk.words import TITLES
from dashboard.desk import Desk, TheDesk
from dashboard.forms import form_of, own_path
from dashboard.jobs.address import PATH, JobsAddress
from dashboard.jobs.belonging import having, sure
from dashboard.jobs.conditions import conditions_of
from dashboard.jobs.controls import SPANS, asked_by_form, controls_of
from dashboard.jobs.facets import groups_of
from dashboard.jobs.reading import every_job, read_list
from dashboard.jobs.twins import Export, document_of
from dashboard.tables import csv_of, download, xlsx_of
from labrelay.access.callers import Caller
from labrelay.contracts.filters import NAMES, FilterInvalid, JobFilter
from labrelay.contracts.views import View
from labrelay.errors import LabrelayError, NotFound, ServiceUnavailable
from labrelay.http.access import Calling, on_behalf
from labrelay.http.roles import Role, allow

router = APIRouter(include_in_schema=False)
EVERY = JobsAddress()


@router.get(PATH, response_class=HTMLResponse)
@allow(Role.VIEWER)
async def show_jobs(desk: TheDesk, request: Request, who: Calling) -> Response:
    """A page of jobs; a filled form leads to the address that it means."""
    pairs = request.query_params.multi_items()
    try:
        if (asked := asked_by_form(pairs)) is not None:
            return RedirectResponse(JobsAddress.read(asked).url, status_code=303)
        return await _shown(desk, who, JobsAddress.read(pairs))
    except FilterInvalid as trouble:
        typed = request.query_params.get("where", "") or urlencode(pairs).replace("&", " ")
        return await _shown(desk, who, EVERY, trouble, typed)


async def _shown(
    desk: Desk, who: Caller, address: JobsAddress, trouble: LabrelayError | None = None, typed: str | None = None
) -> Response:
    seq, found, status = desk.hub.seq, None, trouble.status if trouble else 200
    if trouble is None:
        try:
            found = await desk.threads.run(partial(read_list, desk.client, address))
        except ServiceUnavailable as error:
            trouble, status = error, 503
    tasks = found.tasks if found else {}
    return desk.pages.html(
        "jobs/list.html",
        status,
        who,
        listed=address,
        typed=address.wanted.text if typed is None else typed,
        controls=controls_of(address),
        conditions=conditions_of(address, tasks),
        spans=SPANS,
        groups=groups_of(found.facets, address, tasks) if found else (),
        found=found,
        trouble=trouble,
        seq=seq,
        sure=sure(address.wanted),
        having=having(address.wanted),
        view_url=_view_url,
        actions=TITLES,
        filter_names=", ".join(NAMES),
        lines=_lines(desk, address),
    )


def _view_url(view: View) -> str:
    try:
        return JobsAddress(JobFilter.parse(view.where)).url
    except FilterInvalid:  # of a version that knew other names
        return PATH


def _lines(desk: Desk, address: JobsAddress) -> dict[str, str]:
    """The same list from the shell."""
    wanted = address.wanted
    command = f"labrelay jobs --where {shlex.quote(wanted.text)}" if wanted.pairs else "labrelay jobs"
    url = f"{desk.client.base_url}/api/v2/jobs?{wanted.query}".removesuffix("?")
    return {"curl": desk.curl(url), "command": command}


@router.get(f"{PATH}.json")
@allow(Role.VIEWER)
async def list_jobs(desk: TheDesk, request: Request) -> dict[str, Any]:
    """The same page as JSON."""
    address = JobsAddress.read(request.query_params.multi_items())
    return document_of(await desk.threads.run(partial(read_list, desk.client, address)), address)


@router.get(f"{PATH}.csv", response_class=StreamingResponse)
@allow(Role.VIEWER)
async def save_csv(desk: TheDesk, request: Request) -> Response:
    """All jobs that the filter takes, newest first, as CSV."""
    return await download(desk.threads, "jobs.csv", csv_of(_export(desk, request).csv()))


@router.get(f"{PATH}.xlsx", response_class=StreamingResponse)
@allow(Role.VIEWER)
async def save_xlsx(desk: TheDesk, request: Request) -> Response:
    """All jobs that the filter takes, newest first, as a workbook."""
    return await download(desk.threads, "jobs.xlsx", xlsx_of(_export(desk, request).sheets(str(request.url))))


def _export(desk: Desk, request: Request) -> Export:
    wanted = JobsAddress.read(request.query_params.multi_items()).wanted
    return Export(every_job(desk.client, wanted), str(request.base_url).rstrip("/"))


@router.post(f"{PATH}/views", response_class=HTMLResponse)
@allow(Role.OPERATOR)
async def keep_view(desk: TheDesk, request: Request, who: Calling) -> Response:
    """Keep the filter under a name, for everybody."""
    form = await form_of(request)
    address = JobsAddress.read(asked_by_form([("where", form.get("where", ""))]) or [])
    body = {"name": form.get("name", ""), "filter": address.wanted.model_dump(mode="json"), "actor": _actor(who)}
    await desk.threads.run(partial(desk.client.post, "/api/v2/views", body, headers=on_behalf(who)))
    return RedirectResponse(address.url, status_code=303)


@router.post(f"{PATH}/views/{{view_id}}/remove", response_class=HTMLResponse)
@allow(Role.OPERATOR)
async def remove_view(desk: TheDesk, request: Request, view_id: str, who: Calling) -> Response:
    """Let a view go; one that is gone already is no trouble."""
    back = own_path((await form_of(request)).get("back", PATH))
    headers = {**on_behalf(who), "X-Labrelay-Actor": _actor(who)}
    with suppress(NotFound):
        await desk.threads.run(partial(desk.client.delete, f"/api/v2/views/{view_id}", headers=headers))
    return RedirectResponse(back, status_code=303)


def _actor(who: Caller) -> str:
    return who.actor("dashboard")
