"""Troubles around a file: what waits says why, what can't come fails with a reason, and everything else goes on."""

import hashlib
import os
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import pytest

from labrelay import supervisor
from labrelay.contracts.states import Stage
from labrelay.files import digest_file
from labrelay.settings.model import Launcher
from tests.chain.system import chain_of, chain_settings
from tests.intake.drop import Drop
from tests.intake.obstacles import (
    full,
    growing,
    has_arrived,
    held_back,
    in_the_way,
    looked_at,
    refused,
    retried,
    returned,
    saying,
    standing_still,
    watched,
    without_rights,
)
from tests.polling import until

pytestmark = [pytest.mark.process, pytest.mark.timeout(180)]

OVERDUE_S: Final = 2.0
LINKS: Final = ("link.tif", "linked folder", "dangling.tif", "in circles")


@pytest.fixture(scope="module")
def dropped(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Drop]:
    """A chain whose OEM side has the rights of an ordinary account."""
    with pytest.MonkeyPatch.context() as patch:
        specs = supervisor.specs
        patch.setattr(supervisor, "specs", lambda *args: [without_rights(spec) for spec in specs(*args)])
        settings = chain_settings(tmp_path_factory.mktemp("troubles"), rescan_s=1.0)
        launcher = Launcher(lease_s=3.0, attempts=20, overdue_s=OVERDUE_S)
        with chain_of(settings.model_copy(update={"launcher": launcher})) as chain:
            chain.add_task("only-file")
            yield Drop(chain)


@pytest.fixture(autouse=True)
def others_go_on(dropped: Drop, request: pytest.FixtureRequest) -> Iterator[None]:
    """Whatever a test does, a file that comes after it isn't delayed."""
    yield
    name = f"afterwards/{request.node.name[:80]}.tif"
    dropped.drop(name, os.urandom(1_000))
    dropped.await_stage(name, Stage.COMPLETE)


def test_a_file_that_was_deleted_before_it_was_sent_fails_and_completes_when_it_is_back(dropped: Drop) -> None:
    with held_back(dropped, "deleted.tif") as path:
        data = path.read_bytes()
        path.unlink()
        job = dropped.await_stage("deleted.tif", Stage.FAILED)
    failure = dropped.told(job)
    assert failure.code == "input_missing"
    assert "deleted.tif is no longer in" in failure.cause
    path.write_bytes(data)
    assert returned(dropped, retried(dropped, job)) == dropped.digests["deleted.tif"]


def test_a_file_that_may_not_be_read_any_more_fails_and_completes_when_it_may(dropped: Drop) -> None:
    with held_back(dropped, "locked.tif") as path:
        path.chmod(0o000)
        job = dropped.await_stage("locked.tif", Stage.FAILED)
    failure = dropped.told(job)
    assert failure.code == "input_unreadable"
    assert "Permission denied" in failure.cause
    path.chmod(0o644)
    retried(dropped, job)
    assert dropped.unharmed("locked.tif")


def test_a_folder_where_a_file_was_fails_the_job_and_stays(dropped: Drop) -> None:
    with held_back(dropped, "now a folder.tif") as path:
        path.unlink()
        path.mkdir()
        job = dropped.await_stage("now a folder.tif", Stage.FAILED)
    assert dropped.told(job).code == "input_missing"
    assert path.is_dir()


def test_a_file_that_became_a_link_to_the_outside_sends_nothing_of_it(dropped: Drop) -> None:
    secret = dropped.folder.parent / "secret.tif"
    secret.write_bytes(os.urandom(2_000))
    with held_back(dropped, "now a link.tif") as path:
        path.unlink()
        path.symlink_to(secret)
        job = dropped.await_stage("now a link.tif", Stage.FAILED)
    failure = dropped.told(job)
    assert failure.code == "input_unreadable"
    assert "leaves its folder through a link" in failure.cause
    assert not has_arrived(dropped, secret)
    path.unlink()


def test_links_out_of_the_folder_are_not_followed(dropped: Drop) -> None:
    outside = dropped.folder.parent / "outside"
    outside.mkdir()
    (outside / "private.tif").write_bytes(os.urandom(2_000))
    ignored = looked_at(dropped)["ignored"]
    (dropped.folder / "link.tif").symlink_to(outside / "private.tif")
    (dropped.folder / "linked folder").symlink_to(outside)
    (dropped.folder / "dangling.tif").symlink_to(outside / "nothing.tif")
    (dropped.folder / "in circles").symlink_to(dropped.folder)
    (outside / "later.tif").write_bytes(os.urandom(2_000))
    assert looked_at(dropped)["ignored"] == ignored + 4
    assert not [job.source.path for job in dropped.jobs() if job.source.path.startswith(LINKS)]
    assert not has_arrived(dropped, outside / "private.tif")
    assert not has_arrived(dropped, outside / "later.tif")


