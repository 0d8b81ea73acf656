"""Whose turn it is, and how full the window gets."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labrelay.contracts.states import Stage
from labrelay.http.client import Client
from task_launcher.jobs import LIMIT
from task_launcher.launching import choose
from tests.task_launcher.double import Repository, a_job, a_task


def waiting(*instruments: str, **more: Any) -> list[Any]:
    return [a_job(instrument=name, created_ns=number, **more) for number, name in enumerate(instruments, 1)]


def turns(ready: list[Any], first: frozenset[str] = frozenset()) -> list[str]:
    """Instruments in the order in which their jobs are launched."""
    ready, order = list(ready), [""]
    while job := choose(ready, 0, 1, order[-1], first):
        ready.remove(job)
        order.append(job.source.instrument)
    return order[1:]


def test_instruments_take_turns_whatever_their_queues_hold() -> None:
    assert turns(waiting("a", "a", "a", "b", "c", "a")) == ["a", "b", "c", "a", "a", "a"]


def test_within_an_instrument_the_oldest_job_goes_first() -> None:
    old, new = waiting("a", "a")
    assert choose([new, old], 0, 1, "") == old


def test_nothing_is_chosen_from_a_full_window() -> None:
    assert choose(waiting("a"), 3, 3, "") is None
    assert choose(waiting("a"), 2, 3, "") is not None


def test_a_prioritised_plate_goes_before_all_instruments_turns() -> None:
    plain, urgent = a_job(instrument="a"), a_job(instrument="b", attributes={"Plate": "P7"})
    assert choose([plain, urgent], 0, 1, "b", frozenset({"P7"})) == urgent
    assert choose([plain, urgent], 0, 1, "b", frozenset({"other"})) == plain


@given(st.lists(st.sampled_from("abcd"), max_size=12), st.sampled_from(["", "a", "c", "z"]))
def test_no_instrument_waits_for_longer_than_one_round(names: list[str], last: str) -> None:
    order = turns(waiting(*names))
    assert sorted(order) == sorted(names)
    for instrument in set(names):
        assert order.index(instrument) < len(set(names))


def test_the_window_keeps_the_queue_off_the_bus(launcher: Client, repository: Repository, settings: Any) -> None:
    jobs = [repository.add(a_job()) for _ in range(settings.launcher.window + 3)]
    repository.wait(jobs[settings.launcher.window - 1].id, Stage.LAUNCHED)
    rows = _settled(launcher, 3)
    assert (rows[0]["ready"], rows[0]["open"]) == (3, settings.launcher.window)


def test_a_broken_pipeline_fills_only_its_own_window(launcher: Client, repository: Repository, settings: Any) -> None:
    for _ in range(settings.launcher.window + 1):
        repository.add(a_job(a_task("stuck")))
    other = repository.add(a_job(a_task("alive")))
    repository.wait(other.id, Stage.LAUNCHED)


def test_a_paused_pipeline_launches_nothing_until_it_is_resumed(launcher: Client, repository: Repository) -> None:
    launcher.post("/api/v2/pipelines/models/nuclei/pause")
    held, other = repository.add(a_job(a_task("models/nuclei"))), repository.add(a_job(a_task("only-file")))
    repository.wait(other.id, Stage.LAUNCHED)
    assert repository.stage(held.id) is Stage.READY
    launcher.post("/api/v2/pipelines/models/nuclei/resume")
    repository.wait(held.id, Stage.LAUNCHED)
    assert [(act["kind"], act["subject"]) for act in repository.acts] == [
        ("pipeline_paused", "models/nuclei"),
        ("pipeline_running", "models/nuclei"),
    ]


def test_a_draining_pipeline_tells_when_it_is_empty(launcher: Client, repository: Repository) -> None:
    job = repository.add(a_job())
    repository.wait(job.id, Stage.LAUNCHED)
    assert launcher.post("/api/v2/pipelines/only-file/drain") == {"topic": "only-file", "mode": "draining"}
    assert not _settled(launcher, 0)[0]["drained"]
    repository.jobs.clear()
    repository.age(0)
    end = 100
    while not launcher.get("/api/v2/pipelines")[0]["drained"]:
        end -= 1
        assert end
        launcher.get("/healthz")


def test_a_long_queue_of_a_paused_pipeline_hides_no_other(launcher: Client, repository: Repository) -> None:
    launcher.post("/api/v2/pipelines/paused/pause")
    stuck, frozen = a_task("paused"), a_task("hidden")
    for _ in range(LIMIT + 1):
        repository.jobs |= {job.id: job for job in [a_job(stuck)]}
    repository.tasks[frozen.id] = frozen
    last = repository.add(a_job(frozen))
    repository.wait(last.id, Stage.LAUNCHED)


@pytest.mark.parametrize("plates", [["P1"], []])
def test_plates_that_go_first_are_read_back(launcher: Client, repository: Repository, plates: list[str]) -> None:
    assert launcher.put("/api/v2/first", {"plates": plates}) == {"plates": plates}
    assert launcher.get("/api/v2/first") == {"plates": plates}
    assert [(act["kind"], act["body"]) for act in repository.acts] == [("plates_first", {"plates": plates})]


def _settled(launcher: Client, ready: int) -> list[dict[str, Any]]:
    for _ in range(500):
        rows: list[dict[str, Any]] = launcher.get("/api/v2/pipelines")
        if rows and rows[0]["ready"] == ready and rows[0]["open"]:
            return rows
    raise AssertionError(rows)
