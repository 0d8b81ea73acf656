"""kill -9 of each process while a plate is written, then of all of them one after another; and Redis emptied."""

import random
import threading
import time

import pytest
import redis

from tests.chain.system import Chain

pytestmark = [pytest.mark.process, pytest.mark.timeout(240)]
OTHERS = [pytest.param(name, marks=pytest.mark.long) for name in ("redis", "oem", "simulator")]


@pytest.mark.parametrize("name", ["gateway", *OTHERS])
def test_killing_a_process_again_and_again_loses_and_doubles_nothing(
    chain: Chain, writing: threading.Thread, name: str
) -> None:
    chance = random.Random(name)
    for _ in range(4):
        time.sleep(chance.uniform(0.1, 1.5))
        chain.kill(name)
    writing.join()
    assert chain.settle().well
    assert chain.stages() == {"complete": 24}


def test_killing_every_process_in_turn_loses_and_doubles_nothing(chain: Chain, writing: threading.Thread) -> None:
    for name in ["gateway", "redis", "oem", "simulator", "redis", "gateway"]:
        time.sleep(0.5)
        chain.kill(name)
    writing.join()
    assert chain.settle().well
    assert chain.stages() == {"complete": 24}


def test_emptying_redis_in_mid_run_loses_and_doubles_nothing(chain: Chain, writing: threading.Thread) -> None:
    for _ in range(3):
        time.sleep(0.8)
        with redis.Redis.from_url(chain.session.settings.redis_url) as client:
            client.flushall()
    writing.join()
    assert chain.settle().well
    assert chain.stages() == {"complete": 24}
