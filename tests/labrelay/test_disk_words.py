"""What is said of a disk that gets full."""

import pytest

from labrelay.contracts.disks import DISKS, DiskTrouble, disk_name, disk_words
from labrelay.words import _, speaking

TOLD: dict[str, str | float] = {
    "disk": "the record's disk",
    "used": 0.934,
    "free": 4_120_000_000,
    "watermark": 0.9,
    "kept": 5_000_000_000,
}


@pytest.mark.parametrize("trouble", DiskTrouble)
def test_each_trouble_names_disk_share_and_bytes_in_every_language(trouble: DiskTrouble) -> None:
    words = disk_words({**TOLD, "trouble": trouble.value})
    assert words.startswith("The record's disk is 93% full, 4.1 GB are free")
    with speaking("zh-Hans"):
        assert _(words).startswith("记录的磁盘已使用 93%，剩余 4.1 GB")


def test_a_disk_of_labrelays_own_has_a_name_in_every_language() -> None:
    with speaking("zh-Hans"):
        assert all(_(disk_name(name)) != name for name in DISKS)
        assert _(disk_name("the vault {x}")) == "The vault {x}"


@pytest.mark.parametrize("told", [{}, {"trouble": "melting"}, {"trouble": "near_watermark", "used": "much"}])
def test_what_another_version_told_is_refused(told: dict[str, str | float]) -> None:
    with pytest.raises((KeyError, ValueError)):
        disk_words(told and {**TOLD, **told})
