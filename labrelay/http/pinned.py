"""Calls to this machine's own services over TLS: their certificate is known, whatever name and authority it has."""

import hashlib
import ssl
from pathlib import Path
from typing import Any, Final

from requests.adapters import HTTPAdapter

from labrelay.errors import SettingsInvalid

BEGIN: Final = "-----BEGIN CERTIFICATE-----"
END: Final = "-----END CERTIFICATE-----"


class PinnedAdapter(HTTPAdapter):
    """Speaks only to who has this one certificate.

    Args:
        fingerprint: SHA-256 of the certificate, hex.
    """

    def __init__(self, fingerprint: str) -> None:
        self._fingerprint = fingerprint
        super().__init__(pool_maxsize=4)

    def init_poolmanager(self, *arguments: Any, **options: Any) -> None:
        """Let urllib3 compare the certificate instead of a name and an authority."""
        super().init_poolmanager(*arguments, **options, assert_fingerprint=self._fingerprint)


def fingerprint(certificate: Path) -> str:
    """SHA-256 of the first certificate in a PEM file, hex.

    Raises:
        SettingsInvalid: there is no such file, or no certificate in it.
    """
    try:
        text = certificate.read_text(encoding="ascii")
        pem = text[text.index(BEGIN) : text.index(END)] + END
        return hashlib.sha256(ssl.PEM_cert_to_DER_cert(pem)).hexdigest()
    except (OSError, ValueError) as error:
        cause = f"The file {certificate} of `access.certificate` holds no certificate that can be read."
        raise SettingsInvalid(cause) from error
