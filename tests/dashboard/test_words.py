from datetime import UTC, datetime

import pytest

from dashboard.filters import JobFilter
from dashboard.health import health_of
from dashboard.job_page import page_of
from dashboard.quantities import duration, moment, size
from dashboard.repository import Counts
from dashboard.states import LOOKS, STATE_OF, WORDS, State
from labrelay.contracts.states import Stage
from tests.dashboard.samples import FAILURE, job

SECOND = 1_000_000_000


@pytest.mark.parametrize("stage", Stage)
def test_every_stage_has_plain_words_and_belongs_to_one_state(stage: Stage) -> None:
    assert "_" not in WORDS[stage]
    assert [state for state, look in LOOKS.items() if stage in look.stages] == [STATE_OF[stage]]


def test_states_differ_by_letter_not_only_by_colour() -> None:
    assert len({look.letter for look in LOOKS.values()}) == len(State)


SENTENCES: list[tuple[dict[Stage, int], int, str]] = [
    ({}, 0, "No images yet. Drop one into the watched folder and it appears here."),
    ({Stage.COMPLETE: 96}, 0, "96 of 96 images done, nothing waits"),
    ({Stage.COMPLETE: 62, Stage.FAILED: 1}, 0, "62 of 63 images done, 1 needs you, nothing waits"),
    ({Stage.COMPLETE: 1, Stage.RECEIVING: 33}, 0, "1 of 34 images done, 33 going back, nothing waits"),
    ({Stage.COMPLETE: 1200, Stage.READY: 3}, 2, "1,200 of 1,203 images done, 3 wait, 2 longer than usual"),
    ({Stage.UNMATCHED: 5, Stage.COMPLETE: 1}, 0, "1 of 1 images done, nothing waits"),
]


@pytest.mark.parametrize(("stages", "overdue", "sentence"), SENTENCES)
def test_the_sentence_counts_what_is_meant_to_be_done(stages: dict[Stage, int], overdue: int, sentence: str) -> None:
    assert health_of(Counts(stages, overdue)).sentence == sentence


def test_the_bar_is_whole_and_without_gaps() -> None:
    parts = health_of(Counts({Stage.COMPLETE: 1, Stage.READY: 1, Stage.FAILED: 1})).segments()
    assert parts[0].start == 0
    assert [part.start + part.width for part in parts] == [*(part.start for part in parts[1:]), 1000]


DURATIONS = {
    -1: "0.0 s", 0.42: "0.4 s", 9.96: "10 s", 59.6: "1 min 0 s", 250: "4 min 10 s", 11_100: "3 h 5 min",
    187_200: "2 d 4 h",
}  # fmt: skip


@pytest.mark.parametrize(("seconds", "text"), DURATIONS.items())
def test_durations_read_naturally(seconds: float, text: str) -> None:
    assert duration(round(seconds * SECOND)) == text


@pytest.mark.parametrize(
    ("count", "text"), [(0, "0 bytes"), (999, "999 bytes"), (4_200_000, "4.2 MB"), (3e15, "3000.0 TB")]
)
def test_sizes_read_naturally(count: float, text: str) -> None:
    assert size(int(count)) == text


def test_a_moment_of_another_day_names_the_day() -> None:
    at = datetime(2026, 11, 21, 10, 42, 13, tzinfo=UTC)
    ns = int(at.timestamp()) * SECOND
    assert "Nov" not in moment(ns, at).text
    assert "Nov" in moment(ns, at.replace(day=25)).text


def test_a_filter_survives_its_way_through_the_url() -> None:
    wanted = JobFilter(State.FAILED, "plate 7/ä&b")
    assert wanted.query == "state=failed&path=plate+7%2F%C3%A4%26b"
    assert JobFilter.read(state="nonsense", path=" x ") == JobFilter(None, "x")


def test_a_filter_takes_what_the_repository_would_give() -> None:
    waiting = job("plate7/B07.tif", Stage.LAUNCHED)
    assert JobFilter(State.WAITING, "b07").takes(waiting)
    assert not JobFilter(State.WORKING).takes(waiting)
    assert not JobFilter(path="c01").takes(waiting)
    assert JobFilter(job_id=waiting.id).takes(waiting)


def test_the_timeline_tells_reasons_without_inner_details() -> None:
    failed = job(stage=Stage.FAILED, failure=FAILURE)
    told = {"failure": FAILURE.model_dump(mode="json"), "lease_s": 15, "launch": {"claim_url": "http://127.0.0.1/x"}}
    events = [{"seq": 2, "at_ns": 3 * SECOND, "step": "fail", "actor": "", "attempt": 1, "detail": told}]
    first = {"seq": 1, "at_ns": SECOND, "step": "a_step_of_tomorrow", "actor": "x", "attempt": 0, "detail": {}}
    entries = page_of(failed, [*events, first]).timeline
    assert [(entry.words, entry.detail, entry.lasted) for entry in entries] == [
        ("A step of tomorrow", "", "2.0 s"),
        ("Failed", FAILURE.cause, ""),
    ]
