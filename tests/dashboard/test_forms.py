"""Forms: whatever is posted becomes plain lines."""

import asyncio

import pytest
from fastapi import Request

from dashboard.forms import form_of, lists_of


def posted(body: bytes) -> Request:
    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": body, "more_body": False}

    return Request({"type": "http", "method": "POST", "headers": [], "path": "/"}, receive)


@pytest.mark.parametrize(
    "body", [b"", b"reason=", b"\xff\xfe", b"reason=%00%01", b"reason=a%0Ab%E2%80%A8c", b"x" * 100_000]
)
def test_any_form_gives_single_lines(body: bytes) -> None:
    for value in asyncio.run(form_of(posted(body))).values():
        assert len(value.splitlines()) <= 1


def test_all_values_of_a_name_are_kept_in_order() -> None:
    body = b"job=1&job=2&reason=a++b%0Ac"
    assert asyncio.run(lists_of(posted(body))) == {"job": ["1", "2"], "reason": ["a b c"]}
    assert asyncio.run(form_of(posted(body))) == {"job": "2", "reason": "a b c"}
