"""A record in PostgreSQL, backed up and restored with its own tools."""

from pathlib import Path

import pytest
from sqlalchemy import make_url

from job_repository.backups.errors import BackupFailed, PlaceTaken
from job_repository.backups.making import back_up
from job_repository.backups.restoring import restore
from job_repository.record.audit import Act, Audit
from job_repository.record.store import Record
from labrelay.settings import Settings
from labrelay.settings.model import Record as RecordSettings
from tests.job_repository.test_postgresql import POSTGRES, database

__all__ = ["database"]
pytest.importorskip("psycopg", reason="psycopg isn't installed")
pytestmark = pytest.mark.skipif(POSTGRES is None, reason="no PostgreSQL server is installed")


def test_a_database_is_dumped_and_restored_and_the_old_tables_stay_aside(
    tmp_path: Path, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = make_url(database).set(password="never shown in a command line")
    shown = url.render_as_string(hide_password=False)
    settings = Settings(data=tmp_path / "data", record=RecordSettings(url=shown))
    record = Record(shown)
    record.open()
    Audit(record, settings.gateway_layout.secrets).enter(Act("test", "ada", "", {}))
    record.close()
    backup = Path(back_up(settings, tmp_path / "backups").file)
    with pytest.raises(PlaceTaken, match="tables in postgres"):
        restore(settings, backup)
    done = restore(settings, backup, force=True)
    assert "schema aside_" in done.aside
    assert record.number("epoch") >= 1000
    record.close()
    monkeypatch.setattr("job_repository.backups.snapshot._program", lambda _: None)
    with pytest.raises(BackupFailed, match="isn't installed"):
        back_up(settings, tmp_path / "backups")
