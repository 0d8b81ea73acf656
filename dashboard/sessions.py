"""Logins: a signed cookie names the token that was shown, for some hours; the token itself stays with its holder.

What it names is looked up at each call, so a login ends within seconds when its token is revoked.
"""

import hmac
import re
import secrets
import time
from pathlib import Path
from typing import Final

from starlette.datastructures import Headers
from starlette.requests import cookie_parser
from starlette.responses import Response

from labrelay.capability import load_key

COOKIE: Final = "labrelay_session"
KEY: Final = "session.key"
_FORM: Final = re.compile(r"([0-9a-f]{12})[.]([0-9]{1,12})[.]([0-9a-f]{32})[.]([0-9a-f]{64})")


class Sessions:
    """The logins of one dashboard.

    Args:
        folder: where its signing key lies.
        hours: how long a login lasts.
    """

    def __init__(self, folder: Path, hours: float) -> None:
        self._folder = folder
        self._seconds = int(hours * 3600)
        self._ended: dict[str, int] = {}
        self._key = b""

    def begin(self, response: Response, token_id: str, *, secure: bool) -> None:
        """Let the browser that gets this answer be logged in as the token's holder; `secure`: only ever over TLS."""
        claim = f"{token_id}.{int(time.time()) + self._seconds}.{secrets.token_hex(16)}"
        response.set_cookie(
            COOKIE,
            f"{claim}.{self._sign(claim)}",
            max_age=self._seconds,
            httponly=True,
            samesite="strict",
            secure=secure,
        )

    def token_of(self, headers: Headers) -> str:
        """The id of the token that a login was made with; empty without one that lasts."""
        found = _FORM.fullmatch(cookie_parser(headers.get("cookie", "")).get(COOKIE, ""))
        if found is None:
            return ""
        token_id, ends, nonce, signature = found.groups()
        good = hmac.compare_digest(self._sign(f"{token_id}.{ends}.{nonce}"), signature)
        return token_id if good and int(ends) > time.time() and nonce not in self._ended else ""

    def end(self, headers: Headers, response: Response) -> None:
        """Log out; the same cookie is worth nothing any more until it would have ended anyway."""
        response.delete_cookie(COOKIE, httponly=True, samesite="strict")
        found = _FORM.fullmatch(cookie_parser(headers.get("cookie", "")).get(COOKIE, ""))
        if found is not None and self.token_of(headers):
            now = time.time()
            self._ended = {nonce: ends for nonce, ends in self._ended.items() if ends > now}
            self._ended[found[3]] = int(found[2])

    def _sign(self, claim: str) -> str:
        self._key = self._key or load_key(self._folder, KEY)
        return hmac.digest(self._key, claim.encode(), "sha256").hex()
