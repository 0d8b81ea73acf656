"""Drills that take a minute more: the journal is lost, then the record is set back in its place."""

import pytest

from tests.chain.commands import start
from tests.drills.conftest import Lab

pytestmark = [pytest.mark.process, pytest.mark.timeout(400)]


def test_a_lost_journal_is_made_anew_and_nothing_is_doubled(lab: Lab) -> None:
    lab.drop("plate/A01.tif", "plate/A02.tif")
    assert lab.ask("backup", str(lab.backup), "--with-secrets").status == 0
    lab.drop("plate/A01.tif", "plate/A03.tif")
    before = lab.job_ids()
    lab.oem.stop()
    for file in lab.oem.settings.oem_layout.root.glob("journal.db*"):
        file.unlink()
    lab.oem = start("oem", lab.oem.config)
    lab.settle()
    assert lab.job_ids() == before


def test_a_record_that_is_set_back_in_its_place_gets_everything_back(lab: Lab) -> None:
    lab.drop("plate/B01.tif")
    refused = lab.ask("restore", str(lab.backup))
    assert (refused.status, "runs on" in refused.err) == (1, True)
    lab.gateway.stop()
    refused = lab.ask("restore", str(lab.backup))
    assert (refused.status, "--force" in refused.err) == (1, True)
    assert lab.ask("restore", str(lab.backup), "--force").status == 0
    lab.gateway = start("gateway", lab.gateway.config)
    lab.settle()
    assert list(lab.gateway.settings.gateway_layout.root.glob("aside-*/record.db"))
