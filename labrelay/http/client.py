"""The one HTTP client: time-outs, bounded retries with jitter, keep-alive, problem documents as errors again."""

import random
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any, Final, Self, TypeVar

import requests
from pydantic import BaseModel
from requests.adapters import HTTPAdapter

from labrelay.access.keys import KeyFile, edge_key, pipeline_key, service_key
from labrelay.errors import LabrelayError, ServiceUnavailable, SettingsInvalid
from labrelay.http.answers import refuse_redirect, taken_whole
from labrelay.http.neighbours import Question, neighbour_at
from labrelay.http.pinned import PinnedAdapter, fingerprint
from labrelay.http.problem import error_from
from labrelay.installation import HEADER, installation_of
from labrelay.settings.exposure import own_host
from labrelay.settings.model import Settings, Tls

CONNECT_S: Final = 3.05
READ_S: Final = 30.0
JSON: Final = {"Content-Type": "application/json"}
Model = TypeVar("Model", bound=BaseModel)
Given = TypeVar("Given")
IDEMPOTENT: Final = frozenset({"GET", "HEAD", "PUT", "DELETE"})

_silent_s: Final[dict[str, float]] = {}
"""When a peer, by its base URL, last didn't answer (monotonic). Connections that died without a word die together, and
each that is still kept alive would cost a whole time-out of its own, one after the other along a file's way."""


