"""A job's waterfall, waits, attempts and timeline, said from what the record holds and nothing else."""

from typing import Any

from dashboard.jobs.attempts import attempts_of
from dashboard.jobs.job_page import page_of
from dashboard.jobs.job_reading import Told
from dashboard.jobs.sidecar import model_of, parts_of
from dashboard.jobs.waits import why
from dashboard.jobs.waterfall import WIDTH, waterfall_of
from job_repository.jobs.tiles import tile_of
from labrelay.contracts.jobs import Job
from labrelay.contracts.phases import JobPhases, Paused, Phase, PhaseName
from labrelay.contracts.states import Stage
from labrelay.contracts.verdicts import Review
from tests.dashboard.samples import FAILURE, job

S = 1_000_000_000
NOTHING = JobPhases(items=(), compared=0)


def phase(name: PhaseName, began_s: float, ended_s: float | None, **more: Any) -> Phase:
    ended = None if ended_s is None else int(ended_s * S)
    return Phase(phase=name, attempt=1, began_ns=int(began_s * S), ended_ns=ended, **more)


def told(shown: Job, events: list[dict[str, Any]]) -> Told:
    return Told(shown, events, NOTHING, "", tile_of(shown, 1), (), Review(job_id=shown.id), {}, None)


def test_bars_follow_each_other_and_fill_the_width() -> None:
    way = JobPhases(
        items=(
            phase(PhaseName.TRANSFER, 0, 1, typical_ns=2 * S),
            phase(PhaseName.QUEUE, 1, 5),
            phase(PhaseName.WORK, 5, None),
        ),
        compared=7,
    )
    found = waterfall_of(way, 10 * S)
    assert [(bar.x, bar.width) for bar in found.bars] == [(0, 100), (100, 400), (500, 500)]
    assert [bar.typical for bar in found.bars] == [200, None, None]
    assert [(bar.took, bar.lasts) for bar in found.bars] == [("1.0 s", False), ("4.0 s", False), ("5.0 s", True)]
    assert (found.total, found.compared) == ("10 s", 7)


def test_days_at_rest_between_two_attempts_are_drawn_short() -> None:
    way = JobPhases(items=(phase(PhaseName.WORK, 0, 10), phase(PhaseName.WORK, 500_000, 500_010)), compared=0)
    found = waterfall_of(way, 0)
    assert found.rests == 1
    assert found.total == "20 s"
    assert [bar.width for bar in found.bars] == [480, 480]
    assert found.bars[1].x - (found.bars[0].x + found.bars[0].width) == 40


def test_an_instant_is_still_seen_and_nothing_leaves_the_picture() -> None:
    way = JobPhases(items=(phase(PhaseName.WORK, 0, 1000), phase(PhaseName.SEALING, 1000, 1000)), compared=0)
    bars = waterfall_of(way, 0).bars
    assert bars[1].width >= 4
    assert all(bar.x + bar.width <= WIDTH for bar in bars)


def test_a_queue_says_who_went_first() -> None:
    assert why(phase(PhaseName.QUEUE, 0, 38, ahead=12)) == ("12 jobs of its pipeline were begun before it.",)
    assert why(phase(PhaseName.QUEUE, 0, 38, ahead=1)) == ("1 job of its pipeline was begun before it.",)
    assert why(phase(PhaseName.QUEUE, 0, None, ahead=1000, more_ahead=True)) == (
        "more than 1,000 jobs of its pipeline stand before it.",
    )
    assert why(phase(PhaseName.QUEUE, 0, 38)) == (), "what the record can't know is left out"


def test_a_wait_says_who_had_paused_the_instrument_and_for_how_long_of_it() -> None:
    pause = Paused(by="Ada", reason="acquisition", place="gateway", since_ns=10 * S, until_ns=70 * S)
    assert why(phase(PhaseName.RETURN, 0, 40, pauses=(pause,))) == (
        "The instrument was paused by Ada for 30 s of it. Reason: acquisition.",
    )
    held = pause.model_copy(update={"until_ns": None, "reason": ""})
    (words,) = why(phase(PhaseName.RETURN, 0, None, pauses=(held,)))
    assert words.startswith("The instrument is paused by Ada since ")


def test_a_phase_says_how_it_ended_and_what_was_told_then() -> None:
    assert why(phase(PhaseName.WORK, 0, 9, ended_by="relaunch", told=("The pipeline is silent.",))) == (
        "The pipeline is silent.",
        "It was taken from a silent worker and put back in line.",
    )


def test_attempts_stand_side_by_side() -> None:
    failure = {"failure": FAILURE.model_dump(mode="json")}
    steps: list[tuple[str, int, Any]] = [
        ("claim", 0, {"worker": "w1"}),
        ("relaunch", 9, {"reason": "silent for 15 s"}),
        ("claim", 10, {"worker": "w2"}),
        ("fail", 12, failure),
        ("claim", 20, {"worker": "w3"}),
    ]
    events = [{"seq": n, "step": s, "at_ns": at * S, "detail": d} for n, (s, at, d) in enumerate(steps)]
    found = attempts_of(reversed(events))
    assert [(each.worker, each.took, each.told) for each in found] == [
        ("w1", "9.0 s", "silent for 15 s"),
        ("w2", "2.0 s", FAILURE.cause),
        ("w3", "", ""),
    ]


def test_the_sidecar_names_the_model_and_strange_ones_say_nothing() -> None:
    sidecar = {"model": {"name": "nuclei", "version": "2.1.0", "sha256": "ab"}, "seconds": {"network": 0.26, "x": "?"}}
    assert model_of(sidecar) == (("Model", "nuclei"), ("Model version", "2.1.0"), ("Model SHA-256", "ab"))
    assert parts_of(sidecar) == (("Run the model", "0.26 s"),)
    assert model_of({"model": "?"}) == parts_of({"seconds": []}) == ()


def test_the_timeline_tells_reasons_without_inner_details() -> None:
    failed = job(stage=Stage.FAILED, failure=FAILURE)
    detail = {"failure": FAILURE.model_dump(mode="json"), "lease_s": 15, "launch": {"claim_url": "http://127.0.0.1/x"}}
    events = [{"seq": 2, "at_ns": 3 * S, "step": "fail", "actor": "", "attempt": 1, "detail": detail}]
    first = {"seq": 1, "at_ns": S, "step": "a_step_of_tomorrow", "actor": "x", "attempt": 0, "detail": {}}
    entries = page_of(told(failed, [*events, first])).timeline
    assert [(entry.words, entry.detail, entry.lasted) for entry in entries] == [
        ("A step of tomorrow", "", "2.0 s"),
        ("Failed", FAILURE.cause, ""),
    ]


def test_the_page_offers_only_acts_that_start_from_where_the_job_is() -> None:
    offered = {stage: page_of(told(job(stage=stage), [])).acts for stage in Stage}
    assert offered[Stage.FAILED] == ("retry", "reprocess")
    assert offered[Stage.COMPLETE] == ("reprocess",)
    assert offered[Stage.PROCESSING] == ("cancel",)
    assert offered[Stage.JOINED] == ()
