"""The two bases of all contracts: strict ones for what labrelay itself says, lenient ones for what strangers send."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, StringConstraints

Digest = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
CaptureId = Annotated[str, StringConstraints(pattern=r"^[0-9a-f-]{36}$")]


class Contract(BaseModel):
    """A frozen value; unknown members are refused so that a typing error never passes silently."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Lenient(BaseModel):
    """A value from outside; unknown members are ignored."""

    model_config = ConfigDict(frozen=True, extra="ignore", populate_by_name=True)
