"""Tasks: the rule that sends a capture to a pipeline, versioned."""

from typing import Annotated, Any, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from labrelay.contracts.attributes import AttributeName, AttributeValue, wire_texts
from labrelay.contracts.base import Contract

Topic = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._/-]{0,127}$")]
Carrier = Literal["streams", "aicsd-redis", "aicsd-mqtt"]


MOST_MEMBERS = 500


class GroupRule(Contract):
    """Which captures a task waits for, to get them as one set: usually all channels of a field.

    Attributes:
        by: attributes that the members share, besides instrument, folder and task; a missing one is a value of its own.
        over: the attribute that tells the members apart.
        expect: the values of `over` that make the set whole, in the order in which the pipeline gets them, or how many
            different ones. Values are compared as texts, so that 1 is "1".
        deadline_s: seconds from the arrival of the first member.
        incomplete: what happens to a set that isn't whole by then.
    """

    by: tuple[AttributeName, ...] = ("plate", "well", "field", "z", "time")
    over: AttributeName = "channel"
    expect: (
        Annotated[int, Field(ge=1, le=MOST_MEMBERS)]
        | Annotated[tuple[AttributeValue, ...], Field(min_length=1, max_length=MOST_MEMBERS)]
    )
    deadline_s: Annotated[float, Field(gt=0)] = 600.0
    incomplete: Literal["fail", "run"] = "fail"

    @model_validator(mode="after")
    def _tells_members_apart(self) -> Self:
        if self.over in self.by:
            raise ValueError(f"{self.over!r} can't tell members apart that share it")
        if len(set(self.expected)) < len(self.expected):
            raise ValueError("a value is expected twice")
        return self

    @property
    def expected(self) -> tuple[str, ...]:
        """The expected values as texts; empty when only their number is told."""
        values = () if isinstance(self.expect, int) else self.expect
        return tuple(wire_texts({str(place): value for place, value in enumerate(values)}).values())


class TaskDraft(Contract):
    """What a person writes of a task.

    Attributes:
        selector: JSONLogic over the AiCSD form of the job; `True` takes everything.
        pipeline: the topic that the pipeline takes launches from (AiCSD's PipelineId).
        order: lower comes first; the first match takes the capture.
        also: takes a matching capture besides the first match.
        carrier: how launches travel to this pipeline.
        group: the pipeline gets whole sets of captures; None: each capture alone.
        plate_images: files of one plate that this task takes; with the last of them the plate is finished, while None
            leaves that to a time without new ones.
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
    group: GroupRule | None = None
    plate_images: Annotated[int, Field(ge=1)] | None = None


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
    group: GroupRule | None = None

    @classmethod
    def of(cls, task: Task) -> "FrozenTask":
        """Freeze what a job needs of a task."""
        return cls(**{name: getattr(task, name) for name in cls.model_fields})
