"""One lasting connection to the MQTT broker; what it takes is at the broker when `send` returns (QoS 1)."""

import threading
from typing import Final
from uuid import uuid4

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

from labrelay.errors import ServiceUnavailable
from labrelay.settings.model import Mqtt

WAIT_S: Final = 3.0


class Broker:
    """A publisher; connects at the first message and again by itself.

    Args:
        settings: host and port of the broker.
        wait_s: seconds that a message may take.
    """

    def __init__(self, settings: Mqtt, wait_s: float = WAIT_S) -> None:
        self._settings = settings
        self._wait_s = wait_s
        self._lock = threading.Lock()
        self._connected = threading.Event()
        self._client: paho.Client | None = None

    def send(self, topic: str, payload: str) -> None:
        """Publish and wait for the broker's acknowledgement.

        Raises:
            ServiceUnavailable: there is no broker set, or it doesn't answer in time.
        """
        with self._lock:
            client = self._client = self._client or self._connect()
        if not self._connected.wait(self._wait_s):
            raise ServiceUnavailable(f"The MQTT broker {self._address} doesn't answer.")
        try:
            message = client.publish(topic, payload, qos=1)
            message.wait_for_publish(self._wait_s)
            taken = message.is_published()
        except (RuntimeError, ValueError) as error:
            raise ServiceUnavailable(f"The MQTT broker {self._address} didn't take a message: {error}.") from error
        if not taken:
            raise ServiceUnavailable(f"The MQTT broker {self._address} didn't acknowledge a message.")

    def close(self) -> None:
        """Disconnect."""
        with self._lock:
            client, self._client = self._client, None
        if client is not None:
            client.disconnect()
            client.loop_stop()

    @property
    def _address(self) -> str:
        return f"{self._settings.host}:{self._settings.port}"

    def _connect(self) -> paho.Client:
        if not self._settings.host:
            raise ServiceUnavailable("No MQTT broker is set.", next_step="Set mqtt.host in labrelay.toml.")
        client = paho.Client(CallbackAPIVersion.VERSION2, client_id=f"labrelay-{uuid4().hex[:12]}")
        client.on_connect = lambda *_: self._connected.set()
        client.on_disconnect = lambda *_: self._connected.clear()
        client.reconnect_delay_set(1, 10)
        client.connect_async(self._settings.host, self._settings.port)
        client.loop_start()
        return client
