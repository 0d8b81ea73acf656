"""When alarms are raised and cleared, as a pure function of rules, situation and clock."""

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from job_repository.alarms.judging import Situation, Subject, judge
from labrelay.contracts.alarm_words import cause_of, drawn, span
from labrelay.contracts.alarms import Alarm, AlarmKind, AlarmRule, AlarmState
from labrelay.contracts.instruments import SENTENCES, Condition, InstrumentReport
from labrelay.contracts.pauses import Pause, Pauses
from labrelay.contracts.rhythm import NS
from labrelay.words import speaking

SILENT = AlarmRule(kind=AlarmKind.SILENT, expected_s=60, grace_s=600)
FAILURES = AlarmRule(kind=AlarmKind.FAILURES, more_than=2)
READER = Subject(AlarmKind.SILENT, "reader1")
WAITING = Subject(AlarmKind.FAILURES, "")
NOW = 1_790_000_000 * NS
GATEWAY = "the gateway's disk"
DISK: dict[str, str | float] = {
    "trouble": "near_watermark",
    "disk": GATEWAY,
    "used": 0.91,
    "free": 90_000_000_000,
    "watermark": 0.95,
    "kept": 5_000_000_000,
}


def report(silent_s: float, **more: object) -> InstrumentReport:
    told = {"condition": Condition.SILENT, "cause": SENTENCES[Condition.SILENT], "expected_s": 60.0, **more}
    return InstrumentReport.model_validate({"instrument": "reader1", "silent_s": silent_s, **told})


def raised(situation: Situation, *rules: AlarmRule, held: frozenset[Subject] = frozenset()) -> set[Subject]:
    return set(judge(rules, situation, held, {}).raised)


@pytest.mark.parametrize(("silent_s", "due"), [(659, False), (660, False), (661, True)])
def test_silence_is_an_alarm_when_period_and_grace_are_over(silent_s: float, *, due: bool) -> None:
    assert raised(Situation(NOW, instruments=(report(silent_s),)), SILENT) == ({READER} if due else set())


def test_it_says_for_how_long_and_what_is_wrong() -> None:
    told = judge([SILENT], Situation(NOW, instruments=(report(3000),)), frozenset(), {}).raised[READER]
    assert told.cause.startswith("No file from reader1 for 50 min; one is expected every 60 s. Its PC is heard")
    assert told.next_step


def test_every_reader_hears_the_cause_in_their_language_and_the_record_in_english() -> None:
    rules = SILENT, FAILURES, AlarmRule(kind=AlarmKind.BACKLOG, minutes=10), AlarmRule(kind=AlarmKind.DISK)
    situation = Situation(
        NOW, instruments=(report(3000),), failures=3, oldest_ns=NOW - 7500 * NS, disks={GATEWAY: DISK}
    )
    with speaking("zh-Hans"):
        found = judge(rules, situation, frozenset(), {}).raised
        for subject, told in found.items():
            assert told.cause.isascii()
            assert not drawn(subject.kind, told.parameters).isascii()
    assert {subject.kind for subject in found} == set(AlarmKind)


@pytest.mark.parametrize("parameters", [{}, {"count": "many"}, {"number": 3.0}])
def test_an_alarm_of_another_version_keeps_the_words_that_were_stored(parameters: dict[str, str | float]) -> None:
    told = {"subject": "", "state": AlarmState.RAISED, "cause": "As it was.", "next_step": "", "raised_ns": 1}
    assert cause_of(Alarm(number=1, kind=AlarmKind.FAILURES, parameters=parameters, **told)) == "As it was."


@pytest.mark.parametrize(
    "held", [{"paused": Pauses(gateway=Pause(by="Ada", since_ns=1))}, {"draining": Pause(by="Ada", since_ns=1)}]
)
def test_a_held_instrument_raises_nothing_and_its_alarm_is_over(held: dict[str, object]) -> None:
    situation = Situation(NOW, instruments=(report(9000, **held),))
    assert raised(situation, SILENT) == set()
    assert judge([SILENT], situation, frozenset({READER}), {}).cleared == {READER}


def test_its_own_rule_comes_before_that_of_all() -> None:
    own = AlarmRule(kind=AlarmKind.SILENT, instrument="reader1", enabled=False)
    assert raised(Situation(NOW, instruments=(report(9000),)), SILENT, own) == set()


def test_while_the_gateway_was_off_nobody_was_silent_but_an_open_alarm_stays() -> None:
    situation = Situation(NOW, NOW - 60 * NS, instruments=(report(90_000),))
    assert raised(situation, SILENT) == set()
    assert judge([SILENT], situation, frozenset({READER}), {}).cleared == set()


def test_a_file_ends_the_alarm_at_once() -> None:
    assert judge([SILENT], Situation(NOW, instruments=(report(3),)), frozenset({READER}), {}).cleared == {READER}


def test_failures_disks_and_backlog_have_their_borders() -> None:
    rules = FAILURES, AlarmRule(kind=AlarmKind.BACKLOG, minutes=10), AlarmRule(kind=AlarmKind.DISK)
    well = Situation(NOW, failures=2, oldest_ns=NOW - 600 * NS)
    assert raised(well, *rules) == set()
    bad = Situation(NOW, failures=3, oldest_ns=NOW - 601 * NS, disks={GATEWAY: DISK})
    assert {each.kind for each in raised(bad, *rules)} == {AlarmKind.FAILURES, AlarmKind.BACKLOG, AlarmKind.DISK}
    assert raised(bad) == set()


def test_a_rule_that_is_gone_ends_its_alarm() -> None:
    verdict = judge([], Situation(NOW, failures=9), frozenset({WAITING}), {WAITING: NOW - 31 * NS})
    assert verdict.cleared == {WAITING}


@given(st.lists(st.tuples(st.integers(1, 20), st.integers(0, 5)), max_size=60))
def test_no_storm_whatever_the_number_does(steps: list[tuple[int, int]]) -> None:
    """Raised and cleared take turns, and between a clearing and what went before lie 30 calm seconds."""
    held: frozenset[Subject] = frozenset()
    calm: Mapping[Subject, int] = {}
    now, last_bad, told = NOW, NOW, list[str]()
    for seconds, failures in steps:
        now += seconds * NS
        verdict = judge([FAILURES], Situation(now, failures=failures), held, calm)
        last_bad = now if failures > 2 else last_bad
        if verdict.cleared:
            assert now - last_bad >= 30 * NS
        told += ["raised"] * len(verdict.raised) + ["cleared"] * len(verdict.cleared)
        held, calm = (held | verdict.raised.keys()) - verdict.cleared, verdict.calm_since_ns
    assert told == [("raised", "cleared")[place % 2] for place in range(len(told))]


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0 s"), (89, "89 s"), (90, "2 min"), (3540, "59 min"), (7500, "2 h 5 min"), (187_200, "2 d 4 h")],
)
def test_spans_in_words(seconds: float, text: str) -> None:
    assert span(seconds) == text
