"""Sets in the queue of images to judge."""

from fastapi.testclient import TestClient

from labrelay.settings import Settings
from tests.job_repository.conftest import receipt, take
from tests.job_repository.plates.samples import Plate


def test_of_a_set_only_the_job_with_the_results_waits(shared: TestClient, home: Settings) -> None:
    plate = Plate.fresh(shared, home)
    jobs = plate.arrive_all()
    plate.work(jobs[1])
    take(shared, jobs[1], "receive", receipt=receipt(plate.job(jobs[1])))
    assert plate.stages(*jobs) == ["complete"] * 3
    told = shared.get("/api/v2/reviews/queue", params={"path": plate.name}).json()
    assert (told["here"]["job"]["id"], told["waiting"], told["total"]) == (jobs[1], 1, 1)
