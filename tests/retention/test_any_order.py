"""Arrivals, ends, retries, losses, deletions and crashes in any order: retention never destroys a last copy."""

import contextlib
import os
from typing import Final

import pytest
import redis
from hypothesis import HealthCheck
from hypothesis import settings as bounded
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from labrelay.contracts.jobs import Failure, Job
from labrelay.contracts.states import Owner, Stage
from labrelay.contracts.transitions import FailJob
from labrelay.errors import Conflict
from labrelay.inputs import going_of
from labrelay.settings.retention import JobRule
from tests.retention.crash import crash_after
from tests.retention.lab import ME, Lab

EXAMPLES: Final = int(os.environ.get("LABRELAY_RETENTION_EXAMPLES", "4"))
PATHS = st.sampled_from(["a.tif", "b.tif"])
CONTENTS = st.sampled_from([b"one", b"two"])
WHOLE = st.just(99)
STEPS = st.one_of(WHOLE, st.integers(0, 5))
FAILURE = Failure(code="x", cause="x", next_step="x", retryable=True, owner=Owner.TASK_LAUNCHER)
HAS_BYTES: Final = frozenset({Stage.READY, Stage.LAUNCHED, Stage.PROCESSING})


class AnyOrder(RuleBasedStateMachine):
    """One gateway, one instrument. The instrument may overwrite its files; nobody else may lose one."""

    lab: Lab

    @initialize(last_copy=st.booleans(), keep_failed=st.booleans())
    def begin(self, last_copy: bool, keep_failed: bool) -> None:
        # A last copy may go by rule; the gateway's is then kept for longer than that of the instrument.
        rules = {"days": 0, "keep_failed": keep_failed, "last_copy": last_copy}
        self.last_copy = last_copy
        self.lab.begin(JobRule(days=0), {"inputs": rules, "pushes": {"days": 0}})
        self.lab.completed("a.tif", b"one")
        self.lab.completed("b.tif", b"two")
        self.had = self.lab.copies()

    @rule(path=PATHS, content=CONTENTS)
    def write(self, path: str, content: bytes) -> None:
        self.lab.write(path, content)
        self.had = self.lab.copies()  # what it overwrote is its own doing

    @rule(path=PATHS)
    def somebody_deletes(self, path: str) -> None:
        (self.lab.folder / path).unlink(missing_ok=True)
        self.had = self.lab.copies()

    @rule(path=PATHS, content=CONTENTS)
    def push(self, path: str, content: bytes) -> None:
        self.lab.push(path, content)

    @rule()
    def send(self) -> None:
        self.lab.send_wanted()

    @rule()
    def complete_all(self) -> None:
        self.lab.send_wanted()
        for job in self.mine():
            if job.stage is Stage.READY:
                self.lab.complete(job)
            else:
                self.lab.deliver(job)

    @rule()
    def fail_one(self) -> None:
        for job in self.mine()[:1]:
            if not job.final:
                self.lab.repo.jobs.step(job.id, FailJob(epoch=job.epoch, failure=FAILURE))

    @rule(again=st.booleans(), which=st.integers(0, 3))
    def begin_again(self, again: bool, which: int) -> None:
        for job in self.mine()[which : which + 1]:
            with contextlib.suppress(Conflict):
                (self.lab.repo.reprocess if again else self.lab.repo.retry)(job.id, ME)

    @rule(steps=STEPS)
    def clear_gateway(self, steps: int) -> None:
        with crash_after(steps):
            self.lab.inputs.run("test")

    @rule()
    def vouch(self) -> None:
        self.lab.vouch()

    @rule(steps=STEPS)
    def clear_instrument(self, steps: int) -> None:
        with crash_after(steps):
            self.lab.originals.run("test")

    @rule()
    def lose_redis(self) -> None:
        self.lab.repo.queries.catch_up()
        with redis.Redis.from_url(self.lab.settings.redis_url) as store:
            store.flushall()
        self.lab.repo.restorer.guarded(self.lab.repo.live.check)

    @invariant()
    def no_last_copy_was_destroyed(self) -> None:
        if not hasattr(self, "had"):
            return
        here = self.lab.copies()
        for lost in self.had - here:
            jobs = [job for job in self.mine() if job.source.sha256 == lost]
            allowed = self.last_copy and all(job.stage is Stage.COMPLETE for job in jobs)
            assert allowed, f"{lost} is nowhere: {[(job.stage, job.source.folder) for job in jobs]}"
        self.had = here

    @invariant()
    def whoever_works_finds_its_input(self) -> None:
        if not hasattr(self, "had"):
            return
        for job in self.mine():
            if job.stage in HAS_BYTES:
                blob = self.lab.layout.input_blob(job.source.instrument, job.source.sha256)
                assert blob.exists() or going_of(blob).exists(), job.id

    def mine(self) -> list[Job]:
        return [job for job in self.lab.jobs() if job.source.instrument == self.lab.instrument]


@pytest.mark.timeout(300)
def test_no_last_copy_is_destroyed_in_any_order(the_lab: Lab) -> None:
    class Here(AnyOrder):
        lab = the_lab

    run_state_machine_as_test(
        Here,
        settings=bounded(
            max_examples=EXAMPLES,
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            derandomize=False,
            database=None,
        ),
    )
