"""Addresses that are taken as proven because somebody who may say so said so."""

from typing import TYPE_CHECKING

from django.db import transaction

if TYPE_CHECKING:
    from users.models import User


def vouch_for(user: "User") -> None:
    """Take the user's address as theirs without a code, and any other that they had as no longer so.

    Whoever makes a person in the admin, or on the machine itself, knows whom they make; that person can log in at once,
    also where no e-mail is sent.
    """
    from allauth.account.models import EmailAddress  # not there yet while Django loads our models

    with transaction.atomic():
        EmailAddress.objects.filter(user=user).exclude(email=user.email).delete()
        EmailAddress.objects.update_or_create(user=user, email=user.email, defaults={"verified": True, "primary": True})
