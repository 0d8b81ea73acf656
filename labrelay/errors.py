"""The error tree: every failure has a stable code, a cause in plain words, a next step and whether a retry can help.

```
LabrelayError
├── SettingsInvalid        a setting is wrong; names file, key and a way out
├── RequestRefused         the caller asked for something that can't be done (HTTP 4xx)
│   ├── NotFound           404
│   ├── Conflict           409: the job, capture or upload is not in the state that the caller believes
│   ├── Forbidden          403: a capability or a name was not accepted
│   └── Unprocessable      422: content or parameters are wrong
├── ServiceUnavailable     503: another part can't be reached or isn't ready; a retry helps
│   └── StorageFull        507: the disk is above its watermark
├── TokenRefused           401: no token, or none that holds; goes on by itself when one that does is put in place
├── AccessDenied           403: the token holds, and isn't enough for this call
├── InputProblem           the input file itself: missing, changed, unreadable
└── PipelineProblem        the pipeline failed, answered nonsense or took too long
```
"""

from typing import Any, ClassVar


class LabrelayError(Exception):
    """Root of all errors that labrelay raises on purpose.

    Attributes:
        code: stable, snake_case; the operator's guide has one entry for each.
        cause: what happened, in plain words.
        next_step: what the reader can do now.
        retryable: whether the same thing can succeed later without a change.
        status: the HTTP status that stands for it.
        extra: further members of the problem document.
    """

    code: ClassVar[str] = "internal_error"
    default_next_step: ClassVar[str] = "Look at the service's log; report it if it happens again."
    retryable: ClassVar[bool] = False
    status: ClassVar[int] = 500

    def __init__(self, cause: str, *, next_step: str | None = None, **extra: Any) -> None:
        super().__init__(cause)
        self.cause = cause
        self.next_step = next_step or self.default_next_step
        self.extra = extra


class SettingsInvalid(LabrelayError):
    """A setting is missing, unknown or of the wrong kind."""

    code = "settings_invalid"
    default_next_step = "Correct the setting, then run `labrelay config check`."


class RequestRefused(LabrelayError):
    """The request can't be carried out as it stands."""

    code = "request_refused"
    default_next_step = "Correct the request; the API page of the service shows its form."
    status = 400


class NotFound(RequestRefused):
    """Nothing has that identifier."""

    code = "not_found"
    default_next_step = "Check the identifier; `labrelay jobs` lists what there is."
    status = 404


class Conflict(RequestRefused):
    """The thing has moved on: another attempt, owner, revision or content holds."""

    code = "conflict"
    default_next_step = "Read the current state and decide again."
    status = 409


class InstrumentTaken(Conflict):
    """Another installation of the instrument's side holds this instrument's name."""

    code = "instrument_taken"
    default_next_step = (
        "Two PCs have one name: give this one its own (`instrument` in the section [oem] of labrelay.toml). If it has "
        "taken the other's place, call `labrelay replace NAME` on the gateway."
    )
    retryable = True


class Forbidden(RequestRefused):
    """A capability, token or name was not accepted."""

    code = "forbidden"
    default_next_step = "Use the URL exactly as it was given, or ask the administrator for access."
    status = 403


class CaptureOfAnother(Forbidden):
    """An announcement names a capture that belongs to another instrument."""

    code = "capture_of_another"
    default_next_step = (
        "Nothing, if this PC was given another name: it announces the file once more as its own. Otherwise look at "
        "who holds this instrument's token (`labrelay token list`)."
    )


class Unprocessable(RequestRefused):
    """The content is not what it claims to be."""

    code = "unprocessable"
    status = 422


class ServiceUnavailable(LabrelayError):
    """Another part can't be reached or isn't ready yet."""

    code = "service_unavailable"
    default_next_step = "Wait: labrelay tries again by itself. `labrelay doctor` tells what is missing."
    retryable = True
    status = 503


class StorageFull(ServiceUnavailable):
    """The disk is above its watermark, nothing more is taken in."""

    code = "storage_full"
    default_next_step = "Free space on the gateway's disk; intake goes on by itself."
    status = 507


class TokenRefused(LabrelayError):
    """No token came with the call, or one that doesn't hold. No request is at fault, so none is given up for it."""

    code = "token_refused"
    default_next_step = (
        "Show a token that holds, as `Authorization: Bearer …`. The administrator gives one out "
        "(`labrelay token create`; for an instrument `labrelay enroll NAME`, its line goes into the file that "
        "`oem.token_file` names, and work goes on by itself)."
    )
    status = 401


class AccessDenied(LabrelayError):
    """The token holds, but its role or its subject isn't enough for this call."""

    code = "access_denied"
    default_next_step = "Ask the administrator for a token that may do this; `labrelay token list` tells who has which."
    status = 403


class InputProblem(LabrelayError):
    """The input file is missing, has changed or can't be read."""

    code = "input_problem"
    default_next_step = "Look at the file on the instrument."
    status = 422


class PipelineProblem(LabrelayError):
    """The pipeline failed, answered nonsense or took too long."""

    code = "pipeline_failed"
    default_next_step = "Open the image; if it is good, retry the job."
    retryable = True


def error_tree(root: type[LabrelayError] = LabrelayError) -> dict[str, type[LabrelayError]]:
    """Every error class by its code, for documents and tests."""
    tree = {root.code: root}
    for branch in root.__subclasses__():
        tree.update(error_tree(branch))
    return tree
