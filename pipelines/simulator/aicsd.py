"""The test pipelines as AiCSD's pipelines are written: Redis pub/sub in, PUT and POST out.

Nothing of labrelay is used or known here, above all no claims and leases: that this works proves that pipelines written
for AiCSD run unmodified. Format: wire format, sections B.4 and B.5.
"""

import base64
import json
import logging
import threading
from pathlib import Path
from typing import Any, Final

import redis
import requests

from pipelines.simulator.simulation import SIMULATIONS, Simulation, copies

RESOURCE: Final = "PipelineParameters"
TIMEOUT_S: Final = 15
_log = logging.getLogger(__name__)


class Subscriber:
    """Listens on the channels of the four topics and answers each launch as it comes.

    Args:
        redis_url: address of the message bus.
    """

    def __init__(self, redis_url: str) -> None:
        self._redis = redis.Redis.from_url(redis_url, decode_responses=True)
        self._stop = threading.Event()
        self.subscribed = threading.Event()
        self._thread = threading.Thread(target=self._run, name="aicsd-simulator", daemon=True)

    def start(self) -> None:
        """Begin to listen."""
        self._thread.start()

    def stop(self) -> None:
        """Stop listening."""
        self._stop.set()
        self._thread.join(TIMEOUT_S)
        self._redis.close()

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                self._listen()
            except redis.RedisError as error:
                _log.warning("message bus lost, subscribing again: %s", error)
                self._stop.wait(1.0)

    def _listen(self) -> None:
        with self._redis.pubsub() as subscription:  # type: ignore[no-untyped-call]
            subscription.psubscribe(*(topic.replace("/", ".").replace("#", "*") for topic in SIMULATIONS))
            while not self._stop.is_set():
                message = subscription.get_message(timeout=0.5)
                if message and message["type"] == "psubscribe":
                    self.subscribed.set()
                if message and message["type"] == "pmessage":
                    answer(message["channel"].replace(".", "/"), message["data"])


def answer(topic: str, message: str) -> None:
    """Do what one launch message asks for; what isn't a launch is logged and left."""
    try:
        parameters = launch_parameters(message)
        body = report(SIMULATIONS[topic], parameters)
        _call("PUT", parameters["JobUpdateUrl"], json=body)
        _call("POST", parameters["PipelineStatusUrl"], data=body["Status"], headers={"Content-Type": "text/plain"})
    except (ValueError, TypeError, LookupError) as error:
        _log.error("not a launch on %s: %s", topic, error)
    except requests.RequestException as error:
        _log.error("callback failed: %s", error)


def launch_parameters(message: str) -> dict[str, Any]:
    """The flat parameters in a message envelope.

    Raises:
        ValueError: it isn't a launch event.
    """
    event = json.loads(base64.b64decode(json.loads(message)["payload"]))
    reading = event["readings"][0]
    if len(event["readings"]) != 1 or event["sourceName"] != RESOURCE or reading["resourceName"] != RESOURCE:
        raise ValueError("the event has another resource")
    if reading["valueType"] != "Object":
        raise ValueError("the reading is no object")
    value: dict[str, Any] = reading["objectValue"]
    return value


def report(simulation: Simulation, parameters: dict[str, Any]) -> dict[str, Any]:
    """Write the outputs; the body of the PUT."""
    folder = Path(parameters["OutputFileFolder"])
    try:
        folder.mkdir(parents=True, exist_ok=True)
        made = copies(simulation, Path(parameters["InputFileLocation"]), folder)
    except OSError as error:
        _log.error("simulation failed: %s", error)
        return {"Status": "PipelineFailed", "QCFlags": "", "OutputFiles": [], "Results": ""}
    return {
        "Status": "PipelineComplete",
        "QCFlags": simulation.qc_flags,
        "OutputFiles": [output_file(path) for path in made],
        "Results": simulation.results,
    }


def output_file(path: Path) -> dict[str, Any]:
    """One of the report's OutputFiles."""
    return {
        "DirName": str(path.parent),
        "Name": path.name,
        "Extension": path.suffix,
        "ArchiveName": "",
        "Viewable": "",
        "Status": "",
        "ErrorDetails": None,
        "Owner": "",
    }


def _call(method: str, url: str, **options: Any) -> None:
    response = requests.request(method, url, timeout=TIMEOUT_S, **options)
    response.raise_for_status()
