"""Forms of the account routes: django-allauth's, with what a guess at them costs."""

from typing import Any, Final

from allauth.account import forms as account
from allauth.core.internal.cryptokit import normalize_user_code
from allauth.headless.account import inputs as app_account
from allauth.headless.mfa import inputs as app_factors
from allauth.mfa.adapter import get_adapter
from allauth.mfa.base import forms as factors
from django.http import HttpRequest

from jewgo.core.limits.attempts import take
from users.accounts.limits import SECOND_FACTORS, USED_CODES

STAFF_SESSION_S: Final = 12 * 3600


class LoginForm(account.LoginForm):  # type: ignore[misc]
    """The login page's: staff stay in for half a day."""

    def login(self, request: HttpRequest, redirect_url: str | None = None) -> Any:
        """Log in, as far as the password goes."""
        response = super().login(request, redirect_url)
        request.session.set_expiry(STAFF_SESSION_S)
        return response


class Guarded:
    """A second factor's form: so many wrong codes of a person, and none twice, though Redis be away."""

    user: Any

    def clean_code(self) -> str:
        """Return the code when it is right; the attempt is counted before anybody looks."""
        attempt = SECOND_FACTORS.spend(str(self.user.pk))
        code: str = super().clean_code()  # type: ignore[misc]  # the form beside which this stands
        attempt.give_back()
        once = take(
            USED_CODES.name,
            f"{self.user.pk} {normalize_user_code(code)}",
            limit=USED_CODES.most,
            window_s=USED_CODES.window_s,
            now=attempt.at,
        )
        if not once.passed:
            raise get_adapter().validation_error("incorrect_code")
        return code


class AuthenticateForm(Guarded, factors.AuthenticateForm):  # type: ignore[misc]
    """The page's, at login."""


class ReauthenticateForm(Guarded, factors.ReauthenticateForm):  # type: ignore[misc]
    """The page's, later on."""


class AuthenticateInput(Guarded, app_factors.AuthenticateInput):  # type: ignore[misc]
    """An app's, at login."""


class ReauthenticateInput(Guarded, app_factors.ReauthenticateInput):  # type: ignore[misc]
    """An app's, later on."""


class ResetPasswordInput(app_account.ResetPasswordInput):  # type: ignore[misc]
    """A code and a new password. Only with the right code is anything said of the password."""

    def clean(self) -> Any:
        """Compare the password with the person: for an address that nobody has, there is none to compare it with."""
        return self.cleaned_data if "key" in self.errors else super().clean()
