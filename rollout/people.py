"""How people are remembered as having been seen: by a keyed hash that says nothing of them, nor of their slot. Pure."""

from hashlib import blake2b

_BITS = 64
_HALF = 1 << (_BITS - 1)


class People:
    """Identities → numbers of 64 bits, signed as PostgreSQL has them; the same in every process of one secret."""

    def __init__(self, secret: str) -> None:
        root = blake2b(secret.encode()).digest()
        self._keyed = blake2b(key=root, person=b"jewgo-people", digest_size=_BITS // 8)

    def person(self, identity: str) -> int:
        """Return the number that stands for an identity; independent of its slot, so that samples keep the arms."""
        hasher = self._keyed.copy()
        hasher.update(identity.encode())
        number: int = int.from_bytes(hasher.digest(), "big")
        return number - _HALF


def is_sampled(person: int, bits: int) -> bool:
    """Say whether a person belongs to the fixed sample of one in 2 to the power of `bits`."""
    return (person + _HALF) >> (_BITS - bits) == 0 if bits else True
