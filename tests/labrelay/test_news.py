"""Long polls of many instruments wait on one question to the repository, and hold no threads."""

import asyncio
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
import requests
from fastapi import FastAPI

from labrelay.contracts.states import Owner
from labrelay.http import Client
from labrelay.news import LOOK_S, News
from tests.file_receiver.doubles import served

MANY = 100


class Repository:
    """Answers questions for news as told; counts those that are open."""

    def __init__(self) -> None:
        self.app = FastAPI()
        self.answers: list[dict[str, Any]] = [{"since": 1, "instruments": None}]
        self.open = self.most = 0

        @self.app.get("/api/v2/owned/news")
        async def news(owner: str, since: int, wait: float) -> dict[str, Any]:
            self.open += 1
            self.most = max(self.most, self.open)
            try:
                for _ in range(int(wait * 100)):
                    if self.answers:
                        return self.answers.pop(0)
                    await asyncio.sleep(0.01)
                return {"since": since, "instruments": []}
            finally:
                self.open -= 1


@pytest.fixture
def repository() -> Repository:
    return Repository()


@pytest.fixture
def news(repository: Repository, free_port: int) -> Iterator[News]:
    with served(repository.app, free_port) as url:
        made = News(Client(url, retries=0), Owner.FILE_SENDER_OEM)
        with made.heard():
            yield made


def test_a_hundred_wait_in_one_question_and_only_the_meant_one_looks_again(repository: Repository, news: News) -> None:
    looks: dict[str, int] = {}
    told = asyncio.Event()

    async def waiter(name: str) -> None:
        async def look() -> int:
            looks[name] = looks.get(name, 0) + 1
            return looks[name]

        await news.until(name, look, lambda _: name == "reader-7" and told.is_set(), 100.0)

    async def calm() -> dict[str, int]:
        """How often each has looked, once none looks by itself any more: before the first news all do so."""
        seen: dict[str, int] = {}
        while len(seen) < MANY or seen != looks:
            seen = dict(looks)
            await asyncio.sleep(1.5 * LOOK_S)
        return seen

    async def all_of_them() -> int:
        others = set(threading.enumerate())  # also of whole systems that other tests keep running in this process
        waiting = [asyncio.create_task(waiter(f"reader-{number}")) for number in range(MANY)]
        before = await calm()
        threads = len(set(threading.enumerate()) - others)
        told.set()
        repository.answers.append({"since": 2, "instruments": ["reader-7"]})
        await waiting[7]
        assert {name for name in looks if looks[name] != before[name]} == {"reader-7"}
        for each in waiting:
            each.cancel()
        return threads

    assert asyncio.run(all_of_them()) < 20
    assert repository.most == 1


def test_a_repository_that_tells_no_news_is_looked_at_all_the_same(free_port: int) -> None:
    """An older one, or one that is being started."""
    with served(FastAPI(), free_port) as url:
        assert requests.get(f"{url}/api/v2/owned/news", timeout=5).status_code == 404
        news = News(Client(url, retries=0), Owner.FILE_SENDER_OEM)
        seen: list[float] = []

        async def look() -> bool:
            seen.append(time.monotonic())
            return len(seen) > 2

        with news.heard():
            assert asyncio.run(news.until("reader-1", look, bool, 30.0))
