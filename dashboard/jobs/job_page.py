"""One job in full: what went in, what ran, what happened when, what came out and what to do about a failure."""

import itertools
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from dashboard.jobs.attempts import Attempt, attempts_of
from dashboard.jobs.job_reading import Told
from dashboard.jobs.rows import JobRow, row_of
from dashboard.jobs.sidecar import model_of, parts_of
from dashboard.jobs.waterfall import Waterfall, waterfall_of
from dashboard.pictures import output_url
from dashboard.quantities import Moment, duration, moment, size
from dashboard.states import words_for_step
from dashboard.system.acts import act_words
from labrelay.contracts.attributes import wire_texts
from labrelay.contracts.audit import AuditEntry
from labrelay.contracts.jobs import Failure, Job
from labrelay.contracts.quality import FLAG_TEXTS
from labrelay.contracts.states import FINAL, Stage
from labrelay.contracts.tiles import Tile
from labrelay.contracts.verdicts import Review
from labrelay.words import _

Facts = tuple[tuple[str, str], ...]
STARTS: Final[dict[str, frozenset[Stage]]] = {
    "retry": frozenset({Stage.FAILED, Stage.CANCELLED}),
    "reprocess": FINAL,
    "cancel": frozenset(Stage) - FINAL - {Stage.JOINED},
}
"""From which stages the page offers an act; the repository decides."""


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
    """Everything that the page of one job shows.

    Attributes:
        advice: what the quality flags mean and what to do about them.
        parts: how long each part of the analysis took.
        plate: the job's tile, for its plate and well.
        acts: what the page offers: `retry`, `reprocess`, `cancel`.
        trail: rows of the audit; None where the reader may not see them.
    """

    row: JobRow
    advice: tuple[str, ...]
    plate: Tile
    instrument: str
    facts: Facts
    task: Facts
    parts: Facts
    waterfall: Waterfall
    attempts: tuple[Attempt, ...]
    timeline: tuple[Entry, ...]
    outputs: tuple[Output, ...]
    measurements: Facts
    failure: Failure | None
    acts: tuple[str, ...]
    siblings: tuple[str, ...]
    review: Review
    trail: tuple[tuple[Moment, str, AuditEntry], ...] | None


def page_of(told: Told, now_ns: int | None = None) -> JobPage:
    """The page of a job from all that is known of it."""
    job, row = told.job, row_of(told.job)
    texts = [FLAG_TEXTS[flag] for flag in row.quality if flag in FLAG_TEXTS]
    return JobPage(
        row=row,
        advice=tuple(f"{_(text.meaning)} {_(text.next_step)}" for text in texts),
        plate=told.tile,
        instrument=job.source.instrument,
        facts=_facts(job),
        task=(*_task(job, told.set_words), *model_of(told.sidecar)),
        parts=parts_of(told.sidecar),
        waterfall=waterfall_of(told.phases, time.time_ns() if now_ns is None else now_ns),
        attempts=attempts_of(told.events),
        timeline=_timeline(told.events),
        outputs=tuple(_output(job, index) for index in range(len(job.outputs))),
        measurements=_measurements(job),
        failure=job.failure if job.final else None,
        acts=tuple(act for act, stages in STARTS.items() if job.stage in stages),
        siblings=told.siblings,
        review=told.review,
        trail=None if told.acts is None else tuple((moment(a.at_ns), act_words(a.kind), a) for a in told.acts),
    )


def _measurements(job: Job) -> Facts:
    told = job.report.measurements if job.report else {}
    return tuple((name.replace("_", " "), f"{value:g}") for name, value in told.items())


def _facts(job: Job) -> Facts:
    source = job.source
    return (
        (_("File"), source.path),
        (_("Folder"), source.directory or source.folder),
        (_("Size"), size(source.size)),
        ("SHA-256", source.sha256),
        (_("Content number"), _("{number} of this path").format(number=source.generation)),
        *wire_texts(source.attributes).items(),
        (_("Announced"), moment(job.created_ns).text),
        (_("Job"), job.id),
    )


def _task(job: Job, set_words: str) -> Facts:
    task = job.task
    if task is None:
        return ()
    facts = [(_("Task"), task.description), (_("Version"), str(task.version)), (_("Pipeline"), task.pipeline)]
    facts += [(_("Parameter {name}").format(name=name), value) for name, value in task.parameters.items()]
    facts += [(_("Set of files"), set_words)] if set_words else []
    facts += [(_("Attempt"), str(job.attempt))] if job.attempt else []
    facts += [(_("Worker"), job.worker)] if job.worker else []
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