def test_pipes_and_sockets_block_nobody(dropped: Drop) -> None:
    os.mkfifo(dropped.folder / "pipe.tif")
    before = Path.cwd()
    os.chdir(dropped.folder)  # a socket's path may have 107 bytes
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("socket.tif")
    os.chdir(before)
    dropped.drop("beside a pipe.tif", os.urandom(1_000))
    dropped.await_stage("beside a pipe.tif", Stage.COMPLETE)
    assert dropped.job("pipe.tif") is None
    assert dropped.job("socket.tif") is None


def test_an_unreadable_file_is_shown_as_trouble_and_completes_when_it_can_be_read(dropped: Drop) -> None:
    made = dropped.folder.parent / "unreadable.tif"
    made.write_bytes(data := os.urandom(2_000))
    made.chmod(0o000)
    made.rename(dropped.folder / "unreadable.tif")
    until(
        lambda: [each for each in watched(dropped)["troubles"] if "unreadable.tif" in each and "denied" in each], "told"
    )
    assert dropped.job("unreadable.tif") is None
    (dropped.folder / "unreadable.tif").chmod(0o600)
    job = dropped.await_stage("unreadable.tif", Stage.COMPLETE)
    assert job.source.sha256 == hashlib.sha256(data).hexdigest()


def test_a_sub_folder_that_may_not_be_listed_is_shown_as_trouble_and_its_files_come_later(dropped: Drop) -> None:
    made = dropped.folder.parent / "shut"
    made.mkdir()
    (made / "inside.tif").write_bytes(os.urandom(2_000))
    made.chmod(0o000)
    made.rename(dropped.folder / "shut")
    until(lambda: [each for each in watched(dropped)["troubles"] if each.startswith("shut")], "told")
    (dropped.folder / "shut").chmod(0o700)
    dropped.await_stage("shut/inside.tif", Stage.COMPLETE)


def test_a_read_only_input_folder_is_read_and_left_as_it_is(dropped: Drop) -> None:
    made = dropped.folder.parent / "read-only"
    made.mkdir()
    (made / "a.tif").write_bytes(os.urandom(2_000))
    (made / "a.tif").chmod(0o444)
    before = (made / "a.tif").stat()
    made.rename(dropped.folder / "read-only")
    (dropped.folder / "read-only").chmod(0o555)
    dropped.await_stage("read-only/a.tif", Stage.COMPLETE)
    after = (dropped.folder / "read-only" / "a.tif").stat()
    assert (after.st_mtime_ns, after.st_mode, after.st_ino) == (before.st_mtime_ns, before.st_mode, before.st_ino)
    assert [path.name for path in (dropped.folder / "read-only").iterdir()] == ["a.tif"]


def test_a_file_that_is_overwritten_before_it_was_sent_is_superseded_and_its_successor_completes(dropped: Drop) -> None:
    with held_back(dropped, "twice.tif") as path:
        first = dropped.await_stage("twice.tif", Stage.AWAITING_INPUT)
        path.write_bytes(data := os.urandom(2_500))
        second = dropped.await_stage("twice.tif", Stage.COMPLETE)
    assert second.id != first.id
    assert returned(dropped, second) == hashlib.sha256(data).hexdigest()
    (older,) = [job for job in dropped.jobs() if job.id == first.id]
    assert older.stage is Stage.SUPERSEDED
    assert older.superseded_by == second.source.capture_id
    assert "newer capture" in dropped.page(first.id)


def test_a_file_that_changes_while_it_is_sent_never_arrives_torn(dropped: Drop) -> None:
    size = 60_000_000
    path = dropped.folder / "changing.tif"
    made = dropped.folder.parent / "changing.tif"
    made.write_bytes(os.urandom(1_000_000) * 60)
    first = digest_file(made)[0]
    blob = dropped.chain.session.settings.gateway_layout.input_blob("oem", first)
    made.rename(path)
    part = until(lambda: next(iter(blob.parent.glob(".*part")), None), "the upload has begun", pause_s=0.001)
    with standing_still(dropped, "gateway"):
        assert part is not None
        assert part.stat().st_size < size
        with path.open("r+b") as stream:
            stream.seek(size - 1_000)
            stream.write(os.urandom(1_000))
    second = digest_file(path)[0]
    until(lambda: (job := dropped.job("changing.tif")) and job.source.sha256 == second, "captured anew")
    assert returned(dropped, dropped.await_stage("changing.tif", Stage.COMPLETE)) == second
    (older,) = [job for job in dropped.jobs() if job.source.sha256 == first]
    assert older.stage is Stage.SUPERSEDED
    assert not blob.exists()


