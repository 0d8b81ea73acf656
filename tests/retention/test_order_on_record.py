"""What a job's end lets go is let go after the record holds that end: a lost live store would bring the job back."""

import threading

import pytest
import redis
from sqlalchemy import select

from job_repository.record.models import AuditRow
from job_repository.retention import decisions
from labrelay.contracts.retention import Why
from labrelay.contracts.states import Stage
from labrelay.settings.retention import JobRule
from tests.retention.conftest import MakeLab
from tests.retention.lab import Lab, only, stays

IMAGE = b"an image"
NOW = JobRule(days=0)


def acts_on(lab: Lab, capture: str) -> list[str]:
    """Acts on a capture and its job, in the audit's order."""
    subjects = (capture, lab.job(capture).id)
    with lab.repo.record.read() as connection:
        query = select(AuditRow.kind).where(AuditRow.subject.in_(subjects)).order_by(AuditRow.number)
        return list(connection.scalars(query))


def test_a_deletion_waits_until_the_record_holds_the_end_that_it_follows_from(make_lab: MakeLab) -> None:
    lab = make_lab(originals=NOW)
    with lab.repo.projector.turn_lock:  # the record falls behind
        capture = lab.completed("a.tif", IMAGE)
        clearing = threading.Thread(target=lab.originals.run, args=("test",))
        clearing.start()
        clearing.join(0.5)
        assert (lab.folder / "a.tif").exists()
    clearing.join(20)
    assert not (lab.folder / "a.tif").exists()
    assert acts_on(lab, capture) == ["job_final", "retention_released", "retention_deleted"]


def test_a_record_that_cannot_follow_keeps_the_file_and_the_job_its_input(
    make_lab: MakeLab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(decisions, "RECORDED_S", 0.1)
    lab = make_lab(inputs={"days": 0, "last_copy": True})
    capture = lab.write("a.tif", IMAGE)
    lab.repo.queries.catch_up()
    with lab.repo.projector.turn_lock:
        lab.send_wanted()
        lab.complete(lab.job(capture))
        reports: list[dict[Why, int]] = []
        clearing = threading.Thread(target=lambda: reports.append(stays(only(lab.inputs.run("test"), "inputs"))))
        clearing.start()
        clearing.join(20)
        assert reports == [{Why.UNFINISHED: 1}]
        with redis.Redis.from_url(lab.settings.redis_url) as store:
            store.flushall()
    assert lab.blob(IMAGE).exists()
    assert lab.job(capture).stage in (Stage.READY, Stage.AWAITING_INPUT)
