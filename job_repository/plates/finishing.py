"""Finishes plates: looks at those that changed, and at those that have been quiet for long enough.

The repository alone sees all jobs of a plate, so it decides, as it does for sets; and it makes the tables itself, as
all that they hold stands in its record (ADR 11).
"""

import threading
import time
from collections.abc import Iterable
from typing import Final, NamedTuple

from job_repository.instruments.pauses import InstrumentPauses
from job_repository.jobs.queries import Queries
from job_repository.plates.editions import PlateEditions
from job_repository.plates.identity import plate_id_of, table_job_id
from job_repository.plates.store import PlateStore, StoredPlate, Tally
from job_repository.plates.tables import images_of
from job_repository.tasks.store import Tasks
from labrelay.contracts.jobs import Job
from labrelay.errors import LabrelayError, ServiceUnavailable

LOOK_S: Final = 1.0
"""A plate that is being worked on is looked at this often at most."""


class Made(NamedTuple):
    """The newest edition of a table (0: there is nothing to tell), and the number up to which it tells all."""

    seq: int
    edition: int


class Plates:
    """The plates that may be finished.

    Args:
        pauses: no plate gets quiet while its instrument is paused.
        quiet_s: seconds without a new capture, where no task says how many images a plate has.
    """

    def __init__(
        self,
        store: PlateStore,
        editions: PlateEditions,
        tasks: Tasks,
        queries: Queries,
        pauses: InstrumentPauses,
        quiet_s: float,
    ) -> None:
        self._store = store
        self._editions = editions
        self._tasks = tasks
        self._queries = queries
        self._pauses = pauses
        self._quiet_s = quiet_s
        self._start = time.monotonic()
        self._lock = threading.Lock()
        self._due: dict[str, float] = {}
        self._came: dict[str, float] = {}
        self._closed: set[str] = set()
        self._paused: dict[str, float] = {}
        self._made: dict[tuple[str, str], Made] = {}
        self._unknown = threading.Event()
        self._unknown.set()

    def note(self, job: Job) -> None:
        """A job has changed; its plate is looked at soon. With a job's first event a capture has come."""
        plate_id = plate_id_of(job)
        if not plate_id:
            return
        now = time.monotonic()
        with self._lock:
            if job.revision == 1:
                self._came[plate_id] = now
                self._closed.discard(plate_id)
            self._due[plate_id] = min(now + LOOK_S, self._due.get(plate_id, now + LOOK_S))

    def close(self, plate_id: str) -> None:
        """Somebody knows that no more images come: the plate counts as quiet, until one comes after all.

        A restart forgets it; then the plate gets quiet by itself.

        Raises:
            NotFound: there is no such plate.
        """
        self._store.get(plate_id)
        with self._lock:
            self._closed.add(plate_id)
            self._due[plate_id] = time.monotonic()

    def take_up(self) -> None:
        """After a restore the next turn looks at everything that isn't finished, as after a start."""
        self._unknown.set()

    def make_again(self, table: Job) -> None:
        """Before a retry: bring back the bytes of a table that the store has lost, while its plate is at rest."""
        plate_id, task_id = table.source.capture_id, table.task.parameters["task"] if table.task else ""
        self._caught_up()
        jobs = self._store.jobs(plate_id, task_id)
        if all(job.final for job in jobs):
            self._editions.make(self._store.get(plate_id).identity, task_id, jobs, self._expected(task_id))

    def turn(self) -> bool:
        """Look at every plate that is due; one that can't be looked at now is due again."""
        self._note_pauses()
        if self._unknown.is_set():
            self._look_everywhere()
        for plate_id in self._due_now():
            with self._lock:
                self._due.pop(plate_id, None)
            try:
                self._look(plate_id)
            except Exception:
                self._again(plate_id, time.monotonic() + LOOK_S)
                raise
        return False

    def _look_everywhere(self) -> None:
        self._caught_up()
        self._unknown.clear()
        self._made.clear()
        try:
            for plate_id in self._store.uncovered():
                self._again(plate_id, 0.0)
        except LabrelayError:
            self._unknown.set()
            raise

    def _due_now(self) -> list[str]:
        with self._lock:
            now = time.monotonic()
            return [plate_id for plate_id, due in self._due.items() if due <= now]

    def _again(self, plate_id: str, due: float) -> None:
        with self._lock:
            self._due[plate_id] = min(due, self._due.get(plate_id, due))

    def _look(self, plate_id: str) -> None:
        """Make the tables of those tasks whose jobs are all at their end, if it is time."""
        self._caught_up()
        tallies = self._store.tallies([plate_id])[plate_id]
        if not tallies:  # all of it went to another plate by an edit, or was lost before the record had it
            return
        plate = self._store.get(plate_id)
        ended = {task_id: tally for task_id, tally in tallies.items() if task_id and not tally.open}
        quiet_in = self._quiet_in(plate, max(tally.newest for tally in tallies.values()))
        waiting = [task_id for task_id, tally in ended.items() if not self._finish(plate, task_id, tally, quiet_in)]
        if waiting:
            self._again(plate_id, time.monotonic() + max(LOOK_S, quiet_in))
        elif not any(tally.open for tally in tallies.values()):
            self._cover(plate, max(tally.seq for tally in tallies.values()), ended)

    def _finish(self, plate: StoredPlate, task_id: str, tally: Tally, quiet_in: float) -> bool:
        """Whether the table of one task holds all that is known."""
        known = plate.identity.id, task_id
        if known in self._made and self._made[known].seq == tally.seq:
            return True
        expected = self._expected(task_id)
        if quiet_in > 0 and tally.jobs < (expected or 1 << 30):
            return False
        jobs = self._store.jobs(plate.identity.id, task_id)
        complete = quiet_in <= 0 or sum(image.files for image in images_of(jobs)) == expected
        if not complete or not all(job.final for job in jobs):  # one began again meanwhile
            return False
        edition = self._editions.make(plate.identity, task_id, jobs, expected)
        self._made[known] = Made(tally.seq, edition)
        return True

    def _cover(self, plate: StoredPlate, seq: int, task_ids: Iterable[str]) -> None:
        """Only what the record holds is done: an edition that a loss of the live store cut off is made again."""
        plate_id = plate.identity.id
        made = {table_job_id(plate_id, each): self._made.pop((plate_id, each)).edition for each in task_ids}
        self._caught_up()
        held = self._store.table_jobs(list(made))
        if any(edition and (job not in held or held[job].attempt < edition) for job, edition in made.items()):
            raise ServiceUnavailable("The record doesn't hold the plate's tables.")
        self._store.cover(plate_id, seq)
        with self._lock:
            if plate_id not in self._due:
                self._came.pop(plate_id, None)
                self._closed.discard(plate_id)

    def _quiet_in(self, plate: StoredPlate, newest: int) -> float:
        """Seconds until the plate counts as quiet; times begin anew with this process and after a pause."""
        now = time.monotonic()
        self._note_pauses()  # the turn may have begun long ago
        known = self._start if newest > plate.covered else float("-inf")
        with self._lock:
            came = self._came.get(plate.identity.id, known)
            closed = plate.identity.id in self._closed
        since = max(came, self._paused.get(plate.identity.instrument, float("-inf")))
        return 0.0 if closed else since + self._quiet_s - now

    def _note_pauses(self) -> None:
        now = time.monotonic()
        self._paused |= {name: now for name, held in self._pauses.all().items() if held.active}

    def _caught_up(self) -> None:
        if not self._queries.catch_up():
            raise ServiceUnavailable("The record doesn't hold all of the plate yet.")

    def _expected(self, task_id: str) -> int | None:
        """Images of a plate by today's task."""
        return next((task.plate_images for task in self._tasks.all() if task.id == task_id), None)
