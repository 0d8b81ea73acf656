import pytest
import redis

from labrelay.bus import LaunchConsumer, launch_stream
from labrelay.bus.aicsd import channel_of, launch_message, parse_launch
from labrelay.contracts.aicsd import PipelineParameters
from labrelay.contracts.launches import Launch
from labrelay.errors import ServiceUnavailable, Unprocessable

LAUNCH = Launch(job_id="j1", epoch=1, pipeline="nuclei", claim_url="http://127.0.0.1:1/claims")
PARAMETERS = PipelineParameters(
    input_file_location="/in/a.tif",
    output_file_folder="/out",
    model_params={"Brightness": "0"},
    job_update_url="http://x/1",
    pipeline_status_url="http://x/2",
)


def publish(url: str) -> None:
    with redis.Redis.from_url(url) as client:
        client.xadd(launch_stream("nuclei"), {"launch": LAUNCH.model_dump_json()})


def test_a_launch_reaches_exactly_one_replica(redis_url: str) -> None:
    publish(redis_url)
    one, two = LaunchConsumer(redis_url, "nuclei", "one"), LaunchConsumer(redis_url, "nuclei", "two")
    first, second = one.take(block_ms=50), two.take(block_ms=50)
    assert first is not None
    assert first.launch == LAUNCH
    assert second is None
    one.acknowledge(first)
    assert two.take_over(idle_ms=0) is None


def test_a_launch_that_a_dead_replica_held_is_taken_over(redis_url: str) -> None:
    publish(redis_url)
    assert LaunchConsumer(redis_url, "nuclei", "dead").take(block_ms=50)
    taken = LaunchConsumer(redis_url, "nuclei", "alive").take_over(idle_ms=0)
    assert taken is not None
    assert taken.launch == LAUNCH


def test_a_restarted_replica_first_takes_what_it_left_behind_and_each_only_once(redis_url: str) -> None:
    publish(redis_url)
    publish(redis_url)
    killed = LaunchConsumer(redis_url, "nuclei", "one")
    left = [killed.take(block_ms=50), killed.take(block_ms=50)]
    publish(redis_url)
    restarted = LaunchConsumer(redis_url, "nuclei", "one")
    taken = [restarted.take(block_ms=50) for _ in range(4)]
    assert taken[:2] == left
    assert taken[2] is not None
    assert taken[2] not in left
    assert taken[3] is None


def test_a_consumer_goes_on_after_redis_was_emptied(redis_url: str) -> None:
    consumer = LaunchConsumer(redis_url, "nuclei", "one")
    assert consumer.take(block_ms=10) is None
    with redis.Redis.from_url(redis_url) as client:
        client.flushall()
    publish(redis_url)
    assert consumer.take(block_ms=50) is not None


def test_a_message_of_another_version_is_taken_off_and_holds_up_nobody(redis_url: str) -> None:
    consumer = LaunchConsumer(redis_url, "nuclei", "one")
    with redis.Redis.from_url(redis_url) as client:
        client.xadd(launch_stream("nuclei"), {"launch": '{"of": "another version"}'})
        client.xadd(launch_stream("nuclei"), {"unknown": "field"})
        publish(redis_url)
        taken = [consumer.take(block_ms=50) for _ in range(3)]
        assert [delivery.launch for delivery in taken if delivery] == [LAUNCH]
        assert client.xlen(launch_stream("nuclei")) == 1


def test_a_bus_that_is_away_is_said_plainly(free_port: int) -> None:
    with pytest.raises(ServiceUnavailable, match="bus"):
        LaunchConsumer(f"redis://127.0.0.1:{free_port}/0", "nuclei", "one").take(block_ms=10)


def test_aicsds_envelope_carries_the_parameters_unchanged() -> None:
    assert parse_launch(launch_message(PARAMETERS)) == PARAMETERS


@pytest.mark.parametrize("message", ["", "{}", '{"payload": "e30="}', "[]"])
def test_a_message_that_is_no_launch_is_refused(message: str) -> None:
    with pytest.raises(Unprocessable):
        parse_launch(message)


def test_topics_become_channels_as_in_edgex() -> None:
    assert channel_of("geti/#") == "geti.*"
