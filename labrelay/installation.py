"""Which installation of a side this is: two PCs of one name, or two gateways on one Redis, are told apart by it."""

import hashlib
from typing import Annotated, Final

from fastapi import Header

from labrelay.capability import load_key
from labrelay.layout import GatewayLayout, OemLayout

HEADER: Final = "X-Labrelay-Installation"
NAME: Final = "installation.key"
InstallationHeader = Annotated[str, Header(alias=HEADER, max_length=64)]
"""A route's parameter: the caller's installation, empty where it tells none."""


def installation_of(layout: OemLayout | GatewayLayout) -> str:
    """32 hex digits, made at the first start in the data folder; another folder is another installation."""
    return hashlib.sha256(load_key(layout.secrets, NAME)).hexdigest()[:32]
