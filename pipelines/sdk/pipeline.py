"""A pipeline: a function with the topic that it takes launches from."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from pipelines.sdk.capture import Capture
from pipelines.sdk.outcome import Outcome

Function = Callable[[Capture, Mapping[str, str], Path], Outcome]
"""`(capture, parameters, output_dir) -> Outcome`"""


@dataclass(frozen=True)
class Pipeline:
    """What a data scientist writes; calling it calls the function.

    Attributes:
        topic: launches come from here (AiCSD's subscriptionTopic).
        name: shown to people.
        description: shown to people.
        function: the work.
    """

    topic: str
    name: str
    description: str
    function: Function

    def __call__(self, capture: Capture, parameters: Mapping[str, str], output_dir: Path) -> Outcome:
        """Do the work on one capture."""
        return self.function(capture, parameters, output_dir)


def pipeline(*, topic: str, name: str, description: str) -> Callable[[Function], Pipeline]:
    """Make a function a pipeline."""

    def decorate(function: Function) -> Pipeline:
        return Pipeline(topic, name, description, function)

    return decorate
