"""Alarms go out over real HTTP, SMTP and MQTT, signed and whole, and no secret goes along."""

import base64
import hashlib
import hmac
import json
import os
import queue
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from job_repository.alarms.channels import EmailWay, MessageRefused, MqttWay, SecretUnreadable, WebhookWay, channels_of
from job_repository.alarms.messages import Message
from labrelay.contracts.alarms import Alarm, AlarmKind, AlarmState
from labrelay.settings import Settings
from labrelay.settings.alarms import Alarms, Email, Webhook
from labrelay.settings.model import Mqtt
from tests.job_repository.alarms.receivers import mail_server, webhook
from tests.ports import take_port

KEYS = [b"k" * 24, b"n" * 32]
MOSQUITTO = shutil.which("mosquitto", path=os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin")))
ALARM = Alarm(
    number=7,
    kind=AlarmKind.SILENT,
    subject="Leser-ü",
    state=AlarmState.RAISED,
    cause="No file from Leser-ü\nfor 12 min.",
    next_step="Look at the instrument.",
    raised_ns=1_790_000_000_000_000_000,
)
MESSAGE = Message(3, "webhook", "raised", "msg_1", ALARM, ALARM.raised_ns)


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    file = tmp_path / "secret"
    file.write_text("".join(f"whsec_{base64.b64encode(key).decode()}\n" for key in KEYS))
    return file


def test_a_receiver_can_verify_the_signature_with_either_secret(secret: Path) -> None:
    with webhook() as calls:
        WebhookWay(Webhook(url=calls.url, secret_file=secret), 5).send(MESSAGE)
    [(headers, body)] = calls.got
    assert headers["webhook-id"] == "msg_1"
    assert abs(int(headers["webhook-timestamp"]) - time.time()) < 60
    signed = f"msg_1.{headers['webhook-timestamp']}.".encode() + body
    for key, shown in zip(KEYS, headers["webhook-signature"].split(" "), strict=True):
        assert shown == "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    told = json.loads(body)
    assert (told["type"], told["data"]["number"], told["data"]["subject"]) == ("alarm.raised", 7, "Leser-ü")


@pytest.mark.parametrize("status", [302, 400, 500])
def test_any_other_answer_is_a_refusal_that_tells_no_address(secret: Path, status: int) -> None:
    with webhook() as calls:
        calls.answers = [status]
        with pytest.raises(MessageRefused) as refused:
            WebhookWay(Webhook(url=calls.url, secret_file=secret), 5).send(MESSAGE)
    assert refused.value.cause == f"The webhook answered {status}."
    assert len(calls.got) == 1


def test_nobody_there_is_a_refusal_that_tells_no_address(secret: Path) -> None:
    url = f"http://127.0.0.1:{take_port()}/t0p-secret"
    with pytest.raises(MessageRefused) as refused:
        WebhookWay(Webhook(url=url, secret_file=secret), 5).send(MESSAGE)
    assert "t0p" not in refused.value.cause
    assert refused.value.__context__ is None or refused.value.__suppress_context__


@pytest.mark.parametrize("text", ["", "plain-words", "whsec_äh", "whsec_" + base64.b64encode(b"short").decode()])
def test_a_secret_that_is_none_is_said_without_telling_it(tmp_path: Path, text: str) -> None:
    file = tmp_path / "secret"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(SecretUnreadable) as refused:
        WebhookWay(Webhook(url="http://127.0.0.1:9/x", secret_file=file), 5).send(MESSAGE)
    assert not text or text not in refused.value.cause


def test_a_letter_reaches_everybody_with_a_subject_in_one_line() -> None:
    with mail_server() as box:
        EmailWay(Email(host="127.0.0.1", port=box.port, to=("ada@lab", "otto@lab")), 5).send(MESSAGE)
    [letter] = box.letters
    assert "To: ada@lab, otto@lab" in letter
    assert "Message-ID: <msg_1@labrelay>" in letter
    assert letter.count("Subject:") == 1


def test_a_refused_address_is_told() -> None:
    with mail_server() as box:
        way = EmailWay(Email(host="127.0.0.1", port=box.port, to=("ada@lab", "nobody@lab")), 5)
        with pytest.raises(MessageRefused, match="1 of 2"):
            way.send(MESSAGE)


def test_without_a_mail_server_it_is_a_refusal() -> None:
    with pytest.raises(MessageRefused):
        EmailWay(Email(host="127.0.0.1", port=take_port(), to=("ada@lab",)), 2).send(MESSAGE)


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Mqtt]:
    if MOSQUITTO is None and os.environ.get("CI") != "true":
        pytest.skip("mosquitto isn't installed")
    assert MOSQUITTO, "CI has no mosquitto"
    port, file = take_port(), tmp_path / "mosquitto.conf"
    file.write_text(f"listener {port} 127.0.0.1\nallow_anonymous true\n")
    process = subprocess.Popen([MOSQUITTO, "-c", str(file)], stderr=subprocess.DEVNULL)
    yield Mqtt(host="127.0.0.1", port=port)
    process.terminate()
    process.wait(10)


@pytest.mark.process
def test_the_broker_gets_the_same_document(broker: Mqtt) -> None:
    heard: queue.Queue[bytes] = queue.Queue()
    listener = paho.Client(CallbackAPIVersion.VERSION2)
    listener.on_connect = lambda client, *_: client.subscribe("lab/alarms", qos=1)
    ready: queue.Queue[bool] = queue.Queue()
    listener.on_subscribe = lambda *_: ready.put(True)
    listener.on_message = lambda _client, _data, message: heard.put(bytes(message.payload))
    for _ in range(100):
        try:
            listener.connect(broker.host, broker.port)
            break
        except OSError:
            time.sleep(0.1)
    listener.loop_start()
    ready.get(timeout=20)
    assert MqttWay(broker, "lab/alarms", 5).send(MESSAGE) == "acknowledged by the broker"
    assert json.loads(heard.get(timeout=20))["data"]["number"] == 7
    listener.loop_stop()


def test_without_a_broker_it_is_a_refusal() -> None:
    with pytest.raises(MessageRefused):
        MqttWay(Mqtt(host="127.0.0.1", port=take_port()), "t", 2).send(MESSAGE)


def test_the_list_of_channels_holds_no_secret(secret: Path) -> None:
    hook = Webhook(url="https://user:pass@hooks.example/services/T0P/SECRET", secret_file=secret)
    settings = Settings(alarms=Alarms(webhook=hook, email=Email(host="mail", to=("ada@lab",))))
    assert [(each.name, each.target) for each in channels_of(settings)] == [
        ("webhook", "hooks.example"),
        ("email", "ada@lab"),
    ]


@pytest.mark.parametrize(
    "told",
    [
        {"webhook": {"url": "http://x"}},
        {"webhook": {"url": "ftp://x", "secret_file": "s"}},
        {"email": {"host": "mail"}},
        {"email": {"host": "mail", "to": ["a@b"], "user": "u"}},
        {"email": {"host": "mail", "to": ["a@b\nBcc: c@d"]}},
        {"mqtt": {"topic": "lab/#"}},
    ],
)
def test_settings_that_cannot_work_are_refused(told: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"[a-z]"):
        Alarms.model_validate(told)
