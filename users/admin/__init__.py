"""The admin's pages for people, what they signed in with, and service keys."""

from users.admin import keys, people, signing_in

__all__ = ["keys", "people", "signing_in"]
