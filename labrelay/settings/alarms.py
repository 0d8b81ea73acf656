"""Where alarms go: a webhook, e-mail, the MQTT broker. What raises them is set in the record, over the API."""

from pathlib import Path
from typing import Annotated

from pydantic import Field, field_validator, model_validator

from labrelay.settings.section import Port, Seconds, Section


class Webhook(Section):
    """A webhook as Standard Webhooks describes it; without `url` none is called.

    Attributes:
        url: `http://` or `https://`.
        secret_file: holds the secret that messages are signed with (`whsec_…`), alone on a line; a second line is a
            second secret that also holds, for changing it.
    """

    url: str = ""
    secret_file: Path | None = None

    @field_validator("url")
    @classmethod
    def _http(cls, url: str) -> str:
        if url and not url.startswith(("http://", "https://")):
            raise ValueError("a webhook's address begins with http:// or https://")
        return url

    @model_validator(mode="after")
    def _signed(self) -> "Webhook":
        if self.url and self.secret_file is None:
            raise ValueError("a webhook needs secret_file: without a signature nobody can tell who calls")
        return self


class Email(Section):
    """E-mail through an SMTP server; without `host` none is sent.

    Attributes:
        starttls: speak encrypted after the greeting; `user` and `password_file` need it.
        sender: the address that mail comes from.
        to: who gets it.
    """

    host: str = ""
    port: Port = 25
    starttls: bool = False
    user: str = ""
    password_file: Path | None = None
    sender: str = "labrelay@localhost"
    to: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _whole(self) -> "Email":
        if self.host and not self.to:
            raise ValueError("e-mail needs `to`: who gets it")
        if self.user and not (self.starttls and self.password_file):
            raise ValueError("an SMTP user needs password_file and starttls: a password never travels in the clear")
        if any("\n" in each or "\r" in each for each in (self.sender, *self.to)):
            raise ValueError("an e-mail address is one line")
        return self


class AlarmTopic(Section):
    """The topic on the broker of `[mqtt]`; empty: nothing is published."""

    topic: Annotated[str, Field(max_length=200, pattern=r"^[^#+\x00]*$")] = ""


class Alarms(Section):
    """Where alarms go.

    Attributes:
        timeout_s: the longest that one try of a message may take.
    """

    timeout_s: Seconds = 10.0
    webhook: Webhook = Webhook()
    email: Email = Email()
    mqtt: AlarmTopic = AlarmTopic()
