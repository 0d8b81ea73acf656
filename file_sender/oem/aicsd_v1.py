"""AiCSD's routes of the sender on the instrument's side: both only wake the loop, which asks by itself."""

from collections.abc import Callable

from fastapi import APIRouter, Request

from labrelay.http.roles import Role, allow


def v1_router(wake: Callable[[], None]) -> APIRouter:
    """`/api/v1` over the loop."""
    router = APIRouter(prefix="/api/v1", tags=["aicsd"])

    @router.post("/retry")
    @allow(Role.OPERATOR)
    def retry() -> None:
        wake()

    @router.post("/dataToHandle")
    @allow(Role.OPERATOR)
    async def data_to_handle(request: Request) -> None:
        await request.body()
        wake()

    return router
