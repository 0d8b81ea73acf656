"""AiCSD's carrier: EdgeX envelopes on Redis pub/sub, so that a pipeline written for AiCSD runs unmodified.

Format: AiCSD's wire format, section B.4 (EdgeX message bus v2 over Redis).
At most once by nature; leases make up for it.
"""

import base64
import json
import time
from typing import Any
from uuid import uuid4

from labrelay.contracts.aicsd import PipelineParameters
from labrelay.errors import Unprocessable

RESOURCE = "PipelineParameters"


def channel_of(topic: str) -> str:
    """The Redis channel of a topic."""
    return topic.replace("/", ".").replace("#", "*")


def envelope(payload: bytes, content_type: str = "application/json") -> str:
    """The EdgeX message envelope around a payload."""
    message = {
        "apiVersion": "",
        "receivedTopic": "",
        "correlationID": str(uuid4()),
        "requestID": "",
        "errorCode": 0,
        "payload": base64.b64encode(payload).decode(),
        "contentType": content_type,
    }
    return json.dumps(message)


def launch_event(parameters: PipelineParameters) -> dict[str, Any]:
    """The EdgeX event with one Object reading that launches a pipeline."""
    names = {"deviceName": "labrelay", "profileName": "labrelay"}
    reading = {
        "id": str(uuid4()),
        "origin": time.time_ns(),
        "resourceName": RESOURCE,
        "valueType": "Object",
        "objectValue": parameters.wire(),
        **names,
    }
    return {
        "apiVersion": "v2",
        "id": str(uuid4()),
        "sourceName": RESOURCE,
        "origin": time.time_ns(),
        "readings": [reading],
        **names,
    }


def launch_message(parameters: PipelineParameters) -> str:
    """The whole message that goes onto the channel."""
    return envelope(json.dumps(launch_event(parameters)).encode())


def parse_launch(message: str) -> PipelineParameters:
    """The parameters in a message, checked as AiCSD's pipelines check it.

    Raises:
        Unprocessable: it isn't a launch.
    """
    try:
        event = json.loads(base64.b64decode(json.loads(message)["payload"]))
        (reading,) = event["readings"]
        fits = event["sourceName"] == reading["resourceName"] == RESOURCE and reading["valueType"] == "Object"
        value = reading["objectValue"]
    except (KeyError, ValueError, TypeError) as error:
        raise Unprocessable(f"The message isn't an EdgeX launch event: {error}.") from error
    if not fits:
        raise Unprocessable("The event isn't a launch: its resource isn't PipelineParameters.")
    return PipelineParameters.model_validate(value)
