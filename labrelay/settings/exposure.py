"""Who can reach a bind address: loopback needs no login, anything else does."""

from ipaddress import ip_address
from urllib.parse import urlsplit

from labrelay.settings.access import Access


def is_loopback(host: str) -> bool:
    """Whether only this machine can call what listens on `host` (an address or a name)."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def asks_for_tokens(bind: str, insecure: bool, access: Access) -> bool:
    """Whether a call needs a token."""
    return access.tokens == "always" or not (insecure or is_loopback(bind))


def refuse_open(bind: str, insecure: bool, access: Access) -> None:
    """Others may reach services only with tokens, over TLS; or where a person says otherwise.

    Raises:
        ValueError: `bind` is open to other machines, nothing ends TLS and `insecure` isn't set.
    """
    if insecure or is_loopback(bind) or access.certificate or access.proxy:
        return
    raise ValueError(
        f"`bind` = {bind!r} lets other machines call services over a line that anybody can read; nothing is started. "
        'Set `bind` to "127.0.0.1"; or name `certificate` and `key` in [access]; or say `proxy = true` there where a '
        "reverse proxy ends TLS; or, where something else keeps strangers out (a container's network), say "
        "`insecure = true`, which also asks nobody for a token"
    )


def refuse_readable_token(edge_url: str, insecure: bool) -> None:
    """A token travels over TLS or not at all.

    Raises:
        ValueError: the gateway is another machine and is called without TLS.
    """
    parts = urlsplit(edge_url)
    if parts.scheme == "http" and not insecure and not is_loopback(parts.hostname or ""):
        raise ValueError(
            f"oem.token_file: over {edge_url!r} anybody on the line could read the token; call the gateway by https, "
            "or, where something else keeps strangers out, say `insecure = true`"
        )


def own_host(bind: str) -> str:
    """The address by which this machine reaches its own services, as it stands in a URL."""
    if bind in ("", "0.0.0.0", "127.0.0.1"):  # noqa: S104 - compared, not bound
        return "127.0.0.1"
    if bind == "::":
        return "[::1]"
    return f"[{bind}]" if ":" in bind else bind
