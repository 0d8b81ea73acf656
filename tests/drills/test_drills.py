"""The drill that a lab needs most: the gateway is gone, another takes over from a backup that is older than much work.

The copying pipeline makes doubles visible: each written content must lie exactly once in the results.
"""

import pytest

from tests.chain.commands import start
from tests.chain.test_two_sides import gateway_file
from tests.drills.conftest import Lab, point_to
from tests.labrelay.cli.command_line import labrelay

pytestmark = [pytest.mark.process, pytest.mark.timeout(300)]


def test_the_gateway_is_replaced_from_a_backup_that_is_older_than_much_work(lab: Lab) -> None:
    lab.drop("plate/A01.tif", "plate/A02.tif")
    assert lab.ask("backup", str(lab.backup), "--with-secrets").status == 0
    lab.drop("plate/A03.tif", "plate/A04.tif", "plate/A05.tif")
    before = lab.job_ids()
    lab.gateway.stop()
    lab.instrument.write("plate/while there was none.tif")
    fresh = gateway_file(lab.root / "second")
    restored = labrelay("restore", str(lab.backup), "--config", str(fresh))
    assert restored.status == 0, restored.err
    lab.gateway = start("gateway", fresh)
    point_to(lab.oem.config, lab.gateway.settings.ports.edge)
    lab.restart_oem()
    lab.settle()
    assert lab.job_ids() > before
    verdict = lab.ask("audit", "verify", "--json", "--receipts", str(lab.oem.settings.data)).json
    assert (verdict["intact"], len(verdict["restores"])) == (True, 1), verdict
    assert verdict["witnessed"] >= len(lab.instrument.written)
