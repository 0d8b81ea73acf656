"""Tables beside the jobs: counters of those that are alike, waivers, what came and ended by the minute."""

from sqlalchemy import Boolean, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from job_repository.record.models import Base, Big


class JobGroupRow(Base):
    """Jobs that are alike in all that they are counted by; `id` follows from that, `jobs` of them there are now.

    `last_ns` is when one of them changed last, also one that has gone to another group since.
    """

    __tablename__ = "job_groups"
    id: Mapped[int] = mapped_column(Big, primary_key=True, autoincrement=False)
    instrument: Mapped[str] = mapped_column(String(64))
    pipeline: Mapped[str] = mapped_column(String(128))
    task_id: Mapped[str] = mapped_column(String(64))
    stage: Mapped[str] = mapped_column(String(20))
    status: Mapped[str] = mapped_column(String(24))
    failure_code: Mapped[str] = mapped_column(Text)
    overdue: Mapped[bool] = mapped_column(Boolean)
    waived: Mapped[bool] = mapped_column(Boolean)
    jobs: Mapped[int] = mapped_column(Big)
    last_ns: Mapped[int] = mapped_column(Big)


class WaiverRow(Base):
    """Jobs that somebody looked at and that need nobody any more (`jobs` of them then; `filter` in words)."""

    __tablename__ = "waivers"
    __table_args__ = ({"sqlite_autoincrement": True},)
    number: Mapped[int] = mapped_column(Big, primary_key=True, autoincrement=True)
    filter: Mapped[str] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text)
    actor: Mapped[str] = mapped_column(Text)
    at_ns: Mapped[int] = mapped_column(Big)
    jobs: Mapped[int] = mapped_column(Integer)


class JobMinuteRow(Base):
    """Jobs that came and jobs that ended in one minute (since 1970, the gateway's clock)."""

    __tablename__ = "job_minutes"
    minute: Mapped[int] = mapped_column(Big, primary_key=True, autoincrement=False)
    arrived: Mapped[int] = mapped_column(Integer)
    ended: Mapped[int] = mapped_column(Integer)
