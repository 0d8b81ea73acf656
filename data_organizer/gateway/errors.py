"""What can be wrong with a push."""

from labrelay.errors import Conflict, RequestRefused, ServiceUnavailable, Unprocessable


class PushDigestMismatch(Unprocessable):
    """The bytes are not those of the Content-Digest; nothing was kept. The member `sha256` says what came."""

    code = "push_digest_mismatch"
    default_next_step = "Send the file again; if this repeats, look at what lies between sender and gateway."
    retryable = True


class PushTooLarge(RequestRefused):
    """The file is larger than the gateway takes over HTTP; nothing was kept."""

    code = "push_too_large"
    default_next_step = "Let an instrument's side watch the folder, or raise `storage.max_upload_bytes`."
    status = 413


class PushForm(RequestRefused):
    """The body is not the bare bytes of a file."""

    code = "push_form"
    default_next_step = "Send the file itself as the body, e.g. `curl -T FILE -X POST URL`."
    status = 415


class PushCut(ServiceUnavailable):
    """The client went away or fell silent before all bytes were here; nothing was kept."""

    code = "push_cut"
    default_next_step = "Send the file again from its first byte."


class PushOvertaken(Conflict):
    """The path gets other contents faster than this one can find its place among them."""

    code = "push_overtaken"
    default_next_step = "Push again, or give every image a path of its own."
    retryable = True
