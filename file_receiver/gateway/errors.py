"""What can be wrong with an upload."""

from labrelay.errors import Conflict, ServiceUnavailable, Unprocessable


class UploadOffset(Conflict):
    """The upload doesn't start where the held part ends; the member `offset` says where that is."""

    code = "upload_offset"
    default_next_step = "Send from the byte that `offset` names."


class UploadBusy(Conflict):
    """Another upload of this capture is under way."""

    code = "upload_busy"
    default_next_step = "Wait until it has ended; labrelay asks again by itself."
    retryable = True


class UploadCut(ServiceUnavailable):
    """The sender went away or fell silent before all bytes were here; what came is kept."""

    code = "upload_cut"


class InputDigestMismatch(Unprocessable):
    """The bytes are not those that were announced; they were dropped."""

    code = "input_digest_mismatch"
    default_next_step = "Send the input again from its first byte; if it has changed, announce it anew."
    retryable = True


class InputSizeMismatch(Unprocessable):
    """The upload is longer or shorter than what was announced."""

    code = "input_size_mismatch"
    default_next_step = "Send exactly the announced bytes; if the file has changed, announce it anew."
