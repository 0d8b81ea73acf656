"""Who can reach a bind address: loopback needs no login, anything else does."""

from ipaddress import ip_address


def is_loopback(host: str) -> bool:
    """Whether only this machine can call what listens on `host` (an address or a name)."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def refuse_open(bind: str, insecure: bool) -> None:
    """Services have no logins yet, so others may reach them only where a person says so.

    Raises:
        ValueError: `bind` is open to other machines and `insecure` isn't set.
    """
    if insecure or is_loopback(bind):
        return
    raise ValueError(
        f"`bind` = {bind!r} lets other machines call services that have no login; nothing is started. Set `bind` to "
        '"127.0.0.1", or, where something else keeps strangers out (a container\'s network, a proxy that checks '
        "certificates), say `insecure = true`"
    )
