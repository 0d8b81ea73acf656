"""Tables of the record."""

from sqlalchemy import BigInteger, Boolean, Index, Integer, String, Text, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from job_repository.plates.identity import PLATE_NAME
from job_repository.plates.images import WELL_NAME

Big = BigInteger().with_variant(Integer, "sqlite")
BY_GROUP, BY_TIME, BY_TEXT, BY_WELL = "jobs_group", "jobs_updated", "jobs_text", "jobs_well"
"""Indexes that lists and counts are made from without a look at documents."""


class Base(DeclarativeBase):
    """Base of all tables."""


class Meta(Base):
    """What the record knows of itself: `epoch`, `applied` (the projector's position), `audit` (the chain's lock)."""

    __tablename__ = "meta"
    key: Mapped[str] = mapped_column(String(40), primary_key=True)
    value: Mapped[int] = mapped_column(Big)


class CaptureRow(Base):
    """One finished content of a file, with its frozen matches (`jobs`: JSON list of `{id, task}`)."""

    __tablename__ = "captures"
    __table_args__ = (
        UniqueConstraint("instrument", "folder", "path", "generation", name="captures_generation"),
        Index("captures_content", "instrument", "sha256"),
        Index("captures_arrived", "instrument", "created_ns"),
    )
    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    instrument: Mapped[str] = mapped_column(String(64))
    folder: Mapped[str] = mapped_column(Text)
    path: Mapped[str] = mapped_column(Text)
    generation: Mapped[int] = mapped_column(Integer)
    predecessor: Mapped[str | None] = mapped_column(String(36))
    sha256: Mapped[str] = mapped_column(String(64))
    announcement: Mapped[str] = mapped_column(Text)
    jobs: Mapped[str] = mapped_column(Text)
    job_count: Mapped[int] = mapped_column(Integer)
    superseded_by: Mapped[str | None] = mapped_column(String(36))
    created_ns: Mapped[int] = mapped_column(Big)


class CaptureEndRow(Base):
    """A capture whose jobs are all final in the record; numbers only grow."""

    __tablename__ = "capture_ends"
    __table_args__ = ({"sqlite_autoincrement": True},)
    number: Mapped[int] = mapped_column(Big, primary_key=True, autoincrement=True)
    capture_id: Mapped[str] = mapped_column(String(36), unique=True)
    instrument: Mapped[str] = mapped_column(String(64), index=True)


class JobRow(Base):
    """A job as its newest projected event left it; `number` is that of its first event and orders lists."""

    __tablename__ = "jobs"
    __table_args__ = (
        Index("jobs_plate", "plate", "seq"),
        # All that a plate's map looks at, without the documents; PostgreSQL's without paths, which may be too long.
        Index(BY_WELL, "plate", "well", "task_id", "stage", "number", "path", "id").ddl_if(dialect="sqlite"),
        Index("jobs_well_only", "plate", "well").ddl_if(dialect="postgresql"),
        Index("jobs_plate_name", "plate_name", "number"),
        Index(BY_GROUP, "group_id", "number", "updated_ns"),
        Index(BY_TIME, "updated_ns", "number", "group_id"),
        # All texts that are searched, without the documents. PostgreSQL indexes no path as long as ours.
        Index(BY_TEXT, "number", "path", "plate_name", "instrument", "pipeline", "failure_code").ddl_if(
            dialect="sqlite"
        ),
    )
    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    number: Mapped[int] = mapped_column(Big, unique=True)
    seq: Mapped[int] = mapped_column(Big)
    capture_id: Mapped[str] = mapped_column(String(36), index=True)
    stage: Mapped[str] = mapped_column(String(20))
    status: Mapped[str] = mapped_column(String(24))
    final: Mapped[bool] = mapped_column(Boolean, index=True)
    instrument: Mapped[str] = mapped_column(String(64))
    pipeline: Mapped[str] = mapped_column(String(128))
    path: Mapped[str] = mapped_column(Text)
    failure_code: Mapped[str] = mapped_column(Text)
    overdue: Mapped[bool] = mapped_column(Boolean)
    set_key: Mapped[str] = mapped_column(String(64), index=True, server_default="")
    plate: Mapped[str] = mapped_column(String(36), server_default="")
    task_id: Mapped[str] = mapped_column(String(64), server_default="")
    plate_name: Mapped[str] = mapped_column(String(PLATE_NAME), server_default="")
    revision: Mapped[int] = mapped_column(Integer, server_default="0")
    hidden: Mapped[bool] = mapped_column(Boolean, default=False)
    updated_ns: Mapped[int] = mapped_column(Big)
    doc: Mapped[str] = mapped_column(Text)
    group_id: Mapped[int] = mapped_column(Big, server_default="0")
    waiver: Mapped[int] = mapped_column(Big, server_default="0")
    well: Mapped[str] = mapped_column(String(WELL_NAME), server_default="")


