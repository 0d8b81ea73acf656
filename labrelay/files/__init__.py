"""File kit: stream with SHA-256, publish by temp-fsync-rename, names that can't leave their root."""

from labrelay.files.digest import CHUNK, digest_file
from labrelay.files.names import inside, is_temporary, legal_name
from labrelay.files.publish import copy_published, fsync_folder, publish_bytes, publish_file, temporary_beside

__all__ = [
    "CHUNK",
    "copy_published",
    "digest_file",
    "fsync_folder",
    "inside",
    "is_temporary",
    "legal_name",
    "publish_bytes",
    "publish_file",
    "temporary_beside",
]
