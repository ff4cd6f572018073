"""What django-allauth asks of us: where a limit is counted, what an e-mail is, how secrets are stored."""

import logging
from smtplib import SMTPException
from typing import Any, Final

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.internal.flows.signup import prevent_enumeration
from allauth.core import context
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.headless.base.response import AuthenticationResponse
from allauth.headless.internal.restkit.response import ErrorResponse
from allauth.mfa.adapter import DefaultMFAAdapter
from django.contrib.auth.hashers import make_password
from django.db import IntegrityError, transaction
from django.http import HttpRequest

from jewgo.core.errors import Unavailable
from users.accounts import vault
from users.accounts.limits import PASSWORDS, PROOFS, RESETS, neighbourhood
from users.reauthentication import is_recent

LOGIN_IS_RECENT_S: Final = 300
"""As long as django-allauth takes a password that was entered again for recent."""
UNKNOWN_NETWORK: Final = "0.0.0.0"  # noqa: S104 -- what the sessions' list shows, nothing that is bound
ASKED_FOR: Final = {
    "password_reset_code": RESETS,
    "unknown_account": RESETS,
    "email_confirmation": PROOFS,
    "email_confirmation_signup": PROOFS,
    "account_already_exists": PROOFS,
}
"""E-mails that anybody can ask for, so they are limited, and without which a request fails; the others only inform."""

logger = logging.getLogger(__name__)


class MailUnavailable(Unavailable):
    """The mail server did not take an e-mail without which there is no going on."""

    code, title = "mail_unavailable", "No e-mail can be sent right now"


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Accounts of people: one address each."""

    def authenticate(self, request: HttpRequest, **credentials: Any) -> Any:
        """Return the person whose password this is, or None; wrong ones are counted against the address."""
        attempt = PASSWORDS.spend(str(credentials.get("email", "")).lower())
        user = super().authenticate(request, **credentials)
        if user is not None:
            attempt.give_back()
        return user

    def save_user(self, request: HttpRequest, user: Any, form: Any, commit: bool = True) -> Any:
        """Store a new person; who lost a race for the address is answered as if it had been known all along."""
        try:
            with transaction.atomic():
                return super().save_user(request, user, form, commit)
        except IntegrityError:
            prevent_enumeration(request, email=form.cleaned_data["email"])
        raise ImmediateHttpResponse(AuthenticationResponse(request))

    def confirm_email(self, request: HttpRequest, email_address: Any) -> bool:
        """Take the address as proven, unless it has become somebody else's login meanwhile."""
        try:
            with transaction.atomic():
                return bool(super().confirm_email(request, email_address))
        except IntegrityError:
            taken = self.validation_error("email_taken")
        raise ImmediateHttpResponse(ErrorResponse(request, exception=taken))

    def send_account_already_exists_mail(self, email: str) -> None:
        """Tell whoever has the address; take as long over it as storing a new person's password takes."""
        make_password("of nobody")
        super().send_account_already_exists_mail(email)

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Send an e-mail; raises `TooManyAttempts` or `MailUnavailable` for one that a request cannot do without."""
        limit = ASKED_FOR.get(template_prefix.rpartition("/")[2])
        if limit is not None:
            limit.spend(email.lower())
        try:
            super().send_mail(template_prefix, email, context)
        except (OSError, SMTPException) as error:
            # Its text may quote the address.
            logger.error("an e-mail was not sent: %s", type(error).__name__)  # noqa: TRY400
        else:
            return
        if limit is not None:
            raise MailUnavailable

    def is_reauthentication_required(self, *, app: str, **kwargs: Any) -> bool:
        """Whether to ask again before something sensitive: not right after a login, which has just asked."""
        is_asked = bool(super().is_reauthentication_required(app=app, **kwargs))
        return is_asked and not is_recent(context.request, within_s=LOGIN_IS_RECENT_S)

    def get_client_ip(self, request: HttpRequest) -> str:
        """Return the caller's network, as a list of sessions shows it: no single address is stored."""
        network = neighbourhood(request).partition("/")[0]
        return network if network != "unknown" else UNKNOWN_NETWORK


class MFAAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    """Second factors, encrypted where they are stored."""

    def encrypt(self, text: str) -> str:
        """Return a secret as it may be stored."""
        return vault.encrypt(text)

    def decrypt(self, encrypted_text: str) -> str:
        """Return a stored secret."""
        return vault.decrypt(encrypted_text)
