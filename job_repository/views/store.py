"""The views that a lab keeps; to keep one, or to let it go, enters the audit chain in the same transaction."""

import time
from uuid import uuid4

from sqlalchemy import Connection, delete, func, insert, select

from job_repository.record import audit
from job_repository.record.store import Record
from job_repository.views.rows import ViewRow
from labrelay.contracts.filters import FilterInvalid
from labrelay.contracts.views import MOST_VIEWS, View, ViewDraft
from labrelay.errors import Conflict, NotFound, Unprocessable

COLUMNS = ViewRow.__table__.c


class ViewTaken(Conflict):
    """Another view has this name."""

    code = "view_taken"
    default_next_step = "Choose another name, or remove the view that has it."


class TooManyViews(Unprocessable):
    """The lab keeps as many views as it may."""

    code = "too_many_views"
    default_next_step = "Remove a view that nobody uses any more."


class Views:
    """Views in the record.

    Args:
        record: the database.
        chain: its audit.
    """

    def __init__(self, record: Record, chain: audit.Audit) -> None:
        self._record = record
        self._audit = chain

    def all(self) -> tuple[View, ...]:
        """Every view, by name."""
        with self._record.read() as connection:
            rows = connection.execute(select(*COLUMNS).order_by(func.lower(COLUMNS.name), COLUMNS.id)).all()
        return tuple(View.model_validate(row._asdict()) for row in rows)

    def keep(self, draft: ViewDraft, actor: str) -> View:
        """Keep one; the same once more changes nothing.

        Raises:
            FilterInvalid: it names no condition.
            ViewTaken: another one has its name.
            TooManyViews: there are as many as there may be.
        """
        if not draft.filter.pairs:
            raise FilterInvalid("The view names no condition, so it would show every job there is.")
        known = {view.name.casefold(): view for view in self.all()}
        if (same := known.get(draft.name.casefold())) is not None:
            return _unchanged(same, draft)
        if len(known) >= MOST_VIEWS:
            raise TooManyViews(f"The lab keeps {len(known)} views already.")
        view = View(
            id=str(uuid4()), name=draft.name, where=draft.filter.text, created_ns=time.time_ns(), created_by=actor
        )
        act = audit.Act("view_kept", actor, view.id, {"name": view.name, "where": view.where})
        with self._record.write() as connection:
            connection.execute(insert(ViewRow).values(**view.model_dump()))
            head = audit.append(connection, [act])
        self._audit.sign(head)
        return view

    def remove(self, view_id: str, actor: str) -> None:
        """Let one go.

        Raises:
            NotFound: there is none with this id.
        """
        with self._record.write() as connection:
            head = audit.append(connection, [_removal(connection, view_id, actor)])
        self._audit.sign(head)


def _removal(connection: Connection, view_id: str, actor: str) -> audit.Act:
    found = connection.execute(select(COLUMNS.name, COLUMNS.where).where(COLUMNS.id == view_id)).first()
    if found is None:
        raise NotFound(f"There is no view {view_id}.", next_step="Look at the views that there are.")
    connection.execute(delete(ViewRow).where(COLUMNS.id == view_id))
    return audit.Act("view_removed", actor, view_id, {"name": found.name, "where": found.where})


def _unchanged(same: View, draft: ViewDraft) -> View:
    if same.where != draft.filter.text:
        raise ViewTaken(f"There is a view “{same.name}” already; it shows {same.where}.")
    return same
