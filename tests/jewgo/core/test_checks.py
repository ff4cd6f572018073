"""System checks of the kernel: one test per id, named after it."""

from typing import Any

import pytest

from jewgo.core.checks import addresses
from jewgo.core.limits.rates import Rate

HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
LIMITED = {"RATES": {"anonymous": Rate(600, 60)}, "PROCESSES": 2}


@pytest.mark.parametrize(
    ("header", "proxies", "limits", "found"),
    [
        (HEADER, 0, LIMITED, ["core.W001"]),
        (HEADER, 1, LIMITED, []),
        (None, 0, LIMITED, []),
        (HEADER, 0, {"RATES": {"anonymous": None}}, []),
        (HEADER, 0, {"RATES": {}}, []),
    ],
)
def test_w001_everybody_would_be_counted_as_the_proxy(
    settings: Any, header: Any, proxies: int, limits: Any, found: list[str]
) -> None:
    settings.SECURE_PROXY_SSL_HEADER, settings.TRUSTED_PROXIES, settings.LIMITS = header, proxies, limits

    assert [message.id for message in addresses()] == found
