"""One job in full: what went in, what ran, what happened when, what came out and what to do about a failure."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from dashboard.jobs import JobRow, row_of
from dashboard.pictures import output_url
from dashboard.quantities import Moment, duration, moment, size
from dashboard.states import words_for_step
from labrelay.contracts.attributes import wire_texts
from labrelay.contracts.jobs import Failure, Job
from labrelay.contracts.quality import FLAG_TEXTS
from labrelay.contracts.states import Stage

RETRIED: Final = frozenset({Stage.FAILED, Stage.CANCELLED})


@dataclass(frozen=True)
class Entry:
    """One line of the timeline; `lasted` is the time until the next line, empty for the last."""

    at: Moment
    words: str
    actor: str
    attempt: int
    detail: str
    lasted: str


@dataclass(frozen=True)
class Output:
    """One sealed output; `lies` is its path on the instrument's side, empty until it arrived."""

    name: str
    url: str
    size: str
    sha256: str
    lies: str


@dataclass(frozen=True)
class JobPage:
    """Everything that the page of one job shows; `advice` is what the quality flags mean and what to do about them."""

    row: JobRow
    advice: tuple[str, ...]
    facts: tuple[tuple[str, str], ...]
    task: tuple[tuple[str, str], ...]
    timeline: tuple[Entry, ...]
    outputs: tuple[Output, ...]
    measurements: tuple[tuple[str, str], ...]
    failure: Failure | None
    can_retry: bool


def page_of(job: Job, events: Sequence[dict[str, Any]], set_words: str = "") -> JobPage:
    """The page of a job from the job, its timeline's events, and what is told of its set."""
    row = row_of(job)
    texts = [FLAG_TEXTS[flag] for flag in row.quality if flag in FLAG_TEXTS]
    return JobPage(
        row=row,
        advice=tuple(f"{text.meaning} {text.next_step}" for text in texts),
        facts=_facts(job),
        task=_task(job, set_words),
        timeline=_timeline(events),
        outputs=tuple(_output(job, index) for index in range(len(job.outputs))),
        measurements=tuple(
            (name.replace("_", " "), f"{value:g}")
            for name, value in (job.report.measurements if job.report else {}).items()
        ),
        failure=job.failure if job.final else None,
        can_retry=job.stage in RETRIED,
    )


def _facts(job: Job) -> tuple[tuple[str, str], ...]:
    source = job.source
    facts = [
        ("File", source.path),
        ("Instrument", source.instrument),
        ("Folder", source.directory or source.folder),
        ("Size", size(source.size)),
        ("SHA-256", source.sha256),
        ("Content number", f"{source.generation} of this path"),
        *wire_texts(source.attributes).items(),
        ("Announced", moment(job.created_ns).text),
        ("Job", job.id),
    ]
    return tuple(facts)


def _task(job: Job, set_words: str) -> tuple[tuple[str, str], ...]:
    task = job.task
    if task is None:
        return ()
    facts = [("Task", task.description), ("Version", str(task.version)), ("Pipeline", task.pipeline)]
    facts += [("Parameter " + name, value) for name, value in task.parameters.items()]
    facts += [("Set", set_words)] if set_words else []
    facts += [("Attempt", str(job.attempt))] if job.attempt else []
    facts += [("Worker", job.worker)] if job.worker else []
    return tuple(facts)


def _timeline(events: Sequence[dict[str, Any]]) -> tuple[Entry, ...]:
    ordered = sorted(events, key=lambda event: int(event.get("seq", 0)))
    times = [int(event.get("at_ns", 0)) for event in ordered]
    spans = [duration(after - before) for before, after in itertools.pairwise(times)]
    return tuple(_entry(event, lasted) for event, lasted in zip(ordered, [*spans, ""], strict=False))


def _entry(event: dict[str, Any], lasted: str) -> Entry:
    return Entry(
        at=moment(int(event.get("at_ns", 0))),
        words=words_for_step(str(event.get("step", ""))),
        actor=str(event.get("actor") or ""),
        attempt=int(event.get("attempt") or 0),
        detail=_detail(event.get("detail")),
        lasted=lasted,
    )


def _detail(detail: Any) -> str:
    if not isinstance(detail, dict):
        return str(detail or "")
    failure = detail.get("failure") or (detail.get("report") or {}).get("failure") or {}
    told = [detail.get("reason"), detail.get("cause"), failure.get("cause"), *detail.get("notes", ())]
    return " ".join(str(text) for text in told if text)


def _output(job: Job, index: int) -> Output:
    sealed = job.outputs[index]
    return Output(sealed.name, output_url(job, index), size(sealed.size), sealed.sha256, sealed.returned_path or "")
