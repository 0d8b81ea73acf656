"""AiCSD's route of the receiver on the instrument's side."""

from collections.abc import Callable

from fastapi import APIRouter

from labrelay.http.roles import Role, allow


def v1_router(wake: Callable[[], None]) -> APIRouter:
    """`/api/v1` over the loop."""
    router = APIRouter(prefix="/api/v1", tags=["aicsd"])

    @router.post("/retry")
    @allow(Role.OPERATOR)
    def retry() -> None:
        wake()

    return router
