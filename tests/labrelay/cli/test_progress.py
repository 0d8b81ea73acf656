"""What `run` and `demo` wait for: images alone, over real HTTP."""

import threading
from collections import Counter
from typing import Any

import uvicorn
from fastapi import FastAPI

from job_repository.plates.identity import is_table
from labrelay.cli.progress import follow
from labrelay.contracts.jobs import Job
from labrelay.contracts.states import Stage
from labrelay.http.client import Client
from tests.job_repository.plates.test_plate_editions import table_at
from tests.job_repository.plates.test_plate_tables import measured
from tests.ports import take_ports


def test_a_plates_table_counts_for_no_image() -> None:
    jobs = [measured(1, count=1), table_at(Stage.COMPLETE)]
    app, looks = FastAPI(), Counter[str]()

    @app.get("/api/v2/summary")
    def summary() -> dict[str, Any]:
        looks["summary"] += 1
        if looks["summary"] == 3:
            jobs.append(measured(2, count=1))
        return {"stages": Counter(job.stage for job in jobs if not is_table(job))}

    @app.get("/api/v2/jobs")
    def listed(kind: str) -> dict[str, Any]:
        assert kind == "image"
        found = [job.model_dump(mode="json") for job in reversed(jobs) if not is_table(job)]
        return {"items": found, "next": None}

    (port,) = take_ports(1)
    server = uvicorn.Server(uvicorn.Config(app, port=port, log_config=None))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        found = follow(Client(f"http://127.0.0.1:{port}", retries=20), lambda: 2, always, 30)
    finally:
        server.should_exit = True
        thread.join()
    assert [job.id for job in found] == [jobs[0].id, jobs[2].id]


def always(_: list[Job]) -> bool:
    return True
