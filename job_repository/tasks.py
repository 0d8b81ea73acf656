"""The store of tasks: every change makes a version, and enters the audit chain in the same transaction."""

import threading
import time
from uuid import uuid4

from sqlalchemy import insert, select, update

from job_repository.record import audit
from job_repository.record.models import TaskRow, TaskVersionRow
from job_repository.record.store import Record
from labrelay.contracts.tasks import Task, TaskDraft
from labrelay.errors import Conflict, NotFound


class TaskChanged(Conflict):
    """Another version of the task is stored than the caller read."""

    code = "task_changed"


class Tasks:
    """Tasks in the record; all of them are kept in memory for matching."""

    def __init__(self, record: Record, chain: audit.Audit) -> None:
        self._record = record
        self._audit = chain
        self._lock = threading.Lock()
        self._cached: dict[str, Task] | None = None

    def all(self) -> list[Task]:
        """Every task that isn't deleted, in the order of matching."""
        with self._lock:
            if self._cached is None:
                self._cached = self._load()
            return sorted(self._cached.values(), key=lambda task: (task.order, task.id))

    def get(self, task_id: str) -> Task:
        """One task.

        Raises:
            NotFound: there is none, or it was deleted.
        """
        for task in self.all():
            if task.id == task_id:
                return task
        raise NotFound(f"There is no task {task_id}.")

    def versions(self, task_id: str) -> list[Task]:
        """All versions that a task ever had, oldest first; deleted tasks too."""
        query = select(TaskVersionRow.doc).where(TaskVersionRow.id == task_id).order_by(TaskVersionRow.version)
        with self._record.read() as connection:
            return [Task.model_validate_json(doc) for doc in connection.scalars(query)]

    def create(self, draft: TaskDraft, actor: str) -> Task:
        """Store a new task as version 1."""
        task = Task(**draft.model_dump(), id=str(uuid4()), version=1, updated_ns=time.time_ns())
        self._write("task_created", task, actor)
        return task

    def change(self, task_id: str, draft: TaskDraft, actor: str, expected: int | None = None) -> Task:
        """Store a new version; the same content makes none.

        Raises:
            NotFound: there is no such task.
            TaskChanged: `expected` isn't the stored version.
        """
        old = self.get(task_id)
        if expected not in (None, old.version):
            raise TaskChanged(f"The task is at version {old.version}, not {expected}.", version=old.version)
        fields = draft.model_dump()
        if fields == old.model_dump(exclude={"id", "version", "updated_ns"}):
            return old
        task = Task(**fields, id=task_id, version=old.version + 1, updated_ns=time.time_ns())
        self._write("task_changed", task, actor)
        return task

    def delete(self, task_id: str, actor: str) -> None:
        """Take a task out of matching; its versions stay on record.

        Raises:
            NotFound: there is no such task.
        """
        self._write("task_deleted", self.get(task_id), actor, deleted=True)

    def _write(self, kind: str, task: Task, actor: str, *, deleted: bool = False) -> None:
        doc = task.model_dump_json()
        act = audit.Act(kind, actor, task.id, {"version": task.version, "task": task.model_dump(mode="json")})
        row = {"version": task.version, "deleted": deleted, "doc": doc}
        with self._record.write() as connection:
            if task.version == 1 and not deleted:
                connection.execute(insert(TaskRow).values(id=task.id, **row))
            else:
                connection.execute(update(TaskRow).where(TaskRow.id == task.id).values(row))
            if not deleted:
                version = insert(TaskVersionRow).values(id=task.id, version=task.version, actor=actor, doc=doc)
                connection.execute(version)
            head = audit.append(connection, [act])
        with self._lock:
            self._cached = None
        self._audit.sign(head)

    def _load(self) -> dict[str, Task]:
        with self._record.read() as connection:
            docs = connection.scalars(select(TaskRow.doc).where(~TaskRow.deleted)).all()
        tasks = [Task.model_validate_json(doc) for doc in docs]
        return {task.id: task for task in tasks}
