"""A pipeline as AiCSD's are written, with raw HTTP, that answers nonsense: what kind is told by its topic."""

import threading
from pathlib import Path
from typing import Any, Final, Self

import redis
import requests

from pipelines.simulator.aicsd import launch_parameters, output_file

OUTSIDE: Final = "outside its folder.txt"


def body(**changes: Any) -> dict[str, Any]:
    """A report as it should be, with changes."""
    return {"Status": "PipelineComplete", "QCFlags": "", "OutputFiles": [], "Results": "CellCount, 1"} | changes


def says_nothing(launch: dict[str, Any]) -> None:
    """The pipeline took the launch, and that is all."""


def puts_no_json(launch: dict[str, Any]) -> None:
    requests.put(launch["JobUpdateUrl"], data=b'{"Status": "PipelineComp', timeout=15)
    finish(launch, "PipelineComplete")


def puts_a_list(launch: dict[str, Any]) -> None:
    requests.put(launch["JobUpdateUrl"], json=[body()], timeout=15)
    finish(launch, "PipelineComplete")


def puts_a_wrong_status(launch: dict[str, Any]) -> None:
    report(launch, body(Status="Done"))
    finish(launch, "Done")


def posts_without_a_report(launch: dict[str, Any]) -> None:
    finish(launch, "PipelineComplete")


def posts_another_status(launch: dict[str, Any]) -> None:
    report(launch, body())
    finish(launch, "PipelineFailed")


def puts_and_stops(launch: dict[str, Any]) -> None:
    report(launch, body())


def names_no_file(launch: dict[str, Any]) -> None:
    folder = Path(launch["OutputFileFolder"])
    report(launch, body(OutputFiles=[output_file(folder / "never written.tif")]))
    finish(launch, "PipelineComplete")


def leaves_its_folder(launch: dict[str, Any]) -> None:
    outside = Path(launch["OutputFileFolder"]).parents[2] / OUTSIDE
    outside.write_text("outside")
    report(launch, body(OutputFiles=[output_file(outside)]))
    finish(launch, "PipelineComplete")


def climbs_out(launch: dict[str, Any]) -> None:
    climbing = output_file(Path(launch["OutputFileFolder"]) / "x") | {"Name": "../../../../record.db"}
    report(launch, body(OutputFiles=[climbing]))
    finish(launch, "PipelineComplete")


def measures_nan(launch: dict[str, Any]) -> None:
    text = '{"Status": "PipelineComplete", "Results": "CellCount, 1", "Measurements": {"area": NaN, "far": Infinity}}'
    requests.put(launch["JobUpdateUrl"], data=text, timeout=15)
    finish(launch, "PipelineComplete")


def talks_too_much(launch: dict[str, Any]) -> None:
    report(launch, body(Results="CellCount, 1; " * 2_000_000))
    finish(launch, "PipelineComplete")


def fails_without_a_word(launch: dict[str, Any]) -> None:
    report(launch, body(Status="PipelineFailed", Results=""))
    finish(launch, "PipelineFailed")


def report(launch: dict[str, Any], told: dict[str, Any]) -> None:
    requests.put(launch["JobUpdateUrl"], json=told, timeout=30)


def finish(launch: dict[str, Any], status: str) -> None:
    requests.post(launch["PipelineStatusUrl"], data=status, headers={"Content-Type": "text/plain"}, timeout=15)


KINDS: Final = {
    function.__name__.replace("_", "-"): function
    for function in (
        says_nothing,
        puts_no_json,
        puts_a_list,
        puts_a_wrong_status,
        posts_without_a_report,
        posts_another_status,
        puts_and_stops,
        names_no_file,
        leaves_its_folder,
        climbs_out,
        measures_nan,
        talks_too_much,
        fails_without_a_word,
    )
}


class Nonsense:
    """Listens to `nonsense/<kind>` while the block runs."""

    def __init__(self, redis_url: str) -> None:
        self._redis = redis.Redis.from_url(redis_url, decode_responses=True)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._listen, name="nonsense", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(10)
        self._redis.close()

    def _listen(self) -> None:
        with self._redis.pubsub() as subscription:  # type: ignore[no-untyped-call]
            subscription.psubscribe("nonsense.*")
            while not self._stop.is_set():
                message = subscription.get_message(timeout=0.2)
                if message and message["type"] == "pmessage":
                    kind = message["channel"].removeprefix("nonsense.")
                    KINDS[kind](launch_parameters(message["data"]))
