"""Service keys as text: what a token looks like, how one is minted, and how its digest is taken. Knows no table.

A token reads `jwg_<prefix>_<secret><checksum>`. The prefix names the key in lists and logs; the secret is 32 characters
of base 62 (190 bits); the checksum lets a scanner tell a leaked key from noise without asking us, as GitHub's do.
"""

import hashlib
import re
import secrets
import string
import zlib
from dataclasses import dataclass, field
from typing import Final

from django.db import models

from jewgo.core.errors import Unauthenticated

PREFIX_LENGTH: Final = 8
SECRET_LENGTH: Final = 32
CHECKSUM_LENGTH: Final = 6
ALPHABET: Final = string.digits + string.ascii_letters
CHALLENGE: Final = 'Bearer realm="jewgo"'

_TOKEN = re.compile(
    rf"jwg_([0-9A-Za-z]{{{PREFIX_LENGTH}}})_([0-9A-Za-z]{{{SECRET_LENGTH + CHECKSUM_LENGTH}}})", re.ASCII
)


class Scope(models.TextChoices):
    """What a key may be allowed to do; the database knows the same list."""

    CATALOG_READ = "catalog:read", "read the catalogue, also what is not published"
    CATALOG_WRITE = "catalog:write", "write the catalogue"
    CATALOG_EXPORT = "catalog:export", "export the catalogue"
    REVIEWS_READ = "reviews:read", "read reviews, also those not yet approved"
    STATS_READ = "stats:read", "read statistics"
    ROLLOUT_READ = "rollout:read", "see the rollout"
    ROLLOUT_ROLLBACK = "rollout:rollback", "roll features back"
    OPS = "ops", "operate the service"


class InvalidServiceKey(Unauthenticated):
    """The token is no key of ours, or no longer one; which of the two is never said."""

    code, title = "invalid_service_key", "The service key is not valid"

    def __init__(self) -> None:
        super().__init__(headers={"WWW-Authenticate": f'{CHALLENGE}, error="invalid_token"'})


@dataclass(frozen=True, slots=True)
class Token:
    """One whole token. Its text is kept out of `repr`, so that a traceback or a log line cannot show it."""

    prefix: str
    text: str = field(repr=False)

    @property
    def digest(self) -> str:
        """The SHA-256 of the whole text, in hex: 190 random bits need no slow hash."""
        return hashlib.sha256(self.text.encode()).hexdigest()


def mint() -> Token:
    """Return a new token from the system's randomness."""
    prefix, secret = _random(PREFIX_LENGTH), _random(SECRET_LENGTH)
    return Token(prefix=prefix, text=f"jwg_{prefix}_{secret}{checksum(prefix, secret)}")


def parse(text: str) -> Token:
    """Return the token that `text` is; raises `InvalidServiceKey` when its form or its checksum is wrong."""
    match = _TOKEN.fullmatch(text)
    if match is None:
        raise InvalidServiceKey
    prefix, secret = match[1], match[2][:SECRET_LENGTH]
    if match[2][SECRET_LENGTH:] != checksum(prefix, secret):
        raise InvalidServiceKey
    return Token(prefix=prefix, text=text)


def checksum(prefix: str, secret: str) -> str:
    """Return CRC-32 of both parts in base 62: it finds typing errors and is no protection."""
    number = zlib.crc32(f"{prefix}_{secret}".encode())
    digits = ""
    for _ in range(CHECKSUM_LENGTH):
        number, digit = divmod(number, len(ALPHABET))
        digits = ALPHABET[digit] + digits
    return digits


def _random(length: int) -> str:
    return "".join(secrets.choice(ALPHABET) for _ in range(length))
