"""Every command that talks to a running system, against a real one."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from labrelay.http.client import Client
from tests.chain.jobs import Jobs, until
from tests.chain.system import Chain, chain_of, chain_settings
from tests.labrelay.cli.command_line import Answer, labrelay
from tests.ports import take_ports

pytestmark = [pytest.mark.process, pytest.mark.timeout(120)]


@pytest.fixture(scope="module")
def chain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chain]:
    with chain_of(chain_settings(tmp_path_factory.mktemp("running"))) as chain:
        chain.add_task("only-file")
        chain.instrument.write_plate(3, pause_s=0.0)
        chain.instrument.write("refused.bin")
        assert chain.settle().well
        yield chain


def ask(chain: Chain, *words: str) -> Answer:
    return labrelay(*words, "--config", str(config(chain)))


def config(chain: Chain) -> Path:
    return chain.session.settings.data / "run" / "settings.json"


def test_status_shows_every_service_ready_and_the_jobs_by_stage(chain: Chain) -> None:
    answer = ask(chain, "status", "--json")
    assert answer.status == 0
    assert set(answer.json["services"].values()) == {"ready"}
    assert answer.json["summary"]["stages"]["complete"] >= 4
    assert "job-repository" in ask(chain, "status").out


def test_jobs_are_filtered_by_path_stage_and_number(chain: Chain) -> None:
    assert {job["source"]["path"] for job in ask(chain, "jobs", "--json", "--path", "plate1").json} == {
        name for name in chain.instrument.written if name.startswith("plate1")
    }
    assert ask(chain, "jobs", "--json", "--stage", "failed").json == []
    assert len(ask(chain, "jobs", "--json", "--stage", "complete", "--limit", "2").json) == 2
    assert "plate1/run" in ask(chain, "jobs").out


def test_an_unknown_stage_is_refused_with_those_there_are(chain: Chain) -> None:
    answer = ask(chain, "jobs", "--stage", "eaten")
    assert answer.status == 1
    assert "awaiting_input" in answer.err


def test_long_file_names_are_shown_whole(chain: Chain) -> None:
    name = "a folder with a long name/and another one within it/A01_s1_w1_a_rather_long_name.tif"
    chain.instrument.write(name)
    assert chain.settle().well
    lines = [line[11:40].strip() for line in ask(chain, "jobs", "--path", "rather_long").out.splitlines()[1:]]
    assert "".join(lines).replace(" ", "") == name.replace(" ", "")


def test_tasks_are_added_listed_explained_and_removed(chain: Chain) -> None:
    words = ["--pipeline", "multi-file", "--contains", "_dapi_", "--order", "10", "--parameter", "a=b"]
    added = ask(chain, "task", "add", *words, "--description", "dapi only")
    assert added.status == 0
    first, second = ask(chain, "task", "list", "--json").json
    assert (first["description"], first["order"], first["parameters"]) == ("dapi only", 10, {"a": "b"})
    assert "dapi only" in ask(chain, "task", "list").out
    assert ask(chain, "explain", "x/a_dapi_1.tif").out.splitlines()[-2:] == [
        "  dapi only: takes",
        "  every file → only-file: after the first match",
    ]
    assert ask(chain, "explain", "x/a_gfp_1.tif").out.splitlines()[-2:] == [
        "  dapi only: not selected",
        "  every file → only-file: takes",
    ]
    told = ask(chain, "explain", "a_dapi_.tif", "--json").json
    assert told["taken_by"] == [first["id"]]
    assert ask(chain, "task", "rm", first["id"][:8]).status == 0
    assert [task["id"] for task in ask(chain, "task", "list", "--json").json] == [second["id"]]


def test_a_task_that_waits_for_sets_is_added_with_its_rule(chain: Chain) -> None:
    words = ["task", "add", "--pipeline", "multi-file", "--contains", "never", "--over", "channel"]
    added = ask(chain, *words, "--expect", "1,DAPI", "--group-by", "plate,well", "--incomplete", "run")
    assert added.status == 0, added.err
    counted = ask(chain, *words, "--expect", "3", "--group-deadline", "5")
    assert counted.status == 0, counted.err
    first, second = [task for task in ask(chain, "task", "list", "--json").json if task["group"]]
    if first["group"]["expect"] == 3:
        first, second = second, first
    rule = {"by": ["plate", "well"], "over": "channel", "expect": [1, "DAPI"], "deadline_s": 600, "incomplete": "run"}
    assert first["group"] == rule
    assert (second["group"]["expect"], second["group"]["deadline_s"]) == (3, 5)
    assert ask(chain, *words, "--expect", "1,1").status == 1
    for task in (first, second):
        assert ask(chain, "task", "rm", task["id"]).status == 0


def test_a_broken_selector_is_refused_when_it_is_added(chain: Chain) -> None:
    for selector in ["{", '{"no such operator": 1}']:
        answer = ask(chain, "task", "add", "--pipeline", "x", "--selector", selector)
        assert answer.status == 1
        assert "selector invalid" in answer.err
    assert len(ask(chain, "task", "list", "--json").json) == 1


def test_removing_an_unknown_or_ambiguous_task_removes_none(chain: Chain) -> None:
    ask(chain, "task", "add", "--pipeline", "multi-file", "--contains", "never")
    assert ask(chain, "task", "rm", "no-such-task").status == 2
    assert ask(chain, "task", "rm", "").status == 2
    tasks = ask(chain, "task", "list", "--json").json
    assert len(tasks) == 2
    (added,) = [task["id"] for task in tasks if task["pipeline"] == "multi-file"]
    assert ask(chain, "task", "rm", added).status == 0


def test_a_failed_job_is_found_by_doctor_and_retried_by_the_start_of_its_id(chain: Chain) -> None:
    job = fail_one(chain)
    assert ask(chain, "doctor").status == 1
    dry = ask(chain, "retry", job["id"][:8], "--dry-run")
    assert (dry.status, "would retry" in dry.out) == (0, True)
    assert len(ask(chain, "jobs", "--json", "--stage", "failed").json) == 1
    assert ask(chain, "retry", "ffffffff-none").status == 2
    retried = ask(chain, "retry", job["id"][:8])
    assert (retried.status, job["id"][:8] in retried.out) == (0, True)
    jobs = Jobs(chain.session.repository)
    until(lambda: jobs.complete(["late.tif"]), "the retried job is complete")
    assert ask(chain, "doctor").status == 0


def fail_one(chain: Chain) -> dict[str, str]:
    """A job that fails because a person says so, while its pipeline is paused."""
    chain.session.launcher.post("/api/v2/pipelines/only-file/pause")
    chain.instrument.write("late.tif")
    jobs = Jobs(chain.session.repository)
    (job,) = until(lambda: [job for job in jobs.of("late.tif") if job["stage"] == "ready"], "ready")
    failure = {"code": "test", "cause": "a test", "next_step": "retry", "retryable": True, "owner": "task-launcher"}
    step = {"step": "fail", "epoch": job["epoch"], "actor": "test", "failure": failure}
    chain.session.repository.post(f"/api/v2/jobs/{job['id']}/transitions", {"step": step})
    chain.session.launcher.post("/api/v2/pipelines/only-file/resume")
    return {"id": job["id"]}


def test_one_service_runs_alone(chain: Chain) -> None:
    """A second registry in a process and on a port of its own."""
    (port,) = take_ports(1)
    environment = {**os.environ, "LABRELAY_PORTS__REGISTRY": str(port), "LABRELAY_DATA": str(chain.output / "alone")}
    command = [sys.executable, "-m", "labrelay", "serve", "pipeline-registry"]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    client = Client(f"http://127.0.0.1:{port}", retries=0)
    assert until(lambda: client.get("/readyz"), "the registry is ready")["status"] == "ready"
    assert psutil.Process(process.pid).children() == []
    process.terminate()
    assert process.wait(20) == 0
