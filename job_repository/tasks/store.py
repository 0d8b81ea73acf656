"""The store of tasks: every change makes a version, and enters the audit chain in the same transaction."""

import threading
import time
from typing import Any, Final
from uuid import UUID, uuid4, uuid5

from sqlalchemy import insert, select, update

from job_repository.record import audit
from job_repository.record.models import TaskRow, TaskVersionRow
from job_repository.record.store import Record
from labrelay.contracts.tasks import Task, TaskDraft
from labrelay.errors import Conflict, NotFound

KEYS: Final = UUID("8d2f5a53-1f0d-4c53-9a39-3a0b7f3c6c11")


class TaskChanged(Conflict):
    """Another version of the task is stored than the caller read."""

    code = "task_changed"


class KeyUsed(Conflict):
    """The Idempotency-Key belongs to another call."""

    code = "idempotency_key_used"
    default_next_step = "Send a new key with each new task, and the same one only with repetitions."


class Tasks:
    """Tasks in the record; all of them are kept in memory for matching."""

    def __init__(self, record: Record, chain: audit.Audit) -> None:
        self._record = record
        self._audit = chain
        self._lock = threading.Lock()
        self._creating = threading.Lock()
        self._cached: dict[str, Task] | None = None

    def all(self) -> list[Task]:
        """Every task that isn't deleted, in the order of matching: by `order`, of equal ones the older first."""
        with self._lock:
            if self._cached is None:
                self._cached = self._load()
            return sorted(self._cached.values(), key=lambda task: task.order)

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

    def create(self, draft: TaskDraft, actor: str, key: str = "") -> Task:
        """Store a new task as version 1.

        Args:
            draft: its content.
            actor: who made it.
            key: the same for a call and its repetitions, which all get the first answer; empty for none.

        Raises:
            KeyUsed: another task was made with this key.
        """
        task_id = str(uuid5(KEYS, key)) if key else str(uuid4())
        with self._creating:
            made = self.versions(task_id) if key else []
            if made and _content(made[0]) != _content(draft):
                raise KeyUsed(f"The task {task_id} was made with this key, with other content.")
            if made:
                return made[-1]
            task = Task(**draft.model_dump(), id=task_id, version=1, updated_ns=time.time_ns())
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
        if _content(draft) == _content(old):
            return old
        task = Task(**draft.model_dump(), id=task_id, version=old.version + 1, updated_ns=time.time_ns())
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
        """The oldest first."""
        first = (TaskVersionRow.id == TaskRow.id) & (TaskVersionRow.version == 1)
        query = select(TaskRow.doc, TaskVersionRow.doc).outerjoin(TaskVersionRow, first).where(~TaskRow.deleted)
        with self._record.read() as connection:
            rows = connection.execute(query).all()
        found = [(Task.model_validate_json(doc), Task.model_validate_json(oldest or doc)) for doc, oldest in rows]
        found.sort(key=lambda each: (each[1].updated_ns, each[1].id))
        return {task.id: task for task, _ in found}


def _content(task: TaskDraft) -> dict[str, Any]:
    return task.model_dump(include=set(TaskDraft.model_fields))
