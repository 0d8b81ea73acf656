"""Alembic's entry: runs on the connection that `Record.open` hands over, inside its transaction."""

from alembic import context

from job_repository.record.models import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    transactional_ddl=False,
    render_as_batch=True,
)
context.run_migrations()
