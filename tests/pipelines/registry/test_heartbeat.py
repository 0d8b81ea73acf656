"""A worker's heartbeats as the real registry hears them."""

import requests

from labrelay.settings import Settings
from pipelines.registry.app import create
from pipelines.sdk.heartbeat import Heartbeat, registry_of
from pipelines.simulator.native import only_file
from tests.pipelines.gateway_double import served
from tests.polling import until


def statuses(url: str) -> dict[str, str]:
    listed = requests.get(f"{url}/api/v1/pipelines", timeout=5).json()
    return {each["subscriptionTopic"]: each["status"] for each in listed}


def test_the_registry_hears_a_worker(settings: Settings) -> None:
    heartbeat = Heartbeat(only_file, "pc-1", registry_of(settings))
    with served(create(settings), settings.ports.registry) as url:
        assert statuses(url)["only-file"] == "silent"
        heartbeat.start()
        until(lambda: statuses(url)["only-file"] == "alive")
        heartbeat.stop()


def test_a_registry_that_comes_later_hears_it_too(settings: Settings) -> None:
    heartbeat = Heartbeat(only_file, "pc-1", registry_of(settings))
    heartbeat.start()
    with served(create(settings), settings.ports.registry) as url:
        until(lambda: statuses(url)["only-file"] == "alive")
    heartbeat.stop()
