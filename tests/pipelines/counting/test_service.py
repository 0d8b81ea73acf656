"""The Bento as processes: answers posted images, takes launches, and leaves nobody behind."""

import io
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import bentoml
import numpy as np
import psutil
import pytest
import requests
import tifffile

from pipelines.sdk.lifeline import alive
from tests.pipelines.counting.conftest import Field, Service, serving
from tests.pipelines.gateway_double import GatewayDouble
from tests.polling import until

pytestmark = pytest.mark.process


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory, model: Path, redis_server: str) -> Iterator[Service]:
    with serving(tmp_path_factory.mktemp("service"), model, LABRELAY_REDIS__URL=redis_server) as service:
        yield service


def post(service: Service, call: str, path: Path, **options: Any) -> requests.Response:
    with path.open("rb") as image:
        return requests.post(f"{service.url}/{call}", files={"image": image}, timeout=60, **options)


def report_of(gateway: GatewayDouble, path: Path, **parameters: str) -> dict[str, Any]:
    """What the service reports of an image that was launched."""
    job = gateway.launch(path, "nuclei", lease_s=5.0, parameters=parameters)
    report: dict[str, Any] = until(lambda: job.stage == "finished" and job.report, seconds=30)
    return report


def test_a_posted_image_is_counted(service: Service, discs: Field) -> None:
    answer = post(service, "segment", discs.path, data={"diameter_px": "24"})
    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert told["results"] == f"CellCount, {discs.count}"
    assert told["measurements"]["count"] == discs.count
    assert told["model"]["name"] == "discs"


def test_a_posted_image_gets_its_mask(service: Service, discs: Field) -> None:
    answer = post(service, "mask", discs.path, data={"diameter_px": "24"})
    assert answer.status_code == 200, answer.text
    assert tifffile.imread(io.BytesIO(answer.content)).max() == discs.count


def test_what_is_no_image_or_no_diameter_is_refused_with_the_reason(
    service: Service, image: Path, discs: Field
) -> None:
    no_image = post(service, "segment", image)
    assert (no_image.status_code, "image_unreadable" in no_image.text) == (422, True)
    no_diameter = post(service, "mask", discs.path, data={"diameter_px": "-1"})
    assert (no_diameter.status_code, "parameter_invalid" in no_diameter.text) == (422, True)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # BentoML uses a deprecated name of pathspec
def test_bentos_own_client_is_understood(service: Service, discs: Field) -> None:
    with bentoml.SyncHTTPClient(service.url) as client:
        told = client.segment(image=discs.path, diameter_px="24", objects=False)
        client._temp_dir.cleanup()  # BentoML leaves it to the garbage collector, which warns in another test's name
    assert (told["count"], "objects" in told) == (discs.count, False)


def test_bad_images_leave_the_service_as_it_was(service: Service, image: Path, discs: Field) -> None:
    worker = service.worker
    tifffile.imwrite(image.with_name("nan.tif"), np.full((64, 64), np.nan, np.float32))
    image.with_name("cut off.tif").write_bytes(discs.path.read_bytes()[:5000])
    for bad in (image, image.with_name("nan.tif"), image.with_name("cut off.tif")):
        assert post(service, "segment", bad).status_code == 422
    assert post(service, "segment", discs.path, data={"diameter_px": "24"}).json()["count"] == discs.count
    assert service.worker == worker


def test_it_says_that_it_lives_and_is_ready(service: Service) -> None:
    assert [requests.get(f"{service.url}/{call}", timeout=5).status_code for call in ("livez", "readyz")] == [200, 200]


