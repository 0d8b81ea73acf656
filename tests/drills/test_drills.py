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
    import time; print("T", time.monotonic(), 'lab.drop("plate/A01.tif", "plate/A02.tif")')
    assert lab.ask("backup", str(lab.backup), "--with-secrets").status == 0
    import time; print("T", time.monotonic(), 'assert lab.ask("backup", str(lab.backup), "--with-')
    lab.drop("plate/A03.tif", "plate/A04.tif", "plate/A05.tif")
    import time; print("T", time.monotonic(), 'lab.drop("plate/A03.tif", "plate/A04.tif", "plate/')
    before = lab.job_ids()
    import time; print("T", time.monotonic(), 'before = lab.job_ids()')
    lab.gateway.stop()
    import time; print("T", time.monotonic(), 'lab.gateway.stop()')
    lab.instrument.write("plate/while there was none.tif")
    import time; print("T", time.monotonic(), 'lab.instrument.write("plate/while there was none.t')
    fresh = gateway_file(lab.root / "second")
    import time; print("T", time.monotonic(), 'fresh = gateway_file(lab.root / "second")')
    restored = labrelay("restore", str(lab.backup), "--config", str(fresh))
    import time; print("T", time.monotonic(), 'restored = labrelay("restore", str(lab.backup), "-')
    assert restored.status == 0, restored.err
    import time; print("T", time.monotonic(), 'assert restored.status == 0, restored.err')
    lab.gateway = start("gateway", fresh)
    import time; print("T", time.monotonic(), 'lab.gateway = start("gateway", fresh)')
    point_to(lab.oem.config, lab.gateway.settings.ports.edge)
    import time; print("T", time.monotonic(), 'point_to(lab.oem.config, lab.gateway.settings.port')
    lab.restart_oem()
    import time; print("T", time.monotonic(), 'lab.restart_oem()')
    lab.settle()
    import time; print("T", time.monotonic(), 'lab.settle()')
    assert lab.job_ids() > before
    import time; print("T", time.monotonic(), 'assert lab.job_ids() > before')
    verdict = lab.ask("audit", "verify", "--json", "--receipts", str(lab.oem.settings.data)).json
    import time; print("T", time.monotonic(), 'verdict = lab.ask("audit", "verify", "--json", "--')
    assert (verdict["intact"], len(verdict["restores"])) == (True, 1), verdict
    import time; print("T", time.monotonic(), 'assert (verdict["intact"], len(verdict["restores"]')
    assert verdict["witnessed"] >= len(lab.instrument.written)
    import time; print("T", time.monotonic(), 'assert verdict["witnessed"] >= len(lab.instrument.')
