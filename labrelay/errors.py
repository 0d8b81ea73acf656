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


class Forbidden(RequestRefused):
    """A capability, token or name was not accepted."""

    code = "forbidden"
    default_next_step = "Use the URL exactly as it was given, or ask the administrator for access."
    status = 403


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
