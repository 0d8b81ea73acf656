"""Ways out for alarms. Each says in words what became of a message; no secret enters a message, a log or a page."""

import base64
import binascii
import hashlib
import hmac
import smtplib
import ssl
import time
from collections.abc import Mapping
from email.message import EmailMessage
from pathlib import Path
from typing import Final, Protocol
from urllib.parse import urlsplit

import requests

from job_repository.alarms.messages import Message
from labrelay.contracts.alarms import Channel, ChannelName
from labrelay.errors import LabrelayError
from labrelay.settings import Settings
from labrelay.settings.alarms import Email, Webhook
from labrelay.settings.model import Mqtt

PREFIX: Final = "whsec_"
LEAST_KEY: Final = 16
"""Bytes; Standard Webhooks asks for 24 to 64."""
LONGEST_SECRET: Final = 4096


class MessageRefused(LabrelayError):
    """A message didn't go out."""

    code = "message_refused"
    retryable = True
    status = 502
    default_next_step = "See that the other side runs and that the section [alarms] of labrelay.toml names it rightly."


class SecretUnreadable(MessageRefused):
    """A secret file can't be read, or holds no such secret."""

    code = "secret_unreadable"
    default_next_step = "Put the secret into the file that the section [alarms] names, readable for labrelay alone."


class Way(Protocol):
    """One channel."""

    def send(self, message: Message) -> str:
        """Send it; what the other side answered.

        Raises:
            MessageRefused: it wasn't taken.
        """


class WebhookWay:
    """Standard Webhooks 1.0: `webhook-id`, `webhook-timestamp`, `webhook-signature` (`v1`, HMAC-SHA256)."""

    def __init__(self, settings: Webhook, timeout_s: float) -> None:
        self._settings = settings
        self._timeout_s = timeout_s

    def send(self, message: Message) -> str:
        """POST it; what answers otherwise than 2xx, or leads elsewhere, didn't take it."""
        body = message.payload.encode()
        at = str(int(time.time()))
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "labrelay",
            "webhook-id": message.id,
            "webhook-timestamp": at,
            "webhook-signature": signatures(secrets_of(self._settings.secret_file), message.id, at, body),
        }
        try:
            with requests.post(
                self._settings.url,
                data=body,
                headers=headers,
                timeout=self._timeout_s,
                allow_redirects=False,
                stream=True,
            ) as answer:
                status = answer.status_code
        except requests.RequestException as error:  # its text may hold the address, and that a secret
            raise MessageRefused(f"The webhook doesn't answer ({type(error).__name__}).") from None
        if not 200 <= status < 300:
            raise MessageRefused(f"The webhook answered {status}.")
        return f"answered {status}"


class EmailWay:
    """An SMTP server of the lab."""

    def __init__(self, settings: Email, timeout_s: float) -> None:
        self._settings = settings
        self._timeout_s = timeout_s

    def send(self, message: Message) -> str:
        """Hand it over; it is taken when the server takes it for everybody."""
        host, port = self._settings.host, self._settings.port
        try:
            with smtplib.SMTP(host, port, timeout=self._timeout_s) as server:
                if self._settings.starttls:
                    server.starttls(context=ssl.create_default_context())
                if self._settings.user and self._settings.password_file:
                    server.login(self._settings.user, _line(self._settings.password_file))
                refused = server.send_message(self._letter(message))
        except smtplib.SMTPResponseException as error:
            raise MessageRefused(f"The mail server answered {error.smtp_code}.") from None
        except (OSError, smtplib.SMTPException) as error:
            raise MessageRefused(f"The mail server doesn't take it ({type(error).__name__}).") from None
        if refused:
            raise MessageRefused(f"The mail server refused {len(refused)} of {len(self._settings.to)} addresses.")
        return "taken by the mail server"

    def _letter(self, message: Message) -> EmailMessage:
        letter = EmailMessage()
        letter["From"], letter["To"] = self._settings.sender, ", ".join(self._settings.to)
        letter["Subject"], letter["Message-ID"] = message.subject, f"<{message.id}@labrelay>"
        letter["Auto-Submitted"] = "auto-generated"
        letter.set_content(message.text)
        return letter


