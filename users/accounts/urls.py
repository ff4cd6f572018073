"""Every account route there is: what apps call, and the pages that staff need to get into the admin.

django-allauth has more: telephones, login by code, other providers, sign-up by page. They are not offered.
"""

from typing import Any, Final

from allauth.account import views as pages
from allauth.headless.account import views as account
from allauth.headless.base.views import ConfigView
from allauth.headless.constants import Client
from allauth.headless.mfa import views as factors
from allauth.headless.usersessions.views import SessionsView
from django.urls import URLPattern, URLResolver, include, path

from users.accounts.views import AuthenticateView, ReauthenticateView, ResetPasswordView, prove_address

FOR_APPS: Final[dict[str, Any]] = {
    "config": ConfigView,
    "auth/signup": account.SignupView,
    "auth/email/verify": account.VerifyEmailView,
    "auth/login": account.LoginView,
    "auth/session": account.SessionView,
    "auth/sessions": SessionsView,
    "auth/password/request": account.RequestPasswordResetView,
    "auth/password/reset": ResetPasswordView,
    "auth/reauthenticate": account.ReauthenticateView,
    "auth/2fa/authenticate": AuthenticateView,
    "auth/2fa/reauthenticate": ReauthenticateView,
    "account/email": account.ManageEmailView,
    "account/password/change": account.ChangePasswordView,
    "account/authenticators": factors.AuthenticatorsView,
    "account/authenticators/totp": factors.ManageTOTPView,
    "account/authenticators/recovery-codes": factors.ManageRecoveryCodesView,
}

urlpatterns: list[URLPattern | URLResolver] = [
    *(path(f"app/v1/{route}", view.as_api_view(client=Client.APP)) for route, view in FOR_APPS.items()),
    path("login/", pages.login, name="account_login"),
    path("logout/", pages.logout, name="account_logout"),
    path("inactive/", pages.account_inactive, name="account_inactive"),
    path("confirm-email/", prove_address, name="account_email_verification_sent"),
    path("reauthenticate/", pages.reauthenticate, name="account_reauthenticate"),
    path("2fa/", include("allauth.mfa.urls")),
]
