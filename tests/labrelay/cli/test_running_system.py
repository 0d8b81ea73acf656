"""Every command that talks to a running system, against a real one."""

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from labrelay.http.client import Client
from tests.chain.jobs import Jobs
from tests.chain.system import Chain, chain_of, chain_settings
from tests.labrelay.cli.command_line import Answer, labrelay
from tests.polling import until
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


PAGE = Path(__file__).parents[3] / "docs" / "operator.md"
NOTHING_FITS = 2


def test_the_operators_examples_of_filters_are_read(chain: Chain) -> None:
    page = PAGE.read_text(encoding="utf-8")
    examples = re.findall(r"^labrelay ((?:retry|cancel) --.*|action list.*)$", page, re.MULTILINE)
    assert len(examples) >= 4
    for example in examples:
        words = shlex.split(example, comments=True)
        answer = ask(chain, *words, *([] if words[0] == "action" else ["--yes"]))
        assert answer.status in (0, NOTHING_FITS), (example, answer.err)
        assert "no NAME=VALUE" not in answer.err


def test_a_filter_is_previewed_and_exactly_that_is_run(chain: Chain) -> None:
    job = fail_one(chain, "again.tif")
    dry = ask(chain, "retry", "--where", "stage=failed path=again.tif", "--dry-run", "--json")
    assert (dry.json["total"], dry.json["first"][0]["job_id"], dry.json["state"]) == (1, job["id"], "previewed")
    unasked = ask(chain, "retry", "--where", "stage=failed path=again.tif")
    assert (unasked.status, "--yes" in unasked.err) == (2, True)
    done = ask(chain, "action", "run", dry.json["id"])
    assert (done.status, "1 of 1 done" in done.out) == (0, True), done.err
    jobs = Jobs(chain.session.repository)
    until(lambda: jobs.complete(["again.tif"]), "the retried job is complete")
    shown = ask(chain, "action", "show", dry.json["id"][:8])
    assert "done: 1 done, 0 left alone" in shown.out
    assert dry.json["id"][:8] in ask(chain, "action", "list").out
    again = ask(chain, "reprocess", job["id"], "--reason", "new task", "--json")
    assert (again.status, again.json["done"], again.json["reason"]) == (0, 1, "new task")
    until(lambda: jobs.complete(["again.tif"]), "the reprocessed job is complete")
    assert ask(chain, "cancel").status == 2
    assert "Did you mean stage?" in ask(chain, "jobs", "--where", "sage=failed").err
    assert [each["id"] for each in ask(chain, "jobs", "--where", f"job={job['id'][:8]}", "--json").json] == [job["id"]]


def test_a_pipeline_is_paused_drained_and_resumed(chain: Chain) -> None:
    def row() -> dict[str, object]:
        rows = ask(chain, "pipelines", "--json").json
        return next(each for each in rows if each["topic"] == "only-file")

    for verb, mode in (("pause", "paused"), ("drain", "draining"), ("resume", "running")):
        answer = ask(chain, "pipelines", verb, "only-file")
        assert (answer.status, answer.out.strip(), answer.err) == (0, f"only-file: {mode}", "")
        assert row()["mode"] == mode
    assert "only-file" in ask(chain, "pipelines").out
    slip = ask(chain, "pipelines", "pause", "only-fiel")
    assert "nobody knows a pipeline only-fiel" in slip.err
    assert ask(chain, "pipelines", "resume", "only-fiel").err == ""


def test_plates_go_first_until_that_is_cleared(chain: Chain) -> None:
    held = ask(chain, "first", "P7", "P8")
    assert (held.status, held.out.strip()) == (0, "first: P7, P8")
    assert "of a plate P7 has come yet" in held.err
    assert ask(chain, "first").out.strip() == "first: P7, P8"
    assert ask(chain, "first", "--clear").out.strip() == "no plate goes before others"
    assert ask(chain, "first", "P7", "--clear").status == 2


def test_an_unknown_instrument_is_asked_about(chain: Chain) -> None:
    known = chain.session.settings.oem.instrument
    for command in ("pause", "drain"):
        slip = ask(chain, command, "--instrument", f"{known}x")
        assert slip.status == 0, slip.err
        assert f"did you mean {known}?" in slip.err
        assert ask(chain, "resume", "--instrument", f"{known}x").status == 0


def test_a_drained_instruments_new_files_wait_and_come_later(chain: Chain) -> None:
    known = chain.session.settings.oem.instrument
    assert ask(chain, "drain", "--instrument", known, "--reason", "service").err == ""
    chain.instrument.write("while-drained.tif")
    until(lambda: "drained" in ask(chain, "status").out, "the status says so")
    jobs = Jobs(chain.session.repository)
    assert jobs.of("while-drained.tif") == []
    assert ask(chain, "resume", "--instrument", known).status == 0
    until(lambda: jobs.complete(["while-drained.tif"]), "the file that waited is complete")


def fail_one(chain: Chain, name: str = "late.tif") -> dict[str, str]:
    """A job that fails because a person says so, while its pipeline is paused."""
    chain.session.launcher.post("/api/v2/pipelines/only-file/pause")
    chain.instrument.write(name)
    jobs = Jobs(chain.session.repository)
    (job,) = until(lambda: [job for job in jobs.of(name) if job["stage"] == "ready"], "ready")
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


def test_many_results_are_accepted_with_a_filter(chain: Chain) -> None:
    words = ("verdict", "accept", "--where", "stage=complete path=plate1", "--by", "Ada")
    dry = ask(chain, *words, "--dry-run")
    assert (dry.status, "would accept" in dry.out, "marked as accepted" in " ".join(dry.out.split())) == (
        0,
        True,
        True,
    ), dry.err
    unasked = ask(chain, *words)
    assert (unasked.status, "--yes" in unasked.err) == (2, True)
    done = ask(chain, *words, "--reason", "sharp", "--yes", "--json")
    assert (done.status, done.json["done"], done.json["skipped"]) == (0, 3, 0), done.err
    (job, *_) = done.json["first"]
    review = chain.session.repository.get(f"/api/v2/jobs/{job['job_id']}/verdict")
    assert (review["verdict"], review["reason"], review["by"]) == ("accept", "sharp", "Ada")
    again = ask(chain, "verdict", "accept", job["job_id"][:8])
    assert "nothing changes: it is accepted already" in " ".join(again.out.split())
    assert ask(chain, "verdict", "maybe", job["job_id"]).status == 2
