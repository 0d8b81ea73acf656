"""Takes in an image that is posted to the service: a form with a file, or the bare image as body."""

import contextlib
import json
import shutil
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from anyio import to_thread
from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException
from starlette.requests import Request
from starlette.types import Message, Receive

from labrelay.files import input_name
from labrelay.http.body import pour
from pipelines.counting.errors import PostForm, PostMalformed, PostTooLarge

FIELD: Final = "image"
FORM: Final = "multipart/form-data"
BARE: Final = ("", "application/octet-stream")
MOST_FIELDS: Final = 50
MOST_FIELD_BYTES: Final = 10_000


@dataclass(frozen=True)
class Posted:
    """An image on disk under a name of its own, and the fields that came with it, as texts."""

    path: Path
    fields: Mapping[str, str]


async def take_in(request: Request, folder: Path, most_bytes: int) -> Posted:
    """Bring a posted image into a folder; parameters come in the form or in the query.

    Raises:
        PostForm: the body is something else.
        PostMalformed: the form has no image, or several.
        PostTooLarge: the body is larger than `most_bytes`.
        ClientDisconnect: the client went away.
        TimeoutError: it fell silent.
    """
    if int(request.headers.get("content-length") or 0) > most_bytes:
        raise _too_large(most_bytes)
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    limited = Request(request.scope, _limited(request.receive, most_bytes))
    query = dict(request.query_params)
    if kind == FORM:
        return await _of_form(limited, folder, query)
    if kind in BARE or kind.startswith("image/"):
        return await _of_body(limited, folder, query)
    raise PostForm(f"A body of the kind {kind} is no image.")


async def _of_form(request: Request, folder: Path, query: dict[str, str]) -> Posted:
    async with _form(request) as form:
        image = form.get(FIELD)
        if not isinstance(image, UploadFile):
            raise PostMalformed(f"The form has no file in a field called {FIELD!r}.")
        path = folder / input_name(image.filename or FIELD)
        await to_thread.run_sync(_keep, image, path)
        return Posted(path, query | {name: _text(value) for name, value in form.items() if isinstance(value, str)})


async def _of_body(request: Request, folder: Path, query: dict[str, str]) -> Posted:
    path = folder / input_name(query.pop("name", FIELD))
    with path.open("wb") as file:

        def write(piece: bytes | bytearray) -> None:
            file.write(piece)

        await pour(request.stream(), write)
    return Posted(path, query)


@contextlib.asynccontextmanager
async def _form(request: Request) -> AsyncIterator[FormData]:
    try:
        form = await request.form(max_files=1, max_fields=MOST_FIELDS, max_part_size=MOST_FIELD_BYTES)
    except (MultiPartException, HTTPException) as error:
        reason = getattr(error, "message", "") or getattr(error, "detail", "")
        raise PostMalformed(f"The form can't be read: {reason}") from error
    try:
        yield form
    finally:
        await form.close()


def _keep(image: UploadFile, path: Path) -> None:
    with path.open("wb") as file:
        shutil.copyfileobj(image.file, file)


def _limited(receive: Receive, most_bytes: int) -> Receive:
    taken = 0

    async def take() -> Message:
        nonlocal taken
        message = await receive()
        taken += len(message.get("body", b""))
        if taken > most_bytes:
            raise _too_large(most_bytes)
        return message

    return take


def _too_large(most_bytes: int) -> PostTooLarge:
    return PostTooLarge(f"The body has more than the {most_bytes / 1e6:,.6g} MB that this service takes.")


def _text(value: str) -> str:
    """A field's text; BentoML's client writes all of them as JSON."""
    try:
        told = json.loads(value)
    except ValueError:
        return value
    if told is None:
        return ""
    return told if isinstance(told, str) else value
