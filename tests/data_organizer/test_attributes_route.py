from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from data_organizer.app import create
from labrelay.errors import SettingsInvalid
from labrelay.settings import Settings, WatchedFolder
from labrelay.settings.model import AttributeRule, Oem


def test_a_name_shows_what_it_would_be_announced_with(settings: Settings, tmp_path: Path) -> None:
    folders = (
        WatchedFolder(name="one", path=tmp_path / "one", attributes={"Operator": "Ada", "row": "0"}),
        WatchedFolder(name="two", path=tmp_path / "two"),
    )
    oem = Oem(folders=folders, attributes={"row": AttributeRule(id="r", type="int")})
    client = TestClient(create(settings.model_copy(update={"oem": oem})))
    shown = client.get("/api/v2/attributes", params={"name": "plate/r08.tif"}).json()
    assert shown["attributes"] == {"Operator": "Ada", "row": "8"}
    assert shown["read_by"] == {"Operator": "folder", "row": "oem.attributes"}
    query = {"name": "p/p_A01_s1.tif", "folder": "two"}
    shown = client.get("/api/v2/attributes", params=query).json()
    assert shown["attributes"] == {"plate": "p", "well": "A01", "row": "A", "column": 1, "field": 1}
    assert set(shown["read_by"].values()) == {"imagexpress"}


def test_an_unknown_folder_is_not_found(settings: Settings) -> None:
    answer = TestClient(create(settings)).get("/api/v2/attributes", params={"name": "a.tif", "folder": "three"})
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


@pytest.mark.parametrize("mistake", [{"patterns": ("(?P<a>",)}, {"names": "imagexpres"}])
def test_a_mistake_in_how_names_are_read_stops_the_start_and_names_the_folder(
    settings: Settings, tmp_path: Path, mistake: dict[str, Any]
) -> None:
    folder = WatchedFolder(name="plates", path=tmp_path, **mistake)
    wrong = settings.model_copy(update={"oem": Oem(folders=(folder,))})
    with pytest.raises(SettingsInvalid, match="folder 'plates'"):
        create(wrong)