def test_ready_means_that_the_model_is_compiled(tmp_path: Path, model: Path, redis_url: str, discs: Field) -> None:
    folder = tmp_path / "package"
    with serving(tmp_path, folder, asked="livez", LABRELAY_REDIS__URL=redis_url, LABRELAY_WORKER="off") as service:
        until(lambda: "model.toml" in requests.get(f"{service.url}/readyz", timeout=5).text)
        assert requests.get(f"{service.url}/readyz", timeout=5).status_code == 503
        assert post(service, "segment", discs.path).json()["code"] == "model_package_invalid"
        shutil.copytree(model, folder)
        until(lambda: requests.get(f"{service.url}/readyz", timeout=5).ok, seconds=30)
        assert post(service, "segment", discs.path, data={"diameter_px": "24"}).json()["count"] == discs.count


def test_a_page_of_another_site_may_not_post(service: Service, discs: Field) -> None:
    assert post(service, "segment", discs.path, headers={"Origin": "https://elsewhere.example"}).status_code == 403


def test_a_launch_is_worked_and_counted_in_the_metrics(service: Service, gateway: GatewayDouble, discs: Field) -> None:
    report = report_of(gateway, discs.path, diameter_px="24")
    assert (report["Status"], report["Results"]) == ("PipelineComplete", f"CellCount, {discs.count}")
    assert [output["Name"] for output in report["OutputFiles"]] == [
        f"B02-s1_{kind}" for kind in ("labels.tif", "overlay.png", "objects.csv", "provenance.json")
    ]
    counted = 'labrelay_pipeline_attempts_total{ending="complete",pipeline="nuclei"} '
    until(lambda: counted in requests.get(f"{service.url}/metrics", timeout=5).text)


def test_a_damaged_image_fails_its_job_with_the_reason(service: Service, gateway: GatewayDouble, image: Path) -> None:
    tifffile.imwrite(image.with_name("nan.tif"), np.full((64, 64), np.nan, np.float32))
    codes = {image: "image_unreadable", image.with_name("nan.tif"): "image_not_supported"}
    for path, code in codes.items():
        report = report_of(gateway, path)
        assert (report["Status"], report["Failure"]["code"]) == ("PipelineFailed", code)


def test_an_image_of_nothing_completes_its_job_with_a_flag(
    service: Service, gateway: GatewayDouble, tmp_path: Path
) -> None:
    for name, shape, value in (("black.tif", (96, 96), 0), ("white.tif", (96, 96), 65_535), ("dot.tif", (1, 1), 9)):
        tifffile.imwrite(tmp_path / name, np.full(shape, value, np.uint16))
        report = report_of(gateway, tmp_path / name)
        assert (report["Status"], report["Results"]) == ("PipelineComplete", "CellCount, 0"), name
        assert report["QCFlags"] not in ("", "passed")


def test_it_is_one_arbiter_and_one_worker_and_logs_no_requests(service: Service, discs: Field) -> None:
    assert service.worker.ppid() == service.process.pid
    post(service, "segment", discs.path)
    assert "POST /segment" not in service.log.read_text()


def test_sigterm_stops_both_processes_cleanly(tmp_path: Path, model: Path, redis_url: str) -> None:
    with serving(tmp_path, model, LABRELAY_REDIS__URL=redis_url) as service:
        worker = service.worker
        service.process.send_signal(signal.SIGTERM)
        assert service.process.wait(20) == 0
        until(lambda: not alive(worker))
        assert "worker stopped" in service.log.read_text()


@pytest.mark.long
def test_the_worker_ends_with_a_killed_arbiter(tmp_path: Path, model: Path, redis_url: str) -> None:
    with serving(tmp_path, model, LABRELAY_REDIS__URL=redis_url) as service:
        worker = service.worker
        service.process.kill()
        until(lambda: not alive(worker))


def test_both_end_with_a_killed_supervisor(tmp_path: Path, model: Path, redis_url: str) -> None:
    supervisor = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(120)"])
    environment = {"LABRELAY_REDIS__URL": redis_url, "LABRELAY_PARENT_PID": str(supervisor.pid)}
    with serving(tmp_path, model, **environment) as service:
        family = [psutil.Process(service.process.pid), service.worker]
        supervisor.kill()
        supervisor.wait()
        service.process.wait(20)
        until(lambda: not any(alive(each) for each in family))
