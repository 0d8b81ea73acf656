"""`/api/v2/plates`, what maps are drawn from: wells, their images, and plates at a glance."""

from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import Field, StringConstraints

from job_repository.jobs.routes import Repo
from job_repository.plates.sites import PlateSites, Site, measured_by_people
from job_repository.plates.tables import is_count
from job_repository.plates.views import shown
from job_repository.repository import Repository
from labrelay.contracts.base import Contract
from labrelay.contracts.plates import PlateId
from labrelay.contracts.tiles import TilePage
from labrelay.contracts.wells import (
    MOST_MAPS,
    SLICES,
    PlateMaps,
    PlateWells,
    WellImage,
    WellImages,
    WellName,
)
from labrelay.http.roles import Role, allow

routes = APIRouter(prefix="/api/v2/plates", tags=["plates"])
Slice = Annotated[str, StringConstraints(max_length=200)]


class MapsAsked(Contract):
    """Which plates: their ids."""

    plate: Annotated[tuple[PlateId, ...], Field(min_length=1, max_length=MOST_MAPS)]


class WellsAsked(Contract):
    """By which task (without it the one with most images), and of what of channel, plane and time the values are."""

    task: Slice | None = None
    channel: Slice = ""
    z: Slice = ""
    time: Slice = ""
    acquired: Slice = ""


class ImagesAsked(Contract):
    """Of which wells (without any, of all), and by which task (without it, by all)."""

    well: Annotated[tuple[WellName, ...], Field(max_length=1536)] = ()
    task: Slice | None = None


class UnplatedAsked(Contract):
    """How many images, and `next` of the page before."""

    limit: Annotated[int, Field(ge=1, le=1000)] = 200
    after: Annotated[int | None, Field(ge=0, lt=1 << 63)] = None


@routes.get("/maps")
@allow(Role.VIEWER)
def maps(repo: Repo, asked: Annotated[MapsAsked, Query()]) -> PlateMaps:
    """Plates at a glance: where each well stands, and what has come of what is expected."""
    repo.queries.catch_up()
    return PlateMaps(items=repo.atlas.of(asked.plate, _plate_images(repo)))


@routes.get("/unplated", response_model=TilePage)
@allow(Role.VIEWER)
def unplated(repo: Repo, asked: Annotated[UnplatedAsked, Query()]) -> Response:
    """Images that belong to no plate, those that changed last first."""
    repo.queries.catch_up()
    tiles = repo.plate_store.unplated(asked.after, asked.limit)
    page = TilePage(items=tuple(tiles), next=str(tiles[-1].seq) if len(tiles) == asked.limit else None)
    return Response(page.model_dump_json(), media_type="application/json")


@routes.get("/{plate_id}/wells", response_model=PlateWells)
@allow(Role.VIEWER)
def wells(repo: Repo, plate_id: PlateId, asked: Annotated[WellsAsked, Query()]) -> Response:
    """All wells of a plate: what is expected, arrived, done, failed and missing, and everything that was measured."""
    repo.queries.catch_up()
    plate = shown(repo.plate_store, [repo.plate_store.get(plate_id)])[0]
    slices = {name: value for name in SLICES if (value := getattr(asked, name))}
    body = repo.well_answers.of(plate, asked.task, slices, _plate_images(repo))
    return Response(body, media_type="application/json")  # validated already, and often long


@routes.get("/{plate_id}/images", response_model=WellImages)
@allow(Role.VIEWER)
def images(repo: Repo, plate_id: PlateId, asked: Annotated[ImagesAsked, Query()]) -> Response:
    """The images of a plate or of some of its wells, each with its job."""
    repo.queries.catch_up()
    repo.plate_store.get(plate_id)
    found = repo.sites.of(plate_id)
    sites = sorted(found.sites, key=lambda each: (each.place, each.path, each.task))
    taken = [each for each in sites if asked.task in (None, each.task) and (not asked.well or each.well in asked.well)]
    told = WellImages(seq=found.seq, items=tuple(_image(each, found) for each in taken))
    return Response(told.model_dump_json(), media_type="application/json")


def _image(site: Site, found: PlateSites) -> WellImage:
    said = found.said.get(site.job)
    counts = (value for name, value in measured_by_people(site, said).items() if is_count(name))
    return WellImage(
        job=site.job,
        well=site.well,
        task=site.task,
        path=site.path,
        told=site.told,
        stage=site.stage,
        count=next(counts, None),
        flags=site.flags,
        rejected=said is not None and said.rejected,
        accepted=site.job in found.accepted,
        updated_ns=site.updated_ns,
    )


def _plate_images(repo: Repository) -> dict[str, int | None]:
    """Images of a plate by today's tasks."""
    return {task.id: task.plate_images for task in repo.tasks.all()}
