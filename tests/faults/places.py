"""Where things of the two sides lie, and their settings files."""

from dataclasses import dataclass
from pathlib import Path

from labrelay.supervisor import GATEWAY, OEM
from tests.chain.commands import settings_file
from tests.ports import take_ports


@dataclass(frozen=True)
class Places:
    """Where things lie. A test may put any of them elsewhere (on a small disk, on a share) before the start.

    Attributes:
        images: the watched folder.
        results: the output folder.
        oem: the OEM side's data folder.
        gateway: the gateway's data folder.
        settings: where both settings files and the commands' logs lie.
    """

    images: Path
    results: Path
    oem: Path
    gateway: Path
    settings: Path

    @classmethod
    def below(cls, root: Path, **others: Path) -> "Places":
        """The usual places below one folder, but for those that are named."""
        names = ("images", "results", "oem", "gateway", "settings")
        return cls(**{name: root / name for name in names} | others)


def gateway_file(places: Places, bento: bool, more: str) -> Path:
    """The gateway's settings: short leases, many attempts, and workers that are killed again and again."""
    names = [*(port for _, port in GATEWAY.values()), "edge"]
    *numbers, redis_port, bento_port = take_ports(len(names) + 2)
    ports = dict(zip(names, numbers, strict=True))
    model = f'models = {{ bento = {{ folder = "bento", port = {bento_port} }} }}' if bento else ""
    lines = f"""[redis]
port = {redis_port}
[pipelines]
run = ["copying"]
{model}
[launcher]
lease_s = 4.0
attempts = 50
{more}"""
    return settings_file(places.settings / "gateway.toml", places.gateway, ports, lines)


def oem_file(places: Places, edge: int, rescan_s: float, more: str) -> Path:
    """The OEM side knows the relay's port as its gateway."""
    names = [port for _, port in OEM.values()]
    lines = f"""[oem]
instrument = "reader-1"
edge_url = "http://127.0.0.1:{edge}"
output_folder = "{places.results.as_posix()}"
rescan_s = {rescan_s}
[[oem.folders]]
path = "{places.images.as_posix()}"
stable_s = 0.5
{more}"""
    return settings_file(
        places.settings / "oem.toml", places.oem, dict(zip(names, take_ports(len(names)), strict=True)), lines
    )
