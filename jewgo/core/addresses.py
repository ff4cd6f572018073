"""Where a request comes from: the caller's address, as far as our own proxies tell, and the network around it."""

from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from django.conf import settings
from django.http import HttpRequest


def address_of(request: HttpRequest) -> str:
    """Return the caller's address; X-Forwarded-For counts only as far as our own proxies have written it.

    How many those are says the setting TRUSTED_PROXIES.
    """
    proxies: int = settings.TRUSTED_PROXIES
    hops = [hop.strip() for hop in request.META.get("HTTP_X_FORWARDED_FOR", "").split(",") if hop.strip()]
    if proxies and len(hops) >= proxies:
        return str(hops[-proxies])
    return str(request.META.get("REMOTE_ADDR", ""))


@lru_cache(maxsize=4096)
def network_of(address: str, *, v4: int, v6: int) -> str:
    """Return the network of so many bits around an address, "unknown" for what is none."""
    try:
        parsed: IPv4Address | IPv6Address = ip_address(address)
    except ValueError:
        return "unknown"
    if isinstance(parsed, IPv6Address) and parsed.ipv4_mapped is not None:
        parsed = parsed.ipv4_mapped
    return str(ip_network((parsed, v4 if parsed.version == 4 else v6), strict=False))
