"""The disk's watermark: nothing is taken in that would fill the gateway."""

import shutil
from pathlib import Path

from labrelay.errors import StorageFull
from labrelay.settings.model import Storage


def check_room(folder: Path, coming: int, limits: Storage) -> None:
    """Refuse `coming` bytes when the disk below `folder` is too full for them.

    Raises:
        StorageFull: above `storage.watermark`, or less than `storage.keep_free_bytes` would be left.
    """
    there = next(path for path in (folder, *folder.parents) if path.exists())
    usage = shutil.disk_usage(there)
    # Blocks kept for root count as neither used nor free, as `df` does it.
    share = usage.used / max(1, usage.used + usage.free)
    if share > limits.watermark:
        raise StorageFull(f"The gateway's disk is {share:.0%} full, above its watermark of {limits.watermark:.0%}.")
    if usage.free - coming < limits.keep_free_bytes:
        raise StorageFull(
            f"{coming:,} bytes more would leave less than {limits.keep_free_bytes:,} bytes free on the gateway's disk."
        )
