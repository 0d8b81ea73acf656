from dataclasses import replace
from datetime import UTC, datetime

import pytest

from dashboard.filters import JobFilter
from dashboard.health import health_of
from dashboard.instruments import Instrument
from dashboard.quantities import clock, duration, moment, size
from dashboard.repository import Counts
from dashboard.sentences import sentences_of
from dashboard.states import LOOKS, STATE_OF, WORDS, State
from labrelay.contracts.pauses import Pause, Pauses
from labrelay.contracts.states import Stage
from tests.dashboard.samples import job

SECOND = 1_000_000_000


@pytest.mark.parametrize("stage", Stage)
def test_every_stage_has_plain_words_and_belongs_to_one_state(stage: Stage) -> None:
    assert "_" not in WORDS[stage]
    assert [state for state, look in LOOKS.items() if stage in look.stages] == [STATE_OF[stage]]


def test_states_differ_by_letter_not_only_by_colour() -> None:
    assert len({look.letter for look in LOOKS.values()}) == len(State)


NOON_NS = int(datetime(2026, 11, 22, 12, tzinfo=UTC).timestamp()) * SECOND
SENDING = Instrument("r1", 3, Pauses(), NOON_NS - SECOND)
RESTING = Instrument("r2", 0, Pauses(), NOON_NS - 3600 * SECOND)
SILENT = Instrument("r3", 2, Pauses(), NOON_NS, silent_since_ns=NOON_NS - 7200 * SECOND)
LATER = Instrument("r4", 0, Pauses(), NOON_NS, silent_since_ns=NOON_NS - 60 * SECOND)
SINCE = clock(SILENT.silent_since_ns)
DISK: dict[str, str | float] = {
    "trouble": "near_watermark",
    "disk": "the gateway's disk",
    "used": 0.91,
    "free": 90_000_000_000,
    "watermark": 0.95,
    "kept": 5_000_000_000,
}
FULL = "The gateway's disk is 91% full, 90.0 GB are free; intake stops above 95% or below 5.0 GB."
HELD = replace(SILENT, pauses=Pauses(gateway=Pause(by="Ada", since_ns=NOON_NS)))
SENTENCES: list[tuple[Counts, list[str]]] = [
    (Counts({}), ["No images yet. Drop one into the watched folder and it appears here."]),
    (Counts({Stage.COMPLETE: 96}), ["Nothing needs you.", "Nothing waits."]),
    (
        Counts({Stage.COMPLETE: 62, Stage.FAILED: 1}, 0, (SENDING,), needing=1),
        ["1 instrument is running.", "1 file needs you.", "Nothing waits."],
    ),
    (
        Counts({Stage.COMPLETE: 1, Stage.RECEIVING: 1199}, 0, (SENDING, SENDING, RESTING), tables={Stage.READY: 1}),
        ["2 instruments are running.", "Nothing needs you.", "1,200 are on their way."],
    ),
    (
        Counts({Stage.UNMATCHED: 1200}, 0, (RESTING,), needing=1200),
        [
            f"No instrument is running; the last to send was r2 at {clock(RESTING.last_ns)}.",
            "1,200 files need you.",
            "Nothing waits.",
        ],
    ),
    (
        Counts({Stage.READY: 1}, clears_ns=NOON_NS),
        ["Nothing needs you.", f"1 is on its way; the backlog clears at about {clock(NOON_NS)}."],
    ),
    (
        Counts({Stage.COMPLETE: 1}, disks=(DISK,)),
        ["Nothing needs you.", "Nothing waits.", FULL],
    ),
]


SILENCES: list[tuple[tuple[Instrument, ...], str]] = [
    ((SENDING, SENDING, SILENT), f"2 instruments are running, 1 is silent since {SINCE}."),
    ((SENDING, SILENT, LATER, RESTING), f"1 instrument is running, 2 are silent, the first since {SINCE}."),
    ((RESTING, SILENT), f"No instrument is running; r3 is silent since {SINCE}."),
    ((SILENT, LATER), f"No instrument is running; 2 are silent, the first since {SINCE}."),
    ((SENDING, HELD), "1 instrument is running."),
]


@pytest.mark.parametrize(("instruments", "sentence"), SILENCES)
def test_the_first_sentence_says_who_is_silent_and_since_when(
    instruments: tuple[Instrument, ...], sentence: str
) -> None:
    assert sentences_of(Counts({Stage.COMPLETE: 1}, 0, instruments), NOON_NS)[0] == sentence


def test_a_silent_instrument_is_named_in_a_lab_without_images_too() -> None:
    assert sentences_of(Counts({}, 0, (SILENT,)), NOON_NS)[1:] == [
        f"No instrument is running; r3 is silent since {SINCE}."
    ]
    assert SILENT.words == f"Silent since {SINCE}"


@pytest.mark.parametrize(("counts", "sentences"), SENTENCES)
def test_the_sentences_say_who_works_who_is_needed_and_when_all_is_done(counts: Counts, sentences: list[str]) -> None:
    assert sentences_of(counts, NOON_NS) == sentences


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


def test_a_time_of_another_day_has_its_date() -> None:
    at = datetime(2026, 11, 22, 12, 10, tzinfo=UTC)
    ns = int(at.timestamp()) * SECOND
    assert clock(ns, at) == f"{at.astimezone():%H:%M}"
    assert clock(ns, at.replace(day=25)) == f"{at.astimezone():%Y-%m-%d %H:%M}"


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
