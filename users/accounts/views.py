"""The account routes that differ from django-allauth's own."""

from typing import Any

from allauth.account.internal.stagekit import get_pending_stage
from allauth.account.stages import EmailVerificationStage
from allauth.account.views import email_verification_sent
from allauth.headless.account import views as account
from allauth.headless.account.inputs import ResetPasswordKeyInput
from allauth.headless.internal.restkit.response import ErrorResponse
from allauth.headless.mfa import views as factors
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import reverse

from users.accounts.forms import AuthenticateInput, ReauthenticateInput, ResetPasswordInput


def prove_address(request: HttpRequest) -> HttpResponseBase:
    """Show the page that asks for the code of a login under way; without one there is nothing to prove."""
    stage = get_pending_stage(request)
    if stage is None or stage.key != EmailVerificationStage.key:
        return HttpResponseRedirect(reverse("account_login"))
    page: HttpResponseBase = email_verification_sent(request)
    return page


class ResetPasswordView(account.ResetPasswordView):  # type: ignore[misc]
    """A new password for a code. An address that nobody has fails as any other does."""

    input_class = ResetPasswordInput

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Say whether the code is right; it never is where there is nobody."""
        if self.process.user is not None:
            answer: HttpResponse = super().get(request, *args, **kwargs)
            return answer
        sent = ResetPasswordKeyInput({"key": request.headers.get("X-Password-Reset-Key", "")}, code=self.process.code)
        sent.is_valid()
        self.process.record_invalid_attempt()
        refusal: HttpResponse = ErrorResponse(request, input=sent)
        return refusal


class AuthenticateView(factors.AuthenticateView):  # type: ignore[misc]
    """The second factor, at login."""

    input_class = AuthenticateInput


class ReauthenticateView(factors.ReauthenticateView):  # type: ignore[misc]
    """The second factor, later on."""

    input_class = ReauthenticateInput
