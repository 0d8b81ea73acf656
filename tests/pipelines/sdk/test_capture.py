"""A capture as a pipeline's function gets it: alone, or with its whole set."""

from pathlib import Path

from labrelay.contracts.launches import Claim, ClaimedInput
from pipelines.sdk import Capture


def claim(*channels: int | str) -> Claim:
    members = tuple(
        ClaimedInput(
            path=f"/in/w{each}.tif", sha256=str(number) * 64, source_path=f"p/w{each}.tif", attributes={"channel": each}
        )
        for number, each in enumerate(channels)
    )
    return Claim(
        job_id="j", task_id="t", task_version=1, epoch=1, attempt=1, input_path="/in/w2.tif", input_sha256="0" * 64,
        source_path="p/w2.tif", instrument="reader", output_folder="/out", parameters={}, attributes={"channel": 2},
        job_update_url="u", status_url="s", renew_url="r", lease_s=1, deadline_s=1, members=members,
    )  # fmt: skip


def test_a_set_is_read_by_channel_in_the_tasks_order() -> None:
    capture = Capture.claimed(claim(2, 1, "far red"))
    assert {channel: each.path for channel, each in capture.by().items()} == {
        2: Path("/in/w2.tif"),
        1: Path("/in/w1.tif"),
        "far red": Path("/in/wfar red.tif"),
    }
    assert [each.source_path for each in capture.members] == ["p/w2.tif", "p/w1.tif", "p/wfar red.tif"]
    assert capture.members[1].sha256 == "1" * 64


def test_a_capture_alone_is_a_set_of_itself() -> None:
    capture = Capture.claimed(claim())
    assert (capture.members, capture.by()) == ((), {2: capture})


def test_a_file_that_is_given_directly_has_no_channel(tmp_path: Path) -> None:
    (tmp_path / "a.tif").write_bytes(b"a")
    assert Capture.of(tmp_path / "a.tif").by() == {}
