"""Pages of jobs and their counts from indexes, however many jobs there are.

Without a time jobs come newest first (`number`), with one those first that changed last (`updated_ns`). A text is
looked for in a bounded number of jobs; `Page.searched` tells when that wasn't all, and `after` goes on behind them.
"""

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, cast

from sqlalchemy import Connection, Select, and_, exists, func, or_, select, true
from sqlalchemy.orm import aliased

from job_repository.jobs.filtering import Condition, Group, hinted, narrow, of_groups, of_rows, texts, times
from job_repository.record.models import BY_GROUP, BY_TEXT, BY_TIME, JobRow
from labrelay.contracts.filters import JobFilter
from labrelay.errors import RequestRefused

FEW: Final = 20_000
"""Jobs of which all are looked at, in place of those of an order."""
RARE: Final = 200_000
"""Jobs that are looked up for their texts; where more are meant, the texts are looked through for them."""
LOOKED: Final = 50_000
"""Jobs whose texts one call looks through, newest first."""
LOOKED_UP: Final = 5_000
"""The same where each text has to be looked up."""
MOST_COUNTED: Final = 100_000
"""Jobs that are counted one by one."""
MOST_FOUND: Final = 5_000
"""The same where each has to be looked up."""
LAST: Final = (1 << 63) - 1
Key = tuple[int, ...]


@dataclass(frozen=True)
class Page:
    """The numbers of a page's jobs in order.

    Attributes:
        next: where the next page begins, None after the last.
        searched: how many jobs were looked through, where that wasn't all and few were found.
    """

    numbers: tuple[int, ...]
    next: str | None
    searched: int | None = None


