"""An SQLite file that can't be written says why in words for people."""

from pathlib import Path

import pytest
from sqlalchemy import text

from labrelay.errors import ServiceUnavailable, StorageFull
from labrelay.sqlite import OEM_DISK, durable_engine, troubles_told
from tests.small_disk import full, mounted


def test_a_full_disk_is_called_that_and_the_file_goes_on_when_there_is_room(tmp_path: Path) -> None:
    with mounted(tmp_path / "disk", 4) as disk:
        file = disk / "journal.db"
        engine = durable_engine(file)
        with engine.begin() as connection:
            connection.execute(text("CREATE TABLE found (path TEXT)"))
        insert = text("INSERT INTO found VALUES (:path)")
        rows = [{"path": "x" * 200}] * 2_000
        refused = pytest.raises(StorageFull, match=r"instrument's PC is full: .*journal\.db can't be written")
        with full(disk), refused as told, troubles_told(file, OEM_DISK), engine.begin() as connection:
            connection.execute(insert, rows)
        assert "goes on by itself" in told.value.next_step
        with engine.begin() as connection:
            connection.execute(insert, rows[:5])
            assert connection.scalar(text("SELECT count(*) FROM found")) == 5
        engine.dispose()


def test_any_other_trouble_names_the_file(tmp_path: Path) -> None:
    file = tmp_path / "a folder"
    file.mkdir()
    with pytest.raises(ServiceUnavailable, match="a folder can't be read or written"), troubles_told(file, OEM_DISK):
        durable_engine(file).connect()
