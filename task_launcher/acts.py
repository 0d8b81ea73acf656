"""What people do at the launcher enters the repository's audit before it holds."""

from labrelay.http.client import Client


class Acts:
    """Tells acts to the job repository.

    Args:
        client: of the repository.
    """

    def __init__(self, client: Client) -> None:
        self._client = client

    def enter(self, kind: str, actor: str, subject: str, body: dict[str, list[str]] | None = None) -> None:
        """Let an act enter the audit.

        Raises:
            ServiceUnavailable: the repository doesn't answer; the act mustn't be carried out then.
        """
        told = {"kind": kind, "actor": actor, "subject": subject[:64], "body": body or {}}
        self._client.request("POST", "/api/v2/audit/acts", json=told)
