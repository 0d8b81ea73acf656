"""Tasks: the rule that sends a capture to a pipeline, versioned."""

from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints

from labrelay.contracts.base import Contract

Topic = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._/-]{0,127}$")]
Carrier = Literal["streams", "aicsd-redis", "aicsd-mqtt"]


class TaskDraft(Contract):
    """What a person writes of a task.

    Attributes:
        selector: JSONLogic over the AiCSD form of the job; `True` takes everything.
        pipeline: the topic that the pipeline takes launches from (AiCSD's PipelineId).
        order: lower comes first; the first match takes the capture.
        also: takes a matching capture besides the first match.
        carrier: how launches travel to this pipeline.
    """

    description: Annotated[str, StringConstraints(min_length=1)]
    selector: Any
    pipeline: Topic
    parameters: dict[str, str] = {}
    result_folder: str = ""
    order: int = 100
    also: bool = False
    enabled: bool = True
    carrier: Carrier = "streams"
    processing_deadline_s: Annotated[float, Field(gt=0)] | None = None


class Task(TaskDraft):
    """A stored task; each change makes a new version, old ones stay on record."""

    id: str
    version: Annotated[int, Field(ge=1)]
    updated_ns: int


class FrozenTask(Contract):
    """The task as it was when the capture was matched; kept in the job."""

    id: str
    version: int
    description: str
    pipeline: Topic
    carrier: Carrier
    parameters: dict[str, str]
    result_folder: str = ""
    processing_deadline_s: float | None = None

    @classmethod
    def of(cls, task: Task) -> "FrozenTask":
        """Freeze what a job needs of a task."""
        return cls(**{name: getattr(task, name) for name in cls.model_fields})