class Client:
    """Calls to one base URL. Safe to use from several threads; each has its own session.

    Args:
        base_url: scheme, host and port, e.g. `http://127.0.0.1:59784`.
        read_s: seconds without a byte before a call is given up.
        retries: further tries after a failed connection or a 502/503/504.
        repeat_all: all of this peer's calls may be repeated (labrelay's own steps are idempotent), not only GET/PUT.
        tls: whom to trust and what to show, for `https` addresses.
        key: shown with every call, as `Authorization: Bearer …`.
        pin: SHA-256 of the one certificate to trust instead, hex.
        headers: sent with every call.

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
        key: KeyFile | None = None,
        pin: str = "",
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self.base_url = base_url.rstrip("/")
        self._read_s = read_s
        self._retries = retries
        self._repeat_all = repeat_all
        self._tls = _present(tls or Tls())
        self._key = key
        self._pin = pin
        self._headers = dict(headers or {})
        self._local = threading.local()
        self._beside = False

    @classmethod
    def of(cls, settings: Settings, port_name: str, **options: Any) -> Self:
        """Calls to a service of this machine, by its name in `ports`, with the key of its side."""
        pin = _own_pin(settings)
        client = cls(settings.service_url(port_name), key=service_key(settings, port_name), pin=pin, **options)
        client._beside = True
        return client

    @classmethod
    def of_pipeline(cls, settings: Settings, name: str, **options: Any) -> Self:
        """Calls to the Bento of a pipeline of this machine."""
        url = f"{settings.access.scheme}://{own_host(settings.bind)}:{settings.pipeline_port(name)}"
        return cls(url, key=service_key(settings, "registry"), pin=_own_pin(settings), **options)

    @classmethod
    def of_edge(cls, settings: Settings, **options: Any) -> Self:
        """The instrument's side calls its gateway, with its token and the name of its installation."""
        pin = "" if settings.oem.edge_url else _own_pin(settings)
        told = {HEADER: installation_of(settings.oem_layout)}
        return cls(settings.edge_url, tls=settings.oem.tls, key=edge_key(settings), pin=pin, headers=told, **options)

    @classmethod
    def of_gateway(cls, settings: Settings, url: str, **options: Any) -> Self:
        """A pipeline calls its gateway, with its token, under the name that the gateway advertises."""
        tls = Tls() if settings.access.certificate else Tls(ca=settings.access.ca)
        return cls(url, tls=tls, key=pipeline_key(settings), pin=_own_pin(settings), **options)

    @property
    def session(self) -> requests.Session:
        """This thread's session; a new one when the peer was silent to anybody since this one was answered."""
        if getattr(self._local, "answered_s", -1.0) <= _silent_s.get(self.base_url, 0.0):
            if hasattr(self._local, "session"):
                self._local.session.close()
            session = requests.Session()
            session.trust_env = False
            session.headers.update(self._headers)
            session.verify = str(self._tls.ca) if self._tls.ca else True
            session.cert = (str(self._tls.certificate), str(self._tls.key)) if self._tls.certificate else None
            session.mount("http://", HTTPAdapter(pool_maxsize=4))
            if self._pin:
                session.verify = False  # neither name nor authority: the certificate itself is compared
                session.mount("https://", PinnedAdapter(self._pin))
            self._local.session = session
            self._local.answered_s = time.monotonic()
        return self._local.session  # type: ignore[no-any-return]

    def request(self, method: str, path: str, *, read_s: float | None = None, **options: Any) -> requests.Response:
        """One call, repeated while that may help.

        Raises:
            ServiceUnavailable: nobody answered, also after the retries.
            LabrelayError: the error that the peer's problem document names.
        """
        tries = self._tries(method, options)
        return self._repeated(lambda: self._once(method, path, read_s or self._read_s, options), tries)

    def ask(self, answer: type[Model], method: str, path: str, body: BaseModel | None = None, **options: Any) -> Model:
        """One call whose answer is a contract; between services of one process it takes no socket.

        Raises:
            ServiceUnavailable: nobody answered, also after the retries.
            LabrelayError: the error that the peer's problem document names.
        """
        asked = Question(params=options.get("params") or {}, headers=options.get("headers") or {}, body=body)
        told = self._repeated(lambda: self._told_beside(method, path, asked), self._tries(method, {}))
        if told is None:
            if body is not None:
                sent = {**JSON, **asked.headers}
                options = {**options, "headers": sent, "data": body.model_dump_json().encode()}
            return answer.model_validate_json(self.request(method, path, **options).content)
        return told if isinstance(told, answer) else answer.model_validate(told.model_dump())

    def _told_beside(self, method: str, path: str, question: Question) -> BaseModel | None:
        neighbour = neighbour_at(self.base_url) if self._beside else None
        return neighbour.reply(method, path, question) if neighbour else None

    @staticmethod
    def _repeated(call: Callable[[], Given], tries: int) -> Given:
        for left in reversed(range(tries)):
            try:
                return call()
            except LabrelayError as error:
                if not (error.retryable and left):
                    raise
                time.sleep(random.uniform(0.05, 0.15) * (tries - left))
        raise AssertionError("unreachable")

    def _tries(self, method: str, options: dict[str, Any]) -> int:
        may_repeat = not _streamed(options) and (self._repeat_all or method in IDEMPOTENT)
        return 1 + self._retries if may_repeat else 1

    def _once(self, method: str, path: str, read_s: float, options: dict[str, Any]) -> requests.Response:
        # urllib3 sends a body under the connect time-out: a streamed one must outlast a pause of the peer's disk.
        connect_s = read_s if _streamed(options) else CONNECT_S
        if shown := self._key.read() if self._key else "":
            options = {**options, "headers": {"Authorization": f"Bearer {shown}", **options.get("headers", {})}}
        asked = {**options, "timeout": (connect_s, read_s), "stream": True, "allow_redirects": False}
        try:
            response = self.session.request(method, self.base_url + path, **asked)
            refuse_redirect(response)
            if not (options.get("stream") and response.status_code < 400):
                taken_whole(response)
        except requests.RequestException as error:
            _silent_s[self.base_url] = time.monotonic()
            raise ServiceUnavailable(f"{self.base_url} doesn't answer ({type(error).__name__}).") from error
        self._local.answered_s = time.monotonic()
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


def _own_pin(settings: Settings) -> str:
    """The fingerprint of this machine's own certificate; empty without one."""
    certificate = settings.access.certificate
    return fingerprint(certificate) if certificate else ""


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
