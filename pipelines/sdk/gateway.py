"""The gateway as a worker sees it: claim a job, renew the lease, report, finish."""

import threading
from typing import Final
from urllib.parse import urlsplit

from labrelay.contracts.aicsd import WireReport
from labrelay.contracts.launches import Claim, ClaimRequest, Launch
from labrelay.http import Client
from labrelay.settings import Settings

READ_S: Final = 10.0
"""Seconds without an answer before a call is given up."""


class Gateway:
    """One try of each call; who calls decides about another. URLs come whole, as launches and claims carry them.

    Every method raises what the gateway's answer stands for: `labrelay.errors.RequestRefused` (a subclass for 403, 404,
    409, 422) or `ServiceUnavailable` when nobody answers.

    Args:
        settings: where the gateway is; only there the pipeline's token is shown.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._own = {settings.advertised_url(port) for port in ("job_repository", "task_launcher")}
        self._clients: dict[str, Client] = {}
        self._lock = threading.Lock()

    def claim(self, launch: Launch, worker: str) -> Claim:
        """Take a job; everything needed for one attempt at it."""
        body = ClaimRequest(job_id=launch.job_id, epoch=launch.epoch, worker=worker).model_dump(mode="json")
        client, path = self._split(launch.claim_url)
        return Claim.model_validate(client.post(path, body))

    def renew(self, claim: Claim) -> None:
        """Keep the claim for another lease."""
        client, path = self._split(claim.renew_url)
        client.request("POST", path, read_s=min(READ_S, claim.lease_s))

    def report(self, claim: Claim, report: WireReport) -> None:
        """Hand over what was found (the PUT, always before the POST)."""
        client, path = self._split(claim.job_update_url)
        client.request("PUT", path, json=report.wire())

    def finish(self, claim: Claim, status: str) -> None:
        """Say that the report stands (the POST); `status` equals the report's."""
        client, path = self._split(claim.status_url)
        client.request("POST", path, data=status, headers={"Content-Type": "text/plain"})

    def _split(self, url: str) -> tuple[Client, str]:
        parts = urlsplit(url)
        origin = f"{parts.scheme}://{parts.netloc}"
        with self._lock:
            client = self._clients.get(origin) or self._clients.setdefault(origin, self._client(origin))
        return client, url.removeprefix(origin)

    def _client(self, origin: str) -> Client:
        if origin in self._own:
            return Client.of_gateway(self._settings, origin, read_s=READ_S, retries=0)
        return Client(origin, read_s=READ_S, retries=0)  # whoever wrote the launch: no token goes there
