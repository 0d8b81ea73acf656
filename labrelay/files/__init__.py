"""File kit: stream with SHA-256, publish by temp-fsync-rename, names that can't leave their root."""

from labrelay.files.beneath import LeadsOut, open_beneath
from labrelay.files.digest import CHUNK, digest_file
from labrelay.files.names import input_name, inside, is_temporary, leads_out, legal_name
from labrelay.files.opening import in_use, open_shared
from labrelay.files.publish import (
    copy_published,
    fsync_folder,
    open_temporary,
    publish_bytes,
    publish_file,
    temporary_beside,
)

__all__ = [
    "CHUNK",
    "LeadsOut",
    "copy_published",
    "digest_file",
    "fsync_folder",
    "in_use",
    "input_name",
    "inside",
    "is_temporary",
    "leads_out",
    "legal_name",
    "open_beneath",
    "open_shared",
    "open_temporary",
    "publish_bytes",
    "publish_file",
    "temporary_beside",
]