class Search:
    """One choice of jobs on one look at the record."""

    def __init__(self, connection: Connection, wanted: JobFilter) -> None:
        self._connection = connection
        self._sqlite = connection.dialect.name == "sqlite"
        self._wanted = wanted
        self._groups = of_groups(wanted)
        self._times = times(wanted)
        self._texts = bool(wanted.path or wanted.q)
        self._alike: dict[int, int] | None = None

    @property
    def alike(self) -> dict[int, int]:
        """The groups that are meant, with how many jobs they have."""
        if self._alike is None:
            query = select(Group.id, Group.jobs).where(Group.jobs > 0, *self._groups)
            self._alike = {row.id: row.jobs for row in self._connection.execute(query)}
        return self._alike

    @property
    def few(self) -> bool:
        """Whether the groups alone leave few jobs."""
        return bool(self._groups) and sum(self.alike.values()) <= FEW

    def page(self, after: str | None, limit: int) -> Page:
        """The next jobs after a cursor.

        Raises:
            RequestRefused: the cursor is none of this choice's.
        """
        key = self._key(after)
        bound = self._bound(key)
        query = self._query(self._order, key, bound, limit + 1)
        query = query.order_by(*(column.desc() for column in self._order))
        rows = [tuple(row) for row in self._connection.execute(query)]
        numbers = tuple(row[-1] for row in rows[:limit])
        if len(rows) > limit:
            return Page(numbers, _cursor(rows[limit - 1]))
        return Page(numbers, _cursor(bound), self._most_looked) if bound else Page(numbers, None)

    def groups_counted(self) -> tuple[dict[int, int], bool]:
        """How many jobs of each group are meant, and whether that is all of them."""
        if not (self._times or self._texts or narrow(self._wanted)):
            return self.alike, True
        key = self._key(None)
        bound = self._bound(key)
        most = MOST_FOUND if bound else MOST_COUNTED
        if self._texts and not self._times and not narrow(self._wanted):
            numbers = self._query((JobRow.number,), key, bound, most + 1).subquery()
            row = aliased(JobRow)  # only what is found is looked up
            query = select(row.group_id, func.count()).where(row.number.in_(select(numbers.c.number)))
            query = query.group_by(row.group_id)
        else:
            found = self._query((JobRow.group_id,), key, bound, most + 1).subquery()
            query = select(found.c.group_id, func.count()).group_by(found.c.group_id)
        counted: dict[int, int] = {group: count for group, count in self._connection.execute(query)}  # noqa: C416
        return counted, bound is None and sum(counted.values()) <= most

    @property
    def _order(self) -> tuple[Any, ...]:
        return (JobRow.updated_ns, JobRow.number) if self._times else (JobRow.number,)

    @property
    def _rare(self) -> bool:
        """Whether a text is looked for among the jobs of groups, without a time."""
        return bool(self._groups) and not self._times and sum(self.alike.values()) <= RARE

    @property
    def _most_looked(self) -> int:
        return LOOKED_UP if self._times or self._rare else LOOKED

    def _query(self, columns: Sequence[Any], key: Key, bound: Key | None, limit: int) -> Select[Any]:
        """Columns of the jobs that are meant after a key, as far as a bound."""
        query = select(*columns).where(*self._within(key)).limit(limit)
        if bound:
            query = query.where(_as_far_as(self._order, bound))
        if narrow(self._wanted):
            return query.where(*of_rows(self._wanted), *texts(self._wanted, JobRow), *self._in_groups(lead=False))
        if self._texts:
            return self._searching(query)
        if self._times:
            return self._by_group(query) if self.few else self._by_time(query)
        if not self._groups:
            return query
        return self._by_group(query) if self._sqlite else query.where(JobRow.number.in_(self._newest(key, limit)))

    def _within(self, key: Key) -> list[Condition]:
        """After a key and at the times that are meant; of two ends an index must be led to the nearer one."""
        if key[0] == LAST:
            return self._times
        return [_after(self._order, key), *times(self._wanted, by_index=False)]

    def _by_group(self, query: Select[Any]) -> Select[Any]:
        return hinted(query, JobRow, BY_GROUP).where(*self._in_groups(lead=True))

    def _by_time(self, query: Select[Any]) -> Select[Any]:
        return hinted(query, JobRow, BY_TIME).where(*self._in_groups(lead=False))

    def _searching(self, query: Select[Any]) -> Select[Any]:
        """Few jobs are looked at one by one; of many a bounded number, in order."""
        row = aliased(JobRow)
        same = row.number == JobRow.number
        if self._times or self._rare:
            ordered = self._by_time(query) if self._times else self._by_group(query)
            looked = select(1).where(same, *texts(self._wanted, row))
            return ordered.where(exists(hinted(looked, row, BY_TEXT)))
        query = hinted(query, JobRow, BY_TEXT).where(*texts(self._wanted, JobRow))
        is_meant = exists(select(1).where(same, row.group_id.in_(list(self.alike))))
        return query.where(is_meant) if self._groups else query

    def _newest(self, key: Key, limit: int) -> Select[Any]:
        """Of each group as many as may be needed. SQLite leaves off a group of itself where it can't win any more."""
        row = aliased(JobRow)
        newest = select(row.number).where(row.group_id == Group.id, row.number < key[0]).correlate(Group)
        found = newest.order_by(row.number.desc()).limit(limit).lateral()
        query = select(found.c.number).select_from(Group).join(found, true())
        return query.where(Group.jobs > 0, *self._groups)

    def _in_groups(self, *, lead: bool) -> list[Condition]:
        """As a way to the rows, or only looked at in rows that are found otherwise."""
        column = JobRow.group_id if lead else JobRow.group_id + 0
        return [column.in_(list(self.alike))] if self._groups else []

    def _bound(self, key: Key) -> Key | None:
        """Where a look through texts ends; None where it comes to the end."""
        if not self._texts or narrow(self._wanted):
            return None
        query: Select[Any] = select(*self._order).where(*self._within(key))
        query = query.order_by(*(column.desc() for column in self._order)).offset(self._most_looked - 1).limit(1)
        row = self._connection.execute(self._by_group(query) if self._rare else query).first()
        return tuple(row) if row else None

    def _key(self, after: str | None) -> Key:
        if after is None:
            return (LAST,) * len(self._order)
        try:
            key = tuple(int(part) for part in base64.urlsafe_b64decode(after.encode()).decode().split("."))
        except (ValueError, binascii.Error) as error:
            raise RequestRefused("The cursor `after` isn't one that this service gave out.") from error
        if len(key) != len(self._order):
            raise RequestRefused("The cursor `after` belongs to another choice of jobs.")
        return key


def _after(order: Sequence[Any], key: Key) -> Condition:
    """Further down in the order than a key; in a form that an index begins at."""
    if len(key) == 1:
        return cast(Condition, order[0] < key[0])
    return and_(order[0] <= key[0], or_(order[0] < key[0], order[1] < key[1]))


def _as_far_as(order: Sequence[Any], key: Key) -> Condition:
    if len(key) == 1:
        return cast(Condition, order[0] >= key[0])
    return and_(order[0] >= key[0], or_(order[0] > key[0], order[1] >= key[1]))


def _cursor(key: Key) -> str:
    return base64.urlsafe_b64encode(".".join(str(part) for part in key).encode()).decode()
