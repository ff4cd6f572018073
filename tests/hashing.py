"""Passwords in tests: the same algorithm at the least cost, since hundreds of people are made for a moment."""

from django.contrib.auth.hashers import Argon2PasswordHasher


class QuickArgon2(Argon2PasswordHasher):
    """Argon2 that takes a tenth of a millisecond; servers that tests start hash at full cost."""

    time_cost, memory_cost, parallelism = 1, 8, 1
