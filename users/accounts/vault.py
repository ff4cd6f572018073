"""Secrets of second factors as they are stored: encrypted (Fernet: AES-128-CBC, HMAC-SHA256) with a key of our own."""

import base64
from functools import lru_cache

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

from jewgo.core.errors import InternalError


class SecondFactorUnreadable(InternalError):
    """It was encrypted under a SECRET_KEY that is not known here any more; SECRET_KEY_FALLBACKS names former ones."""

    code, title, retryable = "second_factor_unreadable", "The second factor cannot be read", False

    def __init__(self) -> None:
        super().__init__(hint="Ask a super admin to delete the authenticator, then set up a new one.")


def encrypt(text: str) -> str:
    """Return `text` as it may be stored."""
    return _vault(_secrets()).encrypt(text.encode()).decode()


def decrypt(stored: str) -> str:
    """Return what was encrypted, also under a former key; raises `SecondFactorUnreadable`."""
    try:
        return _vault(_secrets()).decrypt(stored.encode()).decode()
    except InvalidToken:
        raise SecondFactorUnreadable from None


def _secrets() -> tuple[str, ...]:
    return (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)


@lru_cache(maxsize=2)
def _vault(secrets: tuple[str, ...]) -> MultiFernet:
    return MultiFernet([Fernet(_key(secret)) for secret in secrets])


def _key(secret: str) -> bytes:
    """Derive a key that serves nothing else (RFC 5869)."""
    derived = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"jewgo second factors").derive(secret.encode())
    return base64.urlsafe_b64encode(derived)
