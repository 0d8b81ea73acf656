"""The one HTTP client: time-outs, bounded retries with jitter, keep-alive, problem documents as errors again."""

import random
import threading
import time
from typing import Any, Final

import requests
from requests.adapters import HTTPAdapter

from labrelay.errors import LabrelayError, ServiceUnavailable, SettingsInvalid
from labrelay.http.problem import error_from
from labrelay.settings.model import Tls

CONNECT_S: Final = 3.05
READ_S: Final = 30.0
IDEMPOTENT: Final = frozenset({"GET", "HEAD", "PUT", "DELETE"})


class Client:
    """Calls to one base URL. Safe to use from several threads; each has its own session.

    Args:
        base_url: scheme, host and port, e.g. `http://127.0.0.1:59784`.
        read_s: seconds without a byte before a call is given up.
        retries: further tries after a failed connection or a 502/503/504.
        repeat_all: all of this peer's calls may be repeated (labrelay's own steps are idempotent), not only GET/PUT.
        tls: whom to trust and what to show, for `https` addresses.

    Raises:
        SettingsInvalid: a file that `tls` names is not there.
    """

    def __init__(
        self,
        base_url: str,
        *,
        read_s: float = READ_S,
        retries: int = 2,
        repeat_all: bool = True,
        tls: Tls | None = None,
    ) -> None:
        self.base_url = base_url.rstrip("/")
        self._read_s = read_s
        self._retries = retries
        self._repeat_all = repeat_all
        self._tls = _present(tls or Tls())
        self._local = threading.local()

    @property
    def session(self) -> requests.Session:
        """This thread's session."""
        if not hasattr(self._local, "session"):
            session = requests.Session()
            session.trust_env = False
            session.verify = str(self._tls.ca) if self._tls.ca else True
            session.cert = (str(self._tls.certificate), str(self._tls.key)) if self._tls.certificate else None
            session.mount("http://", HTTPAdapter(pool_maxsize=4))
            self._local.session = session
        return self._local.session  # type: ignore[no-any-return]

    def request(self, method: str, path: str, *, read_s: float | None = None, **options: Any) -> requests.Response:
        """One call, repeated while that may help.

        Raises:
            ServiceUnavailable: nobody answered, also after the retries.
            LabrelayError: the error that the peer's problem document names.
        """
        tries = 1 + (self._retries if self._may_repeat(method, options) else 0)
        for left in reversed(range(tries)):
            try:
                return self._once(method, path, read_s or self._read_s, options)
            except LabrelayError as error:
                if not (error.retryable and left):
                    raise
                time.sleep(random.uniform(0.05, 0.15) * (tries - left))
        raise AssertionError("unreachable")

    def _may_repeat(self, method: str, options: dict[str, Any]) -> bool:
        return not _streamed(options) and (self._repeat_all or method in IDEMPOTENT)

    def _once(self, method: str, path: str, read_s: float, options: dict[str, Any]) -> requests.Response:
        # urllib3 sends a body under the connect time-out: a streamed one must outlast a pause of the peer's disk.
        connect_s = read_s if _streamed(options) else CONNECT_S
        try:
            response = self.session.request(method, self.base_url + path, timeout=(connect_s, read_s), **options)
        except requests.RequestException as error:
            raise ServiceUnavailable(f"{self.base_url} doesn't answer ({type(error).__name__}).") from error
        if response.status_code < 400:
            return response
        with response:
            raise error_from(_document(response), response.status_code)

    def get(self, path: str, **options: Any) -> Any:
        """GET, the JSON answer."""
        return self.request("GET", path, **options).json()

    def post(self, path: str, body: Any = None, **options: Any) -> Any:
        """POST a JSON body, the JSON answer."""
        return self.request("POST", path, json=body, **options).json()

    def put(self, path: str, body: Any = None, **options: Any) -> Any:
        """PUT a JSON body, the JSON answer."""
        return self.request("PUT", path, json=body, **options).json()

    def delete(self, path: str, **options: Any) -> None:
        """DELETE."""
        self.request("DELETE", path, **options)


def _present(tls: Tls) -> Tls:
    missing = [file for file in (tls.ca, tls.certificate, tls.key) if file is not None and not file.is_file()]
    if missing:
        raise SettingsInvalid(f"The file {missing[0]} of [oem.tls] is not there.")
    return tls


def _streamed(options: dict[str, Any]) -> bool:
    body = options.get("data")
    return body is not None and not isinstance(body, (bytes, str))


def _document(response: requests.Response) -> dict[str, Any]:
    try:
        document = response.json()
    except requests.JSONDecodeError:
        return {"cause": response.text.strip()[:300]}
    return document if isinstance(document, dict) else {"cause": str(document)[:300]}
