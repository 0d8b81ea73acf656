from pathlib import Path

from fastapi.testclient import TestClient

from data_organizer.app import create
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
    assert shown == {"Operator": "Ada", "row": "8"}
    assert client.get("/api/v2/attributes", params={"name": "a.tif", "folder": "two"}).json() == {}
