"""Launches and results on a real MQTT broker, and no harm without one."""

import base64
import json
import os
import queue
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import paho.mqtt.client as paho
import pytest
import redis
import requests
from paho.mqtt.enums import CallbackAPIVersion

from labrelay.contracts.aicsd import PipelineParameters
from labrelay.contracts.jobs import PipelineReport
from labrelay.contracts.states import PipelineStatus, Stage
from labrelay.errors import ServiceUnavailable
from labrelay.http.client import Client
from labrelay.settings import Settings
from labrelay.settings.model import Mqtt
from task_launcher import launching
from task_launcher.mqtt import Broker
from task_launcher.plate_news import PlateNews
from task_launcher.results import Results, result_text
from task_launcher.service import live_store
from tests.ports import take_port
from tests.task_launcher.conftest import store_blob
from tests.task_launcher.double import Repository, a_job, a_task
from tests.task_launcher.plates import FinishedPlatesDouble

MOSQUITTO = shutil.which("mosquitto", path=os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin")))
Messages = Callable[[], tuple[str, str]]


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"mqtt": Mqtt(host="127.0.0.1", port=take_port())})


@pytest.fixture
def broker(settings: Settings, tmp_path: Path) -> Iterator[None]:
    if MOSQUITTO is None and os.environ.get("CI") != "true":
        pytest.skip("mosquitto isn't installed")
    assert MOSQUITTO, "CI has no mosquitto"
    file = tmp_path / "mosquitto.conf"
    file.write_text(f"listener {settings.mqtt.port} 127.0.0.1\nallow_anonymous true\n")
    process = subprocess.Popen([MOSQUITTO, "-c", str(file)], stderr=subprocess.DEVNULL)
    yield
    process.terminate()
    process.wait(10)


@pytest.fixture
def messages(settings: Settings, broker: None) -> Iterator[Messages]:
    """The next message of `mqtt-export/#`, as topic and text."""
    inbox: queue.Queue[tuple[str, str]] = queue.Queue()
    ready: queue.Queue[None] = queue.Queue()
    client = paho.Client(CallbackAPIVersion.VERSION2)
    client.on_message = lambda _client, _data, message: inbox.put((message.topic, message.payload.decode()))
    client.on_connect = _subscribe
    client.on_subscribe = lambda *_: ready.put(None)
    _connect(client, settings.mqtt.port)
    client.loop_start()
    ready.get(timeout=5)
    yield lambda: inbox.get(timeout=8)
    client.disconnect()
    client.loop_stop()


def _subscribe(client: paho.Client, *_: Any) -> None:
    client.subscribe("mqtt-export/#", qos=1)


def _connect(client: paho.Client, port: int) -> None:
    for _ in range(100):
        try:
            client.connect("127.0.0.1", port)
        except ConnectionRefusedError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError("mosquitto doesn't come up")


def test_an_ovms_pipeline_gets_flat_parameters_and_its_results_are_exported(
    messages: Messages, repository: Repository, settings: Settings, launcher: Client
) -> None:
    digest, _ = store_blob(settings)
    job = repository.add(a_job(a_task("ovms/resnet", carrier="aicsd-mqtt"), sha256=digest))
    topic, text = messages()
    launch = PipelineParameters.model_validate(json.loads(text))
    assert topic == "mqtt-export/pipeline/params"
    assert Path(launch.input_file_location).is_file()
    body = {"Status": "PipelineComplete", "Results": "CellCount, 598"}
    assert requests.put(launch.job_update_url, json=body, timeout=10).status_code == 200
    assert requests.post(launch.pipeline_status_url, data="PipelineComplete", timeout=10).status_code == 200
    assert messages() == (
        "mqtt-export/pipeline/inferenceResults",
        "filename:oem=/in/plate1/A01.tiff; results:CellCount, 598",
    )
    assert repository.stage(job.id) is Stage.COMPLETE


def test_without_a_broker_launches_wait_and_say_so(
    repository: Repository, settings: Settings, launcher: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(launching, "QUIET_S", 60)
    digest, _ = store_blob(settings)
    job = repository.add(a_job(a_task("ovms/resnet", carrier="aicsd-mqtt"), sha256=digest))
    end = time.monotonic() + 10
    while "MQTT broker" not in repository.jobs[job.id].overdue:
        assert time.monotonic() < end
        time.sleep(0.02)
    assert repository.stage(job.id) is Stage.READY


def test_finished_plates_are_told_once_and_gone_on_with(messages: Messages, settings: Settings, tmp_path: Path) -> None:
    plates = FinishedPlatesDouble(settings.ports.job_repository)
    plates.finish(3)
    with plates.serving():
        news = PlateNews(Client(plates.url), Broker(settings.mqtt), tmp_path / "cursor")
        news.turn()  # the first turn ever begins with now
        plates.finish(7)
        news.turn()
        plates.finish(9)
        PlateNews(Client(plates.url), Broker(settings.mqtt), tmp_path / "cursor").turn()
    told = [messages(), messages()]
    assert {topic for topic, _ in told} == {"mqtt-export/plates/finished"}
    assert [json.loads(text)["edition"] for _, text in told] == [7, 9]


def test_a_broker_that_is_not_set_is_named() -> None:
    with pytest.raises(ServiceUnavailable, match="No MQTT broker is set"):
        Broker(Mqtt()).send("topic", "text")


def test_results_go_to_redis_as_an_envelope_of_plain_text(redis_url: str) -> None:
    report = PipelineReport(status=PipelineStatus.COMPLETE, results="CellCount, 101")
    job = a_job(report=report)
    with redis.Redis.from_url(redis_url, decode_responses=True) as live, live.pubsub() as subscription:
        subscription.subscribe("pipeline.inferenceResults")
        assert subscription.get_message(timeout=2)
        Results(Mqtt(), live, Broker(Mqtt())).export(job)
        message = subscription.get_message(ignore_subscribe_messages=True, timeout=2)
        assert message
        envelope = json.loads(message["data"])
    assert envelope["contentType"] == "text/plain"
    assert base64.b64decode(envelope["payload"]).decode() == result_text(job)


def test_an_export_that_fails_raises_nothing(free_port: int) -> None:
    mqtt = Mqtt(host="127.0.0.1", port=free_port)
    job = a_job(report=PipelineReport(status=PipelineStatus.COMPLETE, results="CellCount, 1"))
    with live_store(f"redis://127.0.0.1:{free_port}/0") as nowhere:
        Results(mqtt, nowhere, Broker(mqtt, wait_s=0.05)).export(job)
