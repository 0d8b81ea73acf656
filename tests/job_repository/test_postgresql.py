"""The same record on PostgreSQL, where a server is installed (and `psycopg`, which is no dependency of the base)."""

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from fastapi.testclient import TestClient
from sqlalchemy import inspect

from job_repository.app import create
from job_repository.jobs.counts import facets
from job_repository.jobs.failures import failures
from job_repository.jobs.waivers import Waivers
from job_repository.record.audit import Audit
from job_repository.record.models import BY_TEXT, BY_WELL, Base
from job_repository.record.store import Record
from labrelay.contracts.failures import WaiverRequest
from labrelay.contracts.filters import JobFilter
from labrelay.settings import Settings
from labrelay.settings.model import Record as RecordSettings
from tests.job_repository.conftest import SHA_B, add_task, announce, job_of, receipt, take, until_returning
from tests.job_repository.jobs.samples import CHOICES, all_pages, expected, fill, meant

pytest.importorskip("psycopg", reason="psycopg isn't installed")
BINARIES = os.pathsep.join([os.environ["PATH"], *(str(path) for path in Path("/usr/lib/postgresql").glob("*/bin"))])
POSTGRES = shutil.which("postgres", path=BINARIES)
pytestmark = pytest.mark.skipif(POSTGRES is None, reason="no PostgreSQL server is installed")


def account() -> dict[str, Any]:
    """PostgreSQL refuses to run as root."""
    return {"user": "nobody"} if hasattr(os, "geteuid") and os.geteuid() == 0 else {}


@pytest.fixture
def database(free_port: int) -> Iterator[str]:
    folder = Path(tempfile.mkdtemp(prefix="labrelay-pg-"))
    if account():
        shutil.chown(folder, "nobody")
    server = subprocess.Popen(started(folder, free_port), cwd=folder, stderr=subprocess.DEVNULL, **account())
    url = f"postgresql+psycopg://labrelay@127.0.0.1:{free_port}/postgres"
    await_server(server, free_port, folder)
    yield url
    server.terminate()
    server.wait(20)
    shutil.rmtree(folder)


def started(folder: Path, port: int) -> list[str]:
    data = str(folder / "data")
    initdb = [str(shutil.which("initdb", path=BINARIES)), "-D", data, "-U", "labrelay", "-A", "trust", "-N"]
    subprocess.run(initdb, check=True, stdout=subprocess.DEVNULL, cwd=folder, **account())
    return [str(POSTGRES), "-D", data, "-p", str(port), "-k", str(folder), "-c", "fsync=off"]


def await_server(server: subprocess.Popen[bytes], port: int, folder: Path) -> None:
    end = time.monotonic() + 30
    while time.monotonic() < end and server.poll() is None:
        ready = [str(shutil.which("pg_isready", path=BINARIES)), "-h", "127.0.0.1", "-p", str(port)]
        if subprocess.run(ready, stdout=subprocess.DEVNULL, cwd=folder, check=False).returncode == 0:
            return
        time.sleep(0.05)
    pytest.fail("PostgreSQL doesn't come up")


def test_a_whole_life_on_postgresql(settings: Settings, redis_url: str, database: str) -> None:
    on_postgresql = settings.model_copy(update={"record": RecordSettings(url=database)})
    with TestClient(create(on_postgresql), client=("127.0.0.1", 1), raise_server_exceptions=False) as api:
        job_id = until_returning(api)
        assert take(api, job_id, "receive", receipt=receipt(job_of(api, job_id)))["stage"] == "complete"
        first = announce(api, path="plate/B1.tif")
        announce(api, path="plate/B1.tif", sha256=SHA_B, predecessor=first["capture_id"])
        odd = take(api, first["jobs"][0], "supersede", expect=422)
        assert odd["code"] == "unprocessable"
        told = api.get("/api/v2/summary").json()["stages"]
        assert (told["complete"], told["superseded"], told["awaiting_input"]) == (1, 1, 1)
        redis.Redis.from_url(redis_url).flushall()
        assert len(api.get("/api/v2/jobs").json()["items"]) == 3
        assert api.get("/api/v2/epoch").json()["epoch"] == 2
        assert api.get("/api/v2/audit/verify").json()["intact"]
        ended = api.get("/api/v2/captures/ended", params={"instrument": "reader1"}).json()["ended"]
        assert len(ended) == 2


def test_migrations_make_the_tables_of_the_models_on_postgresql(database: str) -> None:
    record = Record(database)
    record.open()
    with record.read() as connection:
        found = compare_metadata(MigrationContext.configure(connection), Base.metadata)
        indexes = {index["name"]: index["column_names"] for index in inspect(connection).get_indexes("jobs")}
    record.close()
    other = {BY_TEXT, BY_WELL}  # SQLite's alone
    assert [each for each in found if not each[0].endswith("_index") or each[1].name not in other] == []
    assert indexes["jobs_well_only"] == ["plate", "well"]


def test_lists_and_counts_are_the_same_on_postgresql(database: str) -> None:
    record = Record(database)
    record.open()
    jobs = fill(record)
    for choice in CHOICES:
        wanted = expected(jobs, choice)
        assert all_pages(record, choice, 7) == wanted, choice
        assert meant(record, choice) == set(wanted), choice
        with record.read() as connection:
            assert facets(connection, JobFilter.parse(choice)).total == len(wanted), choice
    with record.read() as connection:
        assert failures(connection).open == sum(job.stage == "failed" for job in jobs)
    waivers = Waivers(record, Audit(record, Path(tempfile.mkdtemp(prefix="labrelay-keys-"))))
    asked = WaiverRequest(filter=JobFilter(stage=("failed",)), reason="lamp", expected_count=48)
    assert waivers.withdraw(waivers.waive(asked, "Ada").number, "Ada") == 48
    record.close()


def test_tasks_are_stored_on_postgresql(settings: Settings, redis_url: str, database: str) -> None:
    on_postgresql = settings.model_copy(update={"record": RecordSettings(url=database)})
    with TestClient(create(on_postgresql)) as api:
        task = add_task(api)
        assert api.get(f"/api/v2/tasks/{task['id']}").json() == task
