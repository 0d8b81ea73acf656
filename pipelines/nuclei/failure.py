"""Errors of direct HTTP calls, with the HTTP status that stands for them."""

from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus

from bentoml.exceptions import BentoMLException

from labrelay.errors import LabrelayError
from pipelines.segmentation.errors import ParameterInvalid


class RequestFailed(BentoMLException):  # type: ignore[misc]
    """What BentoML answers in place of a result: code, cause and next step in one line."""

    def __init__(self, error: LabrelayError) -> None:
        super().__init__(f"{error.code}: {error.cause} {error.next_step}")
        callers = isinstance(error, ParameterInvalid)
        self.error_code = HTTPStatus.UNPROCESSABLE_ENTITY if callers else HTTPStatus(error.status)


@contextmanager
def answered() -> Iterator[None]:
    """Answer labrelay's errors over HTTP.

    Raises:
        RequestFailed: for any `LabrelayError` within the block.
    """
    try:
        yield
    except LabrelayError as error:
        raise RequestFailed(error) from None
