"""Where an identity stands in its cohort: a keyed hash, compared with a threshold. Pure."""

from decimal import Decimal
from hashlib import blake2b

SPACE = 2**64
"""Slots are 0 to SPACE - 1; everybody has exactly one per cohort."""

_GRAINS = 10_000
_PERSON = b"jewgo-cohort"


class Cohort:
    """The people of one cohort in the order in which a rollout takes them.

    The cohort's key is BLAKE2b-256 of its name, keyed with BLAKE2b-512 of the secret and personalised "jewgo-cohort";
    a slot is BLAKE2b-64 of the identity's UTF-8 under that key, read big-endian (tests/rollout/slot_vectors.json).
    """

    __slots__ = ("_keyed",)

    def __init__(self, secret: str, name: str) -> None:
        root = blake2b(secret.encode()).digest()
        key = blake2b(name.encode(), key=root, person=_PERSON, digest_size=32).digest()
        self._keyed = blake2b(key=key, digest_size=8)

    def slot(self, identity: str) -> int:
        """Return the place of `identity`, the same in every process that has the same secret."""
        hasher = self._keyed.copy()  # a copy of the keyed state costs less than keying anew
        hasher.update(identity.encode())
        return int.from_bytes(hasher.digest(), "big")


def threshold(percentage: Decimal) -> int:
    """Return the first slot that is out at `percentage` (0 to 100 in steps of 0.01), exactly."""
    return int(percentage * 100) * SPACE // _GRAINS
