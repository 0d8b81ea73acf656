"""Times of a job, also in the moment between a step's commit and its telling."""

from job_repository.live.clocks import Clocks
from labrelay.contracts.states import Stage
from labrelay.settings.model import Launcher
from tests.task_launcher.double import a_job


class Hand:
    """A monotonic clock that is moved by hand."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_a_claim_that_is_committed_and_not_yet_told_of_has_its_whole_lease() -> None:
    hand = Hand()
    clocks = Clocks(Launcher(lease_s=15, deadline_s=600), hand)
    launched = a_job(stage=Stage.LAUNCHED)
    clocks.moved(None, launched)
    hand.now += 700
    claimed = launched.model_copy(update={"stage": Stage.PROCESSING, "attempt": 1})
    view = clocks.view(claimed)
    assert (view.age_s, view.claim_age_s, view.lease_left_s) == (0, 0, 15)


def test_times_run_on_once_seen() -> None:
    hand = Hand()
    clocks = Clocks(Launcher(lease_s=15, deadline_s=600), hand)
    launched = a_job(stage=Stage.LAUNCHED)
    clocks.moved(None, launched)
    claimed = launched.model_copy(update={"stage": Stage.PROCESSING, "attempt": 1})
    clocks.view(claimed)
    hand.now += 20
    assert clocks.view(claimed).lease_left_s == -5
