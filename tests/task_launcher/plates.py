"""The repository's list of finished plates over real HTTP; the edition is the event's number."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from fastapi import FastAPI

from labrelay.contracts.plates import FinishedPlates, NumberedFinish, PlateCounts, PlateFinished


class FinishedPlatesDouble:
    """Answers as `GET /api/v2/plates/finished` is documented to."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._items: list[NumberedFinish] = []
        self.url = f"http://127.0.0.1:{port}"

    def finish(self, seq: int) -> None:
        counts = PlateCounts(wells=1, images=1, complete=1, failed=0)
        plate = PlateFinished(
            plate_id="0" * 36, instrument="i", folder="f", plate="P1", task_id="t", task="count", pipeline="nuclei",
            edition=seq, counts=counts, job_id="j", table="/table.csv",
        )  # fmt: skip
        self._items.append(NumberedFinish(seq=seq, finished=plate))

    def answer(self, after: int | None = None, wait: float = 0) -> FinishedPlates:
        newest = self._items[-1].seq
        items = tuple(each for each in self._items if after is not None and each.seq > after)
        return FinishedPlates(next=newest, items=items)

    @contextmanager
    def serving(self) -> Iterator[None]:
        app = FastAPI()
        app.get("/api/v2/plates/finished")(self.answer)
        server = uvicorn.Server(uvicorn.Config(app, port=self._port, log_config=None))
        thread = threading.Thread(target=server.run)
        thread.start()
        while not server.started:
            thread.join(0.01)
        yield
        server.should_exit = True
        thread.join()
