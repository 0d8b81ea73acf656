"""`/edge/v2/captures`: what OEM sides may ask of the repository, a choice of `capture_routes`."""

from fastapi import APIRouter

from job_repository.captures.routes import announce, ended
from job_repository.instruments.routes import tell_pause, tell_watching

routes = APIRouter(prefix="/edge/v2/captures", tags=["edge"])
routes.post("")(announce)
routes.get("/ended")(ended)
routes.post("/paused")(tell_pause)
routes.post("/watching", status_code=204)(tell_watching)
