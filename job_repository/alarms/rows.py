"""The tables of alarms."""

from sqlalchemy import Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from job_repository.record.models import Base, Big


class AlarmRuleRow(Base):
    """A rule (`doc`: an `AlarmRule`); `instrument` is empty where it is everybody's."""

    __tablename__ = "alarm_rules"
    kind: Mapped[str] = mapped_column(String(32), primary_key=True)
    instrument: Mapped[str] = mapped_column(String(64), primary_key=True)
    doc: Mapped[str] = mapped_column(Text)


class AlarmRow(Base):
    """What a rule raised; numbers only grow."""

    __tablename__ = "alarms"
    __table_args__ = ({"sqlite_autoincrement": True},)
    number: Mapped[int] = mapped_column(Big, primary_key=True, autoincrement=True)
    kind: Mapped[str] = mapped_column(String(32))
    subject: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(String(16), index=True)
    cause: Mapped[str] = mapped_column(Text)
    next_step: Mapped[str] = mapped_column(Text)
    raised_ns: Mapped[int] = mapped_column(Big)
    acknowledged_ns: Mapped[int | None] = mapped_column(Big)
    acknowledged_by: Mapped[str] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text)
    cleared_ns: Mapped[int | None] = mapped_column(Big)
    parameters: Mapped[str] = mapped_column(Text, server_default="{}")


class DeliveryRow(Base):
    """A message to one channel (`body`: its JSON); `next_ns` is when it may be tried."""

    __tablename__ = "alarm_deliveries"
    __table_args__ = ({"sqlite_autoincrement": True},)
    number: Mapped[int] = mapped_column(Big, primary_key=True, autoincrement=True)
    channel: Mapped[str] = mapped_column(String(16))
    event: Mapped[str] = mapped_column(String(16))
    alarm: Mapped[int | None] = mapped_column(Big)
    message: Mapped[str] = mapped_column(String(64))
    state: Mapped[str] = mapped_column(String(16), index=True)
    attempts: Mapped[int] = mapped_column(Integer)
    outcome: Mapped[str] = mapped_column(Text)
    body: Mapped[str] = mapped_column(Text)
    created_ns: Mapped[int] = mapped_column(Big)
    tried_ns: Mapped[int | None] = mapped_column(Big)
    next_ns: Mapped[int] = mapped_column(Big)
