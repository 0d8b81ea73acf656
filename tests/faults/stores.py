"""Stores that forget: Redis emptied, its file cut or damaged, the record put back, the OEM side's memory deleted."""

import random
import shutil
import signal
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path

import redis

from tests.faults.fault import Fault, NotInjected
from tests.faults.moments import any_moment, random_moment
from tests.faults.system import TwoSides, kill_all, signal_all
from tests.polling import until

BLOCKS = 16_384
Injection = Callable[[TwoSides, random.Random], AbstractContextManager[None]]


@contextmanager
def restarted(sides: TwoSides, chance: random.Random) -> Iterator[None]:
    """Redis is ended in good order and comes again."""
    for _ in range(2):
        any_moment(sides, chance)
        sides.strike(signal_all(sides.family("redis")[1:], signal.SIGTERM))
        until(lambda: len(sides.family("redis")) > 1, "Redis runs again", 60)
    if not sides.strikes:
        raise NotInjected
    yield


@contextmanager
def emptied(sides: TwoSides, chance: random.Random) -> Iterator[None]:
    """FLUSHALL."""
    for _ in range(2):
        any_moment(sides, chance)
        with redis.Redis.from_url(sides.gateway.settings.redis_url) as client:
            try:
                sides.strike(int(bool(client.flushall())))
            except redis.RedisError as error:
                raise NotInjected from error
    yield


def spoiled_file(spoil: Callable[[Path, random.Random], None]) -> Injection:
    """Redis is killed, its append-only file spoiled while it is down, and it comes again."""

    @contextmanager
    def inject(sides: TwoSides, chance: random.Random) -> Iterator[None]:
        any_moment(sides, chance)
        if chance.random() < 0.5:
            rewrite(sides)
        file = sides.gateway.settings.gateway_layout.redis / "appendonly.aof"
        with sides.nobody_restarts("gateway"):
            kill_all(sides.family("redis"))
            if not file.exists() or not file.stat().st_size:
                raise NotInjected
            spoil(file, chance)
            sides.strike(1)
        until(lambda: len(sides.family("redis")) > 1, "Redis runs again", 60)
        yield

    return inject


def rewrite(sides: TwoSides) -> None:
    """Let Redis write its file anew, as it does by itself when it has grown: then it begins with a binary part."""
    with redis.Redis.from_url(sides.gateway.settings.redis_url) as client:
        client.bgrewriteaof()
        until(lambda: not client.info("persistence")["aof_rewrite_in_progress"], "written anew")


def cut(file: Path, chance: random.Random) -> None:
    with file.open("r+b") as stream:
        stream.truncate(chance.randrange(file.stat().st_size))


def damage(file: Path, chance: random.Random) -> None:
    """Some blocks of the disk were never written: a power cut leaves such zeroes in the middle of files."""
    with file.open("r+b") as stream:
        stream.seek(chance.randrange(max(1, file.stat().st_size - BLOCKS)))
        stream.write(bytes(BLOCKS))


@contextmanager
def record_put_back(sides: TwoSides, chance: random.Random) -> Iterator[None]:
    """The record as it was some time ago takes the place of today's, as after a disk's end."""
    record = sides.gateway.settings.gateway_layout.record
    copy = record.with_suffix(".copy")
    backed_up(record, copy)
    before = len(sides.stream.written)
    until(lambda: len(sides.stream.written) > before + 5, "files were written since", 120)
    any_moment(sides, chance)
    with sides.stopped("gateway"):
        for name in (record, *record.parent.glob(f"{record.name}-*")):
            name.unlink()
        copy.rename(record)
        sides.strike(1)
    yield


def backed_up(database: Path, copy: Path) -> None:
    """A consistent copy, by SQLite's own means, while others write."""
    with closing(sqlite3.connect(database)) as source, closing(sqlite3.connect(copy)) as target:
        source.backup(target)


@contextmanager
def journal_deleted(sides: TwoSides, chance: random.Random) -> Iterator[None]:
    """The OEM side forgets which files it knows."""
    any_moment(sides, chance)
    with sides.nobody_restarts("oem"):
        kill_all(sides.family("oem"))
        journal = sides.oem.settings.oem_layout.journal
        for name in (journal, *journal.parent.glob(f"{journal.name}-*")):
            name.unlink()
        sides.strike(1)
    until(lambda: sides.process("oem"), "the OEM side runs again", 60)
    yield


@contextmanager
def oem_data_deleted(sides: TwoSides, chance: random.Random) -> Iterator[None]:
    """The OEM side forgets everything: the instrument's PC was set up anew, its images and results are on a share."""
    any_moment(sides, chance)
    with sides.nobody_restarts("oem"):
        kill_all(sides.family("oem"))
        shutil.rmtree(sides.oem.settings.oem_layout.root)
        a_person_lets_another_pc_in(sides)
        sides.strike(1)
    until(lambda: sides.process("oem"), "the OEM side runs again", 60)
    yield


def a_person_lets_another_pc_in(sides: TwoSides) -> None:
    """The gateway takes a PC that was set up anew for another one, and turns it away without a person's word."""

    def released() -> bool:
        sides.repository.delete(f"/api/v2/instruments/{sides.oem.settings.oem.instrument}/installation")
        return True

    until(released, "the instrument's name is free")


@contextmanager
def redis_folder_lost(sides: TwoSides, chance: random.Random) -> Iterator[None]:
    """Redis comes back with nothing, and while it is away for some seconds."""
    random_moment(chance)
    with sides.nobody_restarts("gateway"):
        kill_all(sides.family("redis"))
        shutil.rmtree(sides.gateway.settings.gateway_layout.redis)
        time.sleep(chance.uniform(0.5, 4.0))
        sides.strike(1)
    until(lambda: len(sides.family("redis")) > 1, "Redis runs again", 60)
    yield


FAULTS = (
    Fault("Redis restarted", restarted),
    Fault("Redis emptied (FLUSHALL)", emptied),
    Fault("Redis' append-only file cut", spoiled_file(cut)),
    Fault("Redis' append-only file damaged", spoiled_file(damage)),
    Fault("Redis' folder lost", redis_folder_lost),
    Fault("record restored from an older copy", record_put_back, together=False),
    Fault("OEM journal deleted", journal_deleted, together=False),
    Fault("OEM side's data folder deleted", oem_data_deleted, together=False),
)
