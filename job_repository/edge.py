"""`/edge/v2/captures`: what OEM sides may ask of the repository, a choice of `capture_routes`."""

from fastapi import APIRouter

from job_repository.capture_routes import announce, ended

routes = APIRouter(prefix="/edge/v2/captures", tags=["edge"])
routes.post("")(announce)
routes.get("/ended")(ended)
