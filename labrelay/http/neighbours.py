"""Services of one process ask each other without a socket: the same questions, the same answers, as frozen values.

A neighbour answers a choice of its service's routes, those that other services ask for every file. Whoever asks
(`Client.ask`) doesn't know which way a question goes: where nobody answers here, it goes over HTTP (ADR 13).
"""

import asyncio
import re
import threading
from collections.abc import Callable, Coroutine, Mapping
from concurrent.futures import CancelledError, Future
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple, TypeVar

from pydantic import BaseModel

from labrelay.errors import LabrelayError, ServiceUnavailable
from labrelay.http.problem import error_from, problem_of
from labrelay.telemetry import logger

Answer = TypeVar("Answer")
Body = TypeVar("Body", bound=BaseModel)
_log = logger("labrelay.http.neighbours")
GONE: Final = "The service doesn't answer; it is being stopped."


@dataclass(frozen=True)
class Question:
    """What one service asks another.

    Attributes:
        names: what the path names, in its order.
        params: of the query.
        body: what a POST brings.
    """

    names: tuple[str, ...] = ()
    params: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: BaseModel | None = None

    def told(self, kind: type[Body]) -> Body:
        """The body as its reader knows it, which may be another contract than the writer's."""
        if isinstance(self.body, kind):
            return self.body
        return kind.model_validate(self.body.model_dump() if self.body else None)


Reply = Callable[[Question], BaseModel]
"""Answers in the thread of whoever asks."""


class Way(NamedTuple):
    """Which questions a reply is for; the path's groups are its names."""

    method: str
    path: str
    reply: Reply


class Neighbour:
    """What one service answers to the others of its process, from `open` to `close`."""

    def __init__(self) -> None:
        self._ways: list[tuple[str, re.Pattern[str], Reply]] = []
        self._loop: asyncio.AbstractEventLoop | None = None
        self._lock = threading.Lock()
        self._waiting: set[Future[Any]] = set()

    def answers(self, *ways: Way) -> None:
        """Add what it answers."""
        self._ways += [(way.method, re.compile(way.path), way.reply) for way in ways]

    def open(self) -> None:
        """Begin to answer; called in the event loop."""
        self._loop = asyncio.get_running_loop()

    def close(self) -> None:
        """Answer no more; who waits is told at once."""
        self._loop = None
        with self._lock:
            waiting = list(self._waiting)
        for each in waiting:
            each.cancel()

    def reply(self, method: str, path: str, question: Question) -> BaseModel | None:
        """The answer; None where the question has to go over HTTP.

        Raises:
            LabrelayError: as whoever asks over HTTP gets it.
        """
        if self._loop is None:
            return None
        for asked, pattern, reply in self._ways:
            if asked == method and (found := pattern.fullmatch(path)):
                return _told(reply, Question(found.groups(), question.params, question.headers, question.body))
        return None

    def wait(self, waiting: Coroutine[Any, Any, Answer]) -> Answer:
        """What the event loop waits for, for a thread that has all the time.

        Raises:
            ServiceUnavailable: the service is being stopped.
        """
        loop = self._loop
        if loop is None or loop.is_closed():
            waiting.close()
            raise ServiceUnavailable(GONE)
        future = asyncio.run_coroutine_threadsafe(waiting, loop)
        with self._lock:
            self._waiting.add(future)
        try:
            return future.result()
        except CancelledError as error:
            raise ServiceUnavailable(GONE) from error
        finally:
            with self._lock:
                self._waiting.discard(future)


def _told(reply: Reply, question: Question) -> BaseModel:
    try:
        return reply(question)
    except LabrelayError as error:
        raise error_from(problem_of(error), error.status) from error
    except Exception as error:
        _log.error("question failed", names=question.names, exc_info=error)
        raise LabrelayError(f"{type(error).__name__}: {error}") from error


_seats: Final[dict[str, Neighbour]] = {}


def seat(base_url: str, neighbour: Neighbour) -> None:
    """Let a service of this process be asked by its address."""
    _seats[base_url] = neighbour


def neighbour_at(base_url: str) -> Neighbour | None:
    """Who answers for an address in this process."""
    return _seats.get(base_url)
