"""Who may call: tokens, and TLS by file or by a proxy in front."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, model_validator

from labrelay.settings.section import Section


class Access(Section):
    """Who may call this machine's services.

    Attributes:
        tokens: `auto` asks for a token where `bind` lets other machines call; `always` on loopback too.
        certificate: of this gateway (PEM, with its chain); all of its services then answer over TLS alone.
        key: its private key (PEM).
        ca: who must have signed the gateway's certificate, for pipelines on other machines; without it, the public
            authorities.
        proxy: a reverse proxy in front ends TLS; a call from loopback is then not taken for one of this machine.
        session_h: hours that a login to the dashboard lasts.
    """

    tokens: Literal["auto", "always"] = "auto"
    certificate: Path | None = None
    key: Path | None = None
    ca: Path | None = None
    proxy: bool = False
    session_h: Annotated[float, Field(gt=0, le=24 * 31)] = 12.0

    @model_validator(mode="after")
    def _pair(self) -> "Access":
        if (self.certificate is None) != (self.key is None):
            raise ValueError("a certificate needs its key and a key its certificate; set both or none")
        return self

    @property
    def scheme(self) -> str:
        """How services are called: `https` with a certificate of their own."""
        return "http" if self.certificate is None else "https"


class Aicsd(Section):
    """AiCSD's `/api/v1`, whose callers know no tokens.

    Attributes:
        open: calls without a token are taken from other machines too; whoever reaches a port may then do everything
            that version 1 can do. Without it they are taken from this machine alone.
    """

    open: bool = False
