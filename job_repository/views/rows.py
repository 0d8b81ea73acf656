"""The table of views."""

from sqlalchemy import String, Text
from sqlalchemy.orm import Mapped, mapped_column

from job_repository.record.models import Base, Big


class ViewRow(Base):
    """A choice of jobs that the lab keeps by name (`where`: the filter, as the command line writes it)."""

    __tablename__ = "views"
    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    name: Mapped[str] = mapped_column(String(60))
    where: Mapped[str] = mapped_column(Text)
    created_ns: Mapped[int] = mapped_column(Big)
    created_by: Mapped[str] = mapped_column(Text)
