"""What a pipeline's function gives back, and the check that it makes sense."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from labrelay.contracts.jobs import MOST_TEXT
from labrelay.errors import PipelineProblem


class OutcomeInvalid(PipelineProblem):
    """The pipeline's function answered something that can't be reported."""

    code = "outcome_invalid"
    default_next_step = "Correct the pipeline's function; the cause says what it answered."
    retryable = False


@dataclass(frozen=True)
class Outcome:
    """What was found.

    Attributes:
        outputs: files directly in the output folder.
        results: a short text in AiCSD's form, e.g. `CellCount, 598`.
        qc_flags: what is doubtful about the image or the result, e.g. `out_of_focus`.
        measurements: numbers by name; finite.
    """

    outputs: Sequence[Path] = ()
    results: str = ""
    qc_flags: str = ""
    measurements: Mapping[str, float] = field(default_factory=dict)


def checked(outcome: object, output_dir: Path) -> Outcome:
    """The outcome, if it is one that can be reported.

    Raises:
        OutcomeInvalid: it is something else, an output isn't a file in `output_dir`, two have one name, a text is too
            long or no Unicode, or a measurement isn't a finite number.
    """
    if not isinstance(outcome, Outcome):
        raise OutcomeInvalid(f"The pipeline answered {type(outcome).__name__} in place of an Outcome.")
    _check_text("results", outcome.results)
    _check_text("QC flags", outcome.qc_flags)
    _check_outputs([Path(path) for path in outcome.outputs], output_dir)
    _check_measurements(outcome.measurements)
    return outcome


def _check_text(name: str, text: object) -> None:
    if not isinstance(text, str):
        raise OutcomeInvalid(f"The pipeline's {name} must be a text.")
    if len(text) > MOST_TEXT:
        raise OutcomeInvalid(
            f"The pipeline's {name} have {len(text):,} characters; more than {MOST_TEXT:,} go into a file."
        )
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise OutcomeInvalid(f"The pipeline's {name} hold a character that is no Unicode: {error.reason}.") from error


def _check_outputs(outputs: Sequence[Path], output_dir: Path) -> None:
    folder = output_dir.resolve()
    for path in outputs:
        if path.parent.resolve() != folder or path.is_symlink():
            raise OutcomeInvalid(f"The output {path} doesn't lie directly in the output folder.")
        if not path.is_file():
            raise OutcomeInvalid(f"The output {path.name} was named but not written.")
    twice = [name for name, times in Counter(path.name for path in outputs).items() if times > 1]
    if twice:
        raise OutcomeInvalid(f"The output {twice[0]} was named twice.")


def _check_measurements(measurements: Mapping[str, float]) -> None:
    for name, value in measurements.items():
        number = isinstance(value, (int, float)) and not isinstance(value, bool)
        if not (number and math.isfinite(value)):
            raise OutcomeInvalid(f"The measurement {name!r} is {value!r}, which is no finite number.")