class PlateRow(Base):
    """A plate, with the number of its first event (`attributes`: JSON of those that make it this plate).

    All that its jobs did up to the number `covered` is in its tables.
    """

    __tablename__ = "plates"
    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    number: Mapped[int] = mapped_column(Big, unique=True)
    instrument: Mapped[str] = mapped_column(String(64), index=True)
    folder: Mapped[str] = mapped_column(Text)
    attributes: Mapped[str] = mapped_column(Text)
    covered: Mapped[int] = mapped_column(Big)


class JobEventRow(Base):
    """One step of a job."""

    __tablename__ = "job_events"
    seq: Mapped[int] = mapped_column(Big, primary_key=True, autoincrement=False)
    job_id: Mapped[str] = mapped_column(String(36), index=True)
    at_ns: Mapped[int] = mapped_column(Big)
    step: Mapped[str] = mapped_column(String(20))
    stage: Mapped[str] = mapped_column(String(20))
    actor: Mapped[str] = mapped_column(Text)
    epoch: Mapped[int] = mapped_column(Integer)
    attempt: Mapped[int] = mapped_column(Integer)
    instrument: Mapped[str] = mapped_column(String(64))
    pipeline: Mapped[str] = mapped_column(String(128))
    path: Mapped[str] = mapped_column(Text)
    detail: Mapped[str] = mapped_column(Text)


class TaskRow(Base):
    """A task at its newest version (`doc`: JSON of `labrelay.contracts.tasks.Task`)."""

    __tablename__ = "tasks"
    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    version: Mapped[int] = mapped_column(Integer)
    deleted: Mapped[bool] = mapped_column(Boolean, default=False)
    doc: Mapped[str] = mapped_column(Text)


class TaskVersionRow(Base):
    """Every version that a task ever had."""

    __tablename__ = "task_versions"
    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    version: Mapped[int] = mapped_column(Integer, primary_key=True)
    actor: Mapped[str] = mapped_column(Text)
    doc: Mapped[str] = mapped_column(Text)


class InstrumentPauseRow(Base):
    """A pause of an instrument: set from the `gateway`, or at the `instrument` itself (`place`)."""

    __tablename__ = "instruments_paused"
    instrument: Mapped[str] = mapped_column(String(64), primary_key=True)
    place: Mapped[str] = mapped_column(String(16), primary_key=True)
    paused_by: Mapped[str] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text)
    since_ns: Mapped[int] = mapped_column(Big)


class EpochRow(Base):
    """An epoch of the live store, and what the record held when it began: `ends` (the last number of capture_ends)."""

    __tablename__ = "epochs"
    epoch: Mapped[int] = mapped_column(Big, primary_key=True, autoincrement=False)
    began_ns: Mapped[int] = mapped_column(Big)
    ends: Mapped[int] = mapped_column(Big)