class MqttWay:
    """The broker of `[mqtt]`; QoS 1."""

    def __init__(self, settings: Mqtt, topic: str, timeout_s: float) -> None:
        self._settings = settings
        self._topic = topic
        self._timeout_s = timeout_s

    def send(self, message: Message) -> str:
        """Publish it and wait for the acknowledgement; alarms are rare, so each has a connection of its own."""
        import paho.mqtt.client as paho
        from paho.mqtt.enums import CallbackAPIVersion

        client = paho.Client(CallbackAPIVersion.VERSION2)
        client.connect_timeout = self._timeout_s
        try:
            client.connect(self._settings.host, self._settings.port)
            client.loop_start()
            told = client.publish(self._topic, message.payload, qos=1)
            told.wait_for_publish(self._timeout_s)
            taken = told.is_published()
        except (OSError, RuntimeError, ValueError) as error:
            raise MessageRefused(f"The MQTT broker doesn't take it ({type(error).__name__}).") from None
        finally:
            client.disconnect()
            client.loop_stop()
        if not taken:
            raise MessageRefused("The MQTT broker didn't acknowledge it.")
        return "acknowledged by the broker"


def ways_of(settings: Settings) -> dict[ChannelName, Way]:
    """The channels that are set."""
    told, ways = settings.alarms, dict[ChannelName, Way]()
    if told.webhook.url:
        ways["webhook"] = WebhookWay(told.webhook, told.timeout_s)
    if told.email.host:
        ways["email"] = EmailWay(told.email, told.timeout_s)
    if told.mqtt.topic and settings.mqtt.host:
        ways["mqtt"] = MqttWay(settings.mqtt, told.mqtt.topic, told.timeout_s)
    return ways


def channels_of(settings: Settings) -> tuple[Channel, ...]:
    """The same for people: of a webhook only its host, as its path is often a secret."""
    told = settings.alarms
    targets: Mapping[ChannelName, str] = {
        "webhook": urlsplit(told.webhook.url).hostname or "",
        "email": ", ".join(told.email.to),
        "mqtt": f"{told.mqtt.topic} ({settings.mqtt.host})",
    }
    return tuple(Channel(name=name, target=targets[name]) for name in ways_of(settings))


def signatures(keys: list[bytes], message_id: str, at: str, body: bytes) -> str:
    """`webhook-signature`: one `v1,…` for each key (Standard Webhooks 1.0, section "Signature scheme")."""
    signed = f"{message_id}.{at}.".encode() + body
    made = [base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode() for key in keys]
    return " ".join(f"v1,{each}" for each in made)


def secrets_of(file: Path | None) -> list[bytes]:
    """The keys of a secret file, read anew each time.

    Raises:
        SecretUnreadable: it can't be read, or a line holds no such secret.
    """
    keys = [_key(line) for line in _text(file).split()]
    if not keys:
        raise SecretUnreadable("The secret file of the webhook is empty.")
    return keys[:2]


def _key(line: str) -> bytes:
    try:
        key = base64.b64decode(line.removeprefix(PREFIX), validate=True)
    except binascii.Error:
        key = b""
    if not line.startswith(PREFIX) or len(key) < LEAST_KEY:
        raise SecretUnreadable(f"The secret file of the webhook holds no secret of the form {PREFIX}… (base64).")
    return key


def _line(file: Path) -> str:
    return _text(file).strip()


def _text(file: Path | None) -> str:
    try:
        return file.read_text(encoding="ascii")[:LONGEST_SECRET] if file else ""
    except (OSError, UnicodeError) as error:
        raise SecretUnreadable(f"A secret file of [alarms] can't be read ({type(error).__name__}).") from None
