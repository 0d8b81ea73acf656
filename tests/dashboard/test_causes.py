"""Every code that a job can fail with has words and a button in the inbox."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from dashboard.inbox.cards import cards_of
from dashboard.inbox.causes import CAUSES, Button, cause_of
from labrelay.contracts.failures import FailureGroup
from labrelay.contracts.filters import JobFilter

ROOT = Path(__file__).parents[2]
LISTING = """
from tools.error_page import load_everything
load_everything()
from labrelay.errors import InputProblem, PipelineProblem, error_tree
for code, kind in sorted(error_tree().items()):
    of_jobs = issubclass(kind, (InputProblem, PipelineProblem))
    print(code, kind.__module__, of_jobs, bool((kind.__doc__ or "").strip()), bool(kind.default_next_step), sep="|")
"""
NO_JOBS = ("pipelines.training", "pipelines.viewing")
"""What fails there are trainings and views of images."""
LITERAL = re.compile(r'(?:code=|NO_ANSWER: Final = |TOO_LONG: Final = )"([a-z_]+)"')
FURTHER = {"input_lost", "output_gone", "digest_mismatch", "no_task", "overdue"}
"""Conflicts and the like that end up as a job's failure; and jobs that wait too long."""


@pytest.fixture(scope="module")
def tree() -> list[list[str]]:
    """Code, module, whether it is a job's, whether it has a meaning and a next step."""
    done = subprocess.run([sys.executable, "-c", LISTING], cwd=ROOT, capture_output=True, text=True, check=True)
    return [line.split("|") for line in done.stdout.splitlines()]


def group(code: str, **told: object) -> FailureGroup:
    base = {
        "kind": "failed",
        "code": code,
        "where": f"stage=failed code={code}",
        "count": 3,
        "newest_ns": 2,
        "oldest_ns": 1,
        "title": code.replace("_", " ").capitalize(),
        "cause": "It broke.",
        "next_step": "Mend it.",
        "fix": "retry",
        "parts": (),
        "sample": (),
    }
    return FailureGroup.model_validate({**base, **told})


def test_every_error_says_what_it_means_and_what_to_do(tree: list[list[str]]) -> None:
    assert [row[0] for row in tree if row[3:] != ["True", "True"]] == []


def test_every_code_of_a_job_has_words_of_its_own(tree: list[list[str]]) -> None:
    of_jobs = {row[0] for row in tree if row[2] == "True" and not row[1].startswith(NO_JOBS)}
    files = [*(ROOT / "job_repository").rglob("*.py"), ROOT / "task_launcher" / "deadlines.py"]
    written = {code for file in files for code in LITERAL.findall(file.read_text(encoding="utf-8"))}
    assert len(of_jobs) > 25
    assert len(written) >= 6
    assert (of_jobs | written | FURTHER) - CAUSES.keys() == set()


def test_no_words_stand_for_a_code_that_nobody_has(tree: list[list[str]]) -> None:
    written = {"unmatched", "cancelled", "superseded", "pipeline_gave_no_answer", "processing_deadline", "overdue"}
    assert CAUSES.keys() - {row[0] for row in tree} - written == set()


@pytest.mark.parametrize("code", [*CAUSES, "a_code_of_some_pipeline"])
def test_a_group_is_told_in_sentences_with_a_button(code: str) -> None:
    cause = cause_of(group(code))
    for text in (cause.title, cause.why):
        assert text
        assert "_" not in text
        assert text[0].isupper()
    assert cause.why.endswith(".")
    assert cause.button in Button


def test_no_two_codes_have_the_same_title() -> None:
    titles = [cause.title for cause in CAUSES.values()]
    assert len(set(titles)) == len(titles)


@pytest.mark.parametrize("fix", ["retry", "reprocess", "edit_task", "instrument", "wait", "waive"])
def test_a_code_of_a_pipelines_own_gets_the_button_that_helps(fix: str) -> None:
    assert cause_of(group("laser_off", fix=fix)).title == "Laser off"
    assert cause_of(group("", title="", fix=fix)).title


def test_a_card_leads_to_exactly_its_jobs() -> None:
    (card,) = cards_of((group("inference_failed"),), {})
    query = card.jobs.removeprefix("/jobs?")
    assert JobFilter.of([tuple(pair.split("=")) for pair in query.split("&")]) == JobFilter.parse(card.group.where)  # type: ignore[misc]
    assert card.retries
    assert not cards_of((group("unmatched", kind="unmatched"),), {})[0].retries
