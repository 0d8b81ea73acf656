"""The pipelines as an operator sees them, and which carrier reaches one."""

from typing import Final

from labrelay.contracts.base import Contract
from labrelay.contracts.tasks import Carrier, Task
from labrelay.settings.pipelines import SHIPPED, Pipelines
from task_launcher.launching import Queue
from task_launcher.registry import Registry
from task_launcher.switches import Mode, Switches

SIMULATED: Final = frozenset({"only-file", "multi-file", "only-results", "file-and-results"})
MQTT_PART: Final = "ovms/"
"""AiCSD sends launches of topics with this part by MQTT."""


class PipelineRow(Contract):
    """One pipeline.

    Attributes:
        ready: jobs that wait for a launch.
        open: launches that aren't finished.
        drained: nothing is open and nothing new is launched.
        alive: None when nobody knows.
    """

    topic: str
    carrier: Carrier | None
    ready: int
    open: int
    mode: Mode
    paused: bool
    drained: bool
    alive: bool | None


_EMPTY: Final = Queue((), (), 0)


def pipeline_rows(
    tasks: list[Task], queues: dict[str, Queue], switches: Switches, registry: Registry
) -> list[PipelineRow]:
    """Every pipeline that a task, a job, a switch or the registry names."""
    carriers = {task.pipeline: task.carrier for task in tasks}
    topics = {*carriers, *queues, *switches.topics, *(registry.topics() or ())}
    return [_row(topic, carriers.get(topic), queues.get(topic, _EMPTY), switches, registry) for topic in sorted(topics)]


def _row(topic: str, carrier: Carrier | None, queue: Queue, switches: Switches, registry: Registry) -> PipelineRow:
    mode = switches.mode(topic)
    halted = mode is not Mode.RUNNING
    return PipelineRow(
        topic=topic,
        carrier=carrier,
        ready=len(queue.ready),
        open=queue.open,
        mode=mode,
        paused=halted,
        drained=halted and queue.open == 0,
        alive=registry.alive(topic),
    )


def carrier_for(topic: str, tasks: list[Task], settings: Pipelines, alive: bool | None) -> Carrier:
    """The carrier of a task that came without one (AiCSD's tasks have none).

    A pipeline has one carrier, so another task of it decides. Otherwise those that labrelay itself runs, or that
    report to the registry, take streams; all others are taken for pipelines written for AiCSD.
    """
    if MQTT_PART in topic:
        return "aicsd-mqtt"
    known = next((task.carrier for task in tasks if task.pipeline == topic), None)
    if known is not None:
        return known
    if topic in SIMULATED:
        return settings.simulator_carrier
    return "streams" if alive or topic in {*settings.served, *SHIPPED} else "aicsd-redis"