class ReleaseRow(Base):
    """Something that a retention rule let go: `going` from the decision on, `gone` when its owner has deleted it."""

    __tablename__ = "releases"
    kind: Mapped[str] = mapped_column(String(16), primary_key=True)
    key: Mapped[str] = mapped_column(String(200), primary_key=True)
    state: Mapped[str] = mapped_column(String(8), index=True)
    at_ns: Mapped[int] = mapped_column(Big)
    rule: Mapped[str] = mapped_column(Text)
    actor: Mapped[str] = mapped_column(Text)


class ActionRow(Base):
    """An act on many jobs (`told`: JSON of what its preview counted and showed)."""

    __tablename__ = "actions"
    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    action: Mapped[str] = mapped_column(String(16))
    filter: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(String(16), index=True)
    actor: Mapped[str] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text)
    total: Mapped[int] = mapped_column(Integer)
    told: Mapped[str] = mapped_column(Text)
    created_ns: Mapped[int] = mapped_column(Big, index=True)
    started_ns: Mapped[int] = mapped_column(Big, server_default="0")
    ended_ns: Mapped[int] = mapped_column(Big, server_default="0")


class ActionJobRow(Base):
    """A job of an act: as its preview saw it (`revision`, `seq`), and what became of it (`told` says it in words)."""

    __tablename__ = "action_jobs"
    __table_args__ = (Index("action_jobs_outcome", "action_id", "outcome", "place"),)
    action_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    job_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    place: Mapped[int] = mapped_column(Big)
    revision: Mapped[int] = mapped_column(Integer)
    seq: Mapped[int] = mapped_column(Big)
    outcome: Mapped[str] = mapped_column(String(16))
    told: Mapped[str] = mapped_column(Text, server_default="")


class TokenRow(Base):
    """A token that was given out; `sha256` is its secret's digest, which is all that is kept of it."""

    __tablename__ = "tokens"
    id: Mapped[str] = mapped_column(String(12), primary_key=True)
    sha256: Mapped[str] = mapped_column(String(64))
    role: Mapped[str] = mapped_column(String(16))
    subject: Mapped[str] = mapped_column(Text)
    created_ns: Mapped[int] = mapped_column(Big)
    created_by: Mapped[str] = mapped_column(Text)
    expires_ns: Mapped[int | None] = mapped_column(Big)
    used_ns: Mapped[int | None] = mapped_column(Big)
    revoked_ns: Mapped[int | None] = mapped_column(Big)
    revoked_by: Mapped[str] = mapped_column(Text, server_default="")


class InstallationRow(Base):
    """The installation of the instrument's side that holds an instrument's name."""

    __tablename__ = "installations"
    instrument: Mapped[str] = mapped_column(String(64), primary_key=True)
    installation: Mapped[str] = mapped_column(String(64))
    since_ns: Mapped[int] = mapped_column(Big)


class VerdictRow(Base):
    """What people say of a job's results (`excluded`: JSON of `ExcludedObject`s), for the outputs of that `seal`."""

    __tablename__ = "verdicts"
    job_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    revision: Mapped[int] = mapped_column(Integer)
    seal: Mapped[str] = mapped_column(String(64))
    verdict: Mapped[str] = mapped_column(String(8), index=True)
    reason: Mapped[str] = mapped_column(Text)
    given_by: Mapped[str] = mapped_column(Text)
    at_ns: Mapped[int] = mapped_column(Big)
    excluded: Mapped[str] = mapped_column(Text)
    updated_ns: Mapped[int] = mapped_column(Big, index=True)


class AuditRow(Base):
    """One link of the audit chain; `hash` = SHA-256 over the previous hash and this row's canonical JSON."""

    __tablename__ = "audit"
    number: Mapped[int] = mapped_column(Big, primary_key=True, autoincrement=False)
    at_ns: Mapped[int] = mapped_column(Big)
    kind: Mapped[str] = mapped_column(String(32))
    actor: Mapped[str] = mapped_column(Text)
    subject: Mapped[str] = mapped_column(String(64), index=True)
    body: Mapped[str] = mapped_column(Text)
    previous: Mapped[str] = mapped_column(String(64))
    hash: Mapped[str] = mapped_column(String(64))
