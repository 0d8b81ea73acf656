"""What every section of the settings has in common."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Seconds = Annotated[float, Field(gt=0)]
Port = Annotated[int, Field(ge=1, le=65535)]


class Section(BaseModel):
    """A section of the file; unknown keys are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")