def test_a_file_that_is_renamed_before_it_was_sent_completes_under_both_names(dropped: Drop) -> None:
    """Its content was captured under the first name, and is found finished under the second."""
    with held_back(dropped, "old name.tif") as path:
        path.rename(path.with_name("new name.tif"))
        dropped.await_stage("new name.tif", Stage.AWAITING_INPUT)
    jobs = [dropped.await_stage(name, Stage.COMPLETE, Stage.FAILED) for name in ("new name.tif", "old name.tif")]
    assert jobs[0].stage is Stage.COMPLETE
    assert jobs[1].stage is Stage.COMPLETE or dropped.told(jobs[1]).code == "input_missing"


def test_hard_links_are_files_of_their_own(dropped: Drop) -> None:
    path = dropped.drop("linked 1.tif", os.urandom(2_000))
    os.link(path, path.with_name("linked 2.tif"))
    jobs = [dropped.await_stage(f"linked {number}.tif", Stage.COMPLETE) for number in (1, 2)]
    assert {returned(dropped, job) for job in jobs} == {dropped.digests["linked 1.tif"]}
    assert jobs[0].outputs[0].returned_path != jobs[1].outputs[0].returned_path


def test_a_sparse_file_comes_whole(dropped: Drop) -> None:
    path = dropped.folder / "sparse.tif"
    with path.open("wb") as stream:
        stream.write(b"begin")
        stream.truncate(20_000_000)
        stream.seek(15_000_000)
        stream.write(b"middle")
    job = dropped.await_stage("sparse.tif", Stage.COMPLETE)
    assert job.source.size == 20_000_000
    assert returned(dropped, job) == digest_file(path)[0]


def test_a_file_that_grows_for_ever_waits_visibly_and_completes_when_it_is_closed(dropped: Drop) -> None:
    with (dropped.folder / "growing.tif").open("wb") as stream, growing(stream.write, stream.flush):
        until(lambda: watched(dropped)["waiting"], "it waits")
        time.sleep(1.0)  # more than three times as long as an unchanged file would need
        assert dropped.job("growing.tif") is None
        assert watched(dropped)["waiting"] == 1
    job = dropped.await_stage("growing.tif", Stage.COMPLETE)
    assert job.source.generation == 1
    assert returned(dropped, job) == digest_file(dropped.folder / "growing.tif")[0]


def test_an_input_that_cant_be_taken_in_yet_says_why_it_waits(dropped: Drop) -> None:
    with held_back(dropped, "no place.tif"):
        job = until(lambda: saying(dropped, "no place.tif", "File exists"), "the job says why it waits")
        assert job is not None
        time.sleep(OVERDUE_S + 1.0)  # the reason that is known isn't covered by a general one
        assert saying(dropped, "no place.tif", "File exists")
        assert job.overdue in dropped.page(job.id)
    assert not dropped.await_stage("no place.tif", Stage.COMPLETE).overdue


@pytest.mark.parametrize(("blocked", "words"), [(refused, "denied"), (in_the_way, "exists"), (full, "No space left")])
def test_a_result_waits_for_its_folder_says_so_and_goes_on_by_itself(
    dropped: Drop, blocked: Callable[[Path], Callable[[], None]], words: str
) -> None:
    name = f"{blocked.__name__}/a.tif"
    place = dropped.chain.output / blocked.__name__
    way_out = blocked(place)
    try:
        dropped.drop(name, os.urandom(300_000))
        job = until(lambda: saying(dropped, name, words), "the job says why it waits")
        assert job is not None
        assert job.stage is Stage.RECEIVING
        assert "goes on by itself" in job.overdue
        assert job.overdue in dropped.page(job.id)
        assert words in dropped.reported()[name].cause
        way_out()
        assert returned(dropped, dropped.await_stage(name, Stage.COMPLETE)) == dropped.digests[name]
        assert not [path for path in place.rglob("*") if path.name.startswith(".")]
    finally:
        if blocked is full:
            subprocess.run(["umount", "-l", place], check=False)


def test_an_output_folder_that_was_removed_is_made_again(dropped: Drop) -> None:
    dropped.drop("before/a.tif", os.urandom(1_000))
    dropped.await_stage("before/a.tif", Stage.COMPLETE)
    dropped.chain.output.rename(dropped.chain.output.with_name("moved away"))
    dropped.drop("after/a.tif", os.urandom(1_000))
    assert returned(dropped, dropped.await_stage("after/a.tif", Stage.COMPLETE)) == dropped.digests["after/a.tif"]
