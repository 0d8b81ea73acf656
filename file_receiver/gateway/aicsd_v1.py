"""AiCSD's routes of the receiver on the gateway. Its hops transmitJob and transmitFile are internal and left out."""

from fastapi import APIRouter

from labrelay.http.roles import Role, allow

router = APIRouter(prefix="/api/v1", tags=["AiCSD"])


@router.post("/retry")
@allow(Role.OPERATOR)
def retry() -> None:
    """Nothing to take up again: uploads are the sender's to resume, and the launcher asks for what is ready."""
