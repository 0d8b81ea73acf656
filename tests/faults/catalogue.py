"""All faults, in the order of the table."""

from tests.faults import clocks, disks, files, network, odd_pipelines, processes, shares, stores
from tests.faults.fault import Fault

FAULTS: tuple[Fault, ...] = (
    *processes.FAULTS,
    *network.FAULTS,
    *stores.FAULTS,
    *clocks.FAULTS,
    *disks.FAULTS,
    *shares.FAULTS,
    *files.FAULTS,
    *odd_pipelines.FAULTS,
)
