"""Rhythm and working hours: what the last files teach, and which seconds of silence count."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labrelay.contracts.rhythm import DAYS, NS, WorkingHours, learned_s, working_s

BERLIN = ZoneInfo("Europe/Berlin")
OFFICE = WorkingHours(begins="08:00", ends="18:00", days=("mon", "tue", "wed", "thu", "fri"))
NIGHT = WorkingHours(begins="22:00", ends="06:00", days=("fri",))
moments = st.integers(1_700_000_000, 1_790_000_000)
clocks = st.times().map(lambda at: f"{at:%H:%M}")
hours = st.builds(
    WorkingHours, begins=clocks, ends=clocks, days=st.lists(st.sampled_from(DAYS), min_size=1, max_size=7)
)


def ns(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=BERLIN).timestamp()) * NS


def test_nine_of_ten_gaps_are_the_rhythm_and_a_night_between_runs_is_not() -> None:
    arrivals = [second * NS for second in range(0, 200, 2)]
    assert learned_s([*arrivals, arrivals[-1] + 14 * 3600 * NS]) == 2.0


def test_too_few_files_teach_nothing() -> None:
    assert learned_s([each * NS for each in range(5)]) is None
    assert learned_s([]) is None


@given(st.lists(st.integers(0, 10**18), min_size=6, max_size=60))
def test_the_order_of_files_does_not_matter_and_no_gap_is_exceeded(times: list[int]) -> None:
    learned = learned_s(times)
    assert learned == learned_s(list(reversed(times)))
    assert learned is not None
    assert 1.0 <= learned <= max(1.0, (max(times) - min(times)) / NS)


@given(moments, st.integers(0, 86_400 * 70), hours)
def test_no_more_counts_than_went_by_and_never_less_than_nothing(since: int, span: int, told: WorkingHours) -> None:
    counted = working_s(since * NS, (since + span) * NS, told, BERLIN)
    assert 0 <= counted <= span + 0.001


@given(moments, st.integers(0, 86_400 * 9), st.integers(0, 86_400 * 9), hours)
def test_silence_only_grows(since: int, first: int, more: int, told: WorkingHours) -> None:
    early, late = (since + first) * NS, (since + first + more) * NS
    assert working_s(since * NS, late, told, BERLIN) >= working_s(since * NS, early, told, BERLIN) - 0.001


@given(moments, st.integers(0, 86_400 * 9), st.integers(0, 86_400 * 9), hours)
def test_two_spans_count_as_much_as_the_whole(since: int, first: int, more: int, told: WorkingHours) -> None:
    middle, late = (since + first) * NS, (since + first + more) * NS
    whole = working_s(since * NS, late, told, BERLIN)
    parts = working_s(since * NS, middle, told, BERLIN) + working_s(middle, late, told, BERLIN)
    assert whole == pytest.approx(parts, abs=0.01)


def test_the_weekend_does_not_count() -> None:
    friday, monday = ns("2026-11-20T17:50"), ns("2026-11-23T08:05")
    assert working_s(friday, monday, OFFICE, BERLIN) == 15 * 60
    assert working_s(friday, monday, WorkingHours(), BERLIN) == (monday - friday) / NS


def test_a_night_belongs_to_the_day_on_which_it_begins() -> None:
    assert working_s(ns("2026-11-20T12:00"), ns("2026-11-21T12:00"), NIGHT, BERLIN) == 8 * 3600
    assert working_s(ns("2026-11-21T12:00"), ns("2026-11-22T12:00"), NIGHT, BERLIN) == 0


def test_summer_time_takes_an_hour_of_the_night() -> None:
    """2026-03-29, Berlin: 02:00 becomes 03:00."""
    night = WorkingHours(begins="22:00", ends="06:00")
    assert working_s(ns("2026-03-28T12:00"), ns("2026-03-29T12:00"), night, BERLIN) == 7 * 3600


def test_years_of_silence_are_reckoned_at_once() -> None:
    now = int(datetime(2026, 1, 1, tzinfo=UTC).timestamp()) * NS
    assert working_s(0, now, OFFICE, BERLIN) <= timedelta(days=60).total_seconds()


def test_a_clock_that_was_set_back_counts_nothing() -> None:
    assert working_s(5 * NS, 4 * NS, WorkingHours()) == 0
    assert working_s(86_400 * 5 * NS, 4 * NS, OFFICE) == 0
