"""The doctor against a real repository whose stores, files and instruments are in a bad way, one each."""

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import redis
import requests

from job_repository.app import create
from labrelay.doctor import CHECKS, instruments, jobs, leftovers, machine, pipelines, services, stores
from labrelay.doctor.finding import Finding, Severity
from labrelay.doctor.patient import Patient
from labrelay.embedded.redis import EmbeddedRedis
from labrelay.http.client import Client
from labrelay.settings import Ports, Settings
from labrelay.settings.backup import Backup
from labrelay.settings.model import Launcher, Oem, Plates, Redis, Storage, WatchedFolder
from labrelay.supervisor import GATEWAY, OEM
from labrelay.words import Told as Message
from labrelay.words import _, speaking
from tests.file_receiver.doubles import served, sha256
from tests.file_receiver.test_with_repository import Api
from tests.ports import take_port

DAY_S = 86_400
Check = Callable[[Patient], Iterator[Finding]]


@pytest.fixture(scope="module")
def sick(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """Settings of a gateway whose repository runs; nothing else does."""
    folder = tmp_path_factory.mktemp("sick")
    ports = Ports(**{name: take_port() for name in Ports.model_fields})
    settings = Settings(data=folder, ports=ports, redis=Redis(port=take_port()), launcher=Launcher(overdue_s=0.05))
    server = EmbeddedRedis(folder / "redis", settings.redis.port)
    server.start()
    with served(create(settings), ports.job_repository):
        yield settings
    server.stop()


def found(settings: Settings, check: Check, *, deep: bool = False) -> dict[str, Finding]:
    return {finding.check: finding for finding in check(Patient(settings, deep=deep))}


def api_of(settings: Settings) -> Api:
    return Api(settings)


def ready(settings: Settings, path: str, *, there: bool = True) -> str:
    """A job whose bytes have come, and lie where they belong."""
    api, body = api_of(settings), path.encode()
    capture = api.announce(path, body)
    blob = settings.gateway_layout.input_blob("oem", sha256(body))
    blob.parent.mkdir(parents=True, exist_ok=True)
    if there:
        blob.write_bytes(body)
    api.post(f"/api/v2/captures/{capture['capture_id']}/stored", {"size": len(body), "sha256": sha256(body)})
    return str(capture["jobs"][0])


def feed(settings: Settings, instrument: str, version: str, ahead_s: float) -> None:
    """An instrument's side calls."""
    query: dict[str, str | int] = {"instrument": instrument, "now_ns": time.time_ns() + int(ahead_s * 1e9)}
    url = f"{settings.service_url('job_repository')}/api/v2/captures/ended"
    assert requests.get(url, params=query, headers={"X-Labrelay-Version": version}, timeout=10).ok


def test_redis_that_forgets_is_found_with_the_command_that_mends_it(sick: Settings) -> None:
    assert all(finding.well for finding in found(sick, stores.live_store).values())
    with redis.Redis.from_url(sick.redis_url) as client:
        changed = {"appendonly": "no", "maxmemory-policy": "allkeys-lru", "maxmemory": 900_000_000}
        before = {name: client.config_get(name)[name] for name in changed}
        for name, value in changed.items():
            client.config_set(name, value)
        told = found(sick, stores.live_store)
        for name, value in before.items():
            client.config_set(name, value)
    assert [check for check, finding in told.items() if not finding.well] == [
        "redis append-only file",
        "redis eviction",
    ]
    assert told["redis append-only file"].command == "redis-cli config set appendonly yes"


def test_overdue_failed_and_forgotten_jobs_are_told_by_reason(sick: Settings) -> None:
    api = api_of(sick)
    for path in ("a.tif", "b.tif"):
        job_id = ready(sick, path)
        api.step(job_id, "overdue", reason="The cluster is booked.")
    (left,) = api.announce("c.tif", b"c")["jobs"]
    failure = {"code": "test", "cause": "a test", "next_step": "retry", "retryable": True, "owner": "task-launcher"}
    api.step(left, "fail", failure=failure)
    told = [each for each in jobs.overdue(Patient(sick)) if "booked" in each.detail]
    assert [(each.severity, each.detail) for each in told] == [(Severity.LOOK, "2 jobs: The cluster is booked.")]
    assert "1 test" in found(sick, jobs.failed)["failures"].detail


def test_jobs_that_nobody_takes_further_are_found(sick: Settings) -> None:
    job_id = ready(sick, "forgotten.tif")
    time.sleep(0.15)
    patient = Patient(sick)
    assert patient.health, Client.of(sick, "job_repository", retries=0).get("/api/v2/health")
    (standing,) = jobs.unattended(patient)
    assert job_id in standing.command
    assert (standing.severity, "task-launcher" in standing.detail) == (Severity.BROKEN, True)


def test_the_other_sides_version_and_clock_are_compared(sick: Settings) -> None:
    feed(sick, "old-reader", "0.0.1", ahead_s=600)
    feed(sick, "good-reader", "", ahead_s=0.5)
    told = found(sick, services.other_side)
    bad = sorted(check for check, finding in told.items() if not finding.well)
    assert bad == ["clock instrument old-reader", "version instrument old-reader"]
    assert "600 s ahead" in told["clock instrument old-reader"].detail


def test_an_instrument_that_fell_silent_is_found(sick: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    feed(sick, "quiet-reader", "", ahead_s=0)
    api_of(sick).announce("waits.tif", b"waits")
    monkeypatch.setattr(instruments, "SILENT_S", 0.01)
    time.sleep(0.1)
    told = found(sick, instruments.silent)
    assert {"instrument quiet-reader", "instrument oem"} <= told.keys()


def test_stores_that_disagree_are_found(sick: Settings) -> None:
    (lost,) = api_of(sick).announce("lost.tif", b"lost")["jobs"]
    assert "stores disagree" not in found(sick, stores.record)
    with redis.Redis.from_url(sick.redis_url) as client:
        client.delete(f"jobs:job:{lost}")
    disagrees = found(sick, stores.record)["stores disagree"]
    assert (disagrees.severity, lost in disagrees.detail) == (Severity.BROKEN, True)


def test_leftovers_of_all_kinds_are_found(sick: Settings) -> None:
    layout, api = sick.gateway_layout, api_of(sick)
    job_id = ready(sick, "sealed.tif", there=False)
    assert not found(sick, leftovers.missing)["inputs of waiting jobs"].well
    layout.input_blob("oem", sha256(b"sealed.tif")).write_bytes(b"sealed.tif")
    assert found(sick, leftovers.missing)["inputs of waiting jobs"].well
    api.seal(sick, job_id, "out.tif", b"pixels")
    assert all(finding.well for finding in found(sick, leftovers.sealed, deep=True).values())
    (output,) = layout.outputs(job_id, api.job(job_id)["epoch"], 1).iterdir()
    output.write_bytes(b"PIXELS")
    broken = found(sick, leftovers.sealed, deep=True)["sealed outputs"]
    assert (broken.severity, job_id in broken.detail) == (Severity.BROKEN, True)
    output.unlink()
    assert not found(sick, leftovers.missing)["outputs that wait for their instrument"].well


def test_files_of_nobody_and_old_temporary_ones_are_found(sick: Settings) -> None:
    layout = sick.gateway_layout
    assert [each.well for each in leftovers.temporary(Patient(sick))] == [True]
    stranger = "00000000-0000-4000-8000-00000000dead"
    for folder in (layout.outputs(stranger, 1, 1), layout.work(stranger, 1, 1)):
        folder.mkdir(parents=True)
    stray = layout.input_blob("oem", "e" * 64)
    part = stray.with_name(".x.labrelay-part")
    stray.parent.mkdir(parents=True)
    for file in (stray, part):
        file.touch()
        os.utime(file, (time.time() - 2 * DAY_S,) * 2)
    told = found(sick, leftovers.orphans)
    assert {check for check, finding in told.items() if finding.severity is Severity.NOTE} == {
        "orphans in outputs",
        "orphans in work",
        "orphans in inputs",
    }
    assert part.name in found(sick, leftovers.temporary)["temporary files"].detail


def test_backups_that_are_due_are_told(sick: Settings) -> None:
    told = found(sick, stores.backup)["backup"]
    assert (told.severity, told.detail) == (Severity.NOTE, "the record was never backed up")
    for age_s, severity in ((2 * DAY_S, Severity.OK), (9 * DAY_S, Severity.LOOK)):
        made_ns = time.time_ns() - age_s * 10**9
        sick.gateway_layout.last_backup.write_text(f'{{"made_ns": {made_ns}, "file": "x", "size": 1}}')
        assert found(sick, stores.backup)["backup"].severity is severity
    sick.gateway_layout.last_backup.unlink()


class Told(Patient):
    """A machine of which the answers are known."""

    def __init__(self, settings: Settings, health: dict[str, Any]) -> None:
        super().__init__(settings)
        self.__dict__["health"] = health


def test_pipelines_that_fail_everything_and_queues_that_grow_are_told(settings: Settings) -> None:
    attempts = {"nuclei": {"worked": 0, "failed": 3}, "cells": {"worked": 1, "failed": 9}}
    flow = {"arrived": 500, "ended": 100, "waiting": 400, "over_s": 600.0}
    patient = Told(settings, {"pipelines": attempts, "flow": flow})
    assert [(each.check, each.well) for each in pipelines.failing(patient)] == [("pipeline nuclei", False)]
    assert [each.well for each in pipelines.queue(patient)] == [False]
    calm = Told(settings, {"flow": {**flow, "ended": 480}})
    assert [each.well for each in pipelines.queue(calm)] == [True]


def test_settings_that_fight_each_other_are_named(tmp_path: Path) -> None:
    folder = WatchedFolder(path=tmp_path, stable_s=60)
    settings = Settings(
        data=tmp_path / "data",
        oem=Oem(folders=(folder,)),
        launcher=Launcher(lease_s=100, deadline_s=50, overdue_s=20),
        plates=Plates(quiet_s=10),
        storage=Storage(keep_free_bytes=10**18),
        backup=Backup(folder=tmp_path / "data" / "backups"),
    )
    told = " ".join(finding.detail for finding in machine.quarrels(Patient(settings)))
    for word in ("lease_s", "overdue_s", "quiet_s", "keep_free_bytes", "capture its own", "backup.folder"):
        assert word in told
    assert [each.well for each in machine.quarrels(Patient(Settings(data=tmp_path / "elsewhere")))] == [True]


def test_a_disk_near_its_watermark_is_told(settings: Settings) -> None:
    full = settings.model_copy(update={"storage": Storage(watermark=0.0001, keep_free_bytes=0)})
    assert found(full, machine.disks)["disk"].severity is Severity.BROKEN
    assert "df -h" in found(full, machine.disks)["disk"].command


def test_a_machine_where_only_the_instruments_side_runs_misses_no_gateway(settings: Settings) -> None:
    away = settings.model_copy(update={"oem": settings.oem.model_copy(update={"edge_url": "http://127.0.0.1:9"})})
    patient = Patient(away)
    patient.__dict__["answers"] = dict.fromkeys(OEM, "ready") | dict.fromkeys(GATEWAY, OSError())
    assert (patient.is_oem, patient.is_gateway) == (True, False)
    told = {finding.check: finding for finding in services.services(patient)}
    assert (told["job-repository"].severity, told["file-watcher"].severity) == (Severity.NOTE, Severity.OK)


def test_every_finding_that_needs_a_person_says_what_to_do(sick: Settings) -> None:
    findings = [finding for check in CHECKS for finding in check(Patient(sick))]
    assert all(finding.next_step for finding in findings if not finding.well)
    assert {finding.document["well"] for finding in findings} == {True, False}


def test_what_is_found_is_drawn_in_each_readers_language_and_kept_in_english(sick: Settings) -> None:
    findings = [finding for check in CHECKS for finding in check(Patient(sick)) if not finding.foreign]
    assert len(findings) > 10
    for each in findings:
        assert (each.document["detail"], _(each.detail)) == (str(each.detail), each.detail)
        with speaking("zh-Hans"):
            assert not _(each.detail).isascii(), each
            assert not _(each.next_step).isascii() or not each.next_step, each


def test_failures_that_somebody_accepted_need_nobody(settings: Settings) -> None:
    patient = Patient(settings)
    for open_failed, well in ((0, True), (1, False)):
        patient.ask = lambda *_, **__: {"failures": {"disk": 2}, "open": {"failed": open_failed}}  # type: ignore[method-assign]  # noqa: B023
        (told,) = jobs.failed(patient)
        assert (told.well, told.detail) == (well, f"2 failed (2 disk); {2 - open_failed} accepted as missing")


def test_parameters_are_numbers_and_messages_of_their_own() -> None:
    step = Message("{jobs} waiting", jobs=jobs.number_of(1200))
    assert (step, jobs.number_of(1), Message("{path} is there", path="{0}")) == (
        "1,200 jobs waiting",
        "1 job",
        "{0} is there",
    )
    with speaking("zh-Hans"):
        assert _(step) == "1,200 个作业在等待"
