"""What the side watches reaches its gateway: at once, when it changes, and not over and over."""

import shutil

import requests

from data_organizer.journal import Journal
from data_organizer.watching import Watching
from tests.data_organizer.conftest import Side
from tests.data_organizer.gateway import Gateway
from tests.polling import until


def test_the_gateway_hears_of_the_folders_and_of_one_that_goes_away(side: Side, gateway: Gateway) -> None:
    until(lambda: bool(gateway.watching))
    first = gateway.watching[0]
    assert first.instrument == side.settings.oem.instrument
    assert [(each.name, each.unreachable) for each in first.folders] == [("input", "")]
    assert first.folders[0].path == str(side.folder.resolve())
    shutil.rmtree(side.folder)
    requests.post(f"{side.settings.service_url('file_watcher')}/api/v2/scan", timeout=30)
    until(lambda: gateway.watching[-1].folders[0].unreachable != "")


def test_what_stays_the_same_is_told_once(side: Side, gateway: Gateway) -> None:
    watching = Watching(Journal(side.settings), side.settings)
    until(lambda: bool(gateway.watching))
    told = len(gateway.watching)
    for _ in range(3):
        watching.turn()
    assert len(gateway.watching) == told + 1
    always = Watching(Journal(side.settings), side.settings, every_s=-1.0)
    for _ in range(3):
        always.turn()
    assert len(gateway.watching) == told + 4


def test_a_gateway_of_an_older_version_that_never_asked_is_no_trouble(side: Side, gateway: Gateway) -> None:
    gateway.is_older = True
    Watching(Journal(side.settings), side.settings).turn()
