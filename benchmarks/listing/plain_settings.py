"""The project's settings, but the middleware that `startproject` writes and Django REST framework as it comes."""

from jewgo.settings import *  # noqa: F403

ROOT_URLCONF = "benchmarks.listing.plain"
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",  # django-allauth starts without it nowhere
]
REST_FRAMEWORK = {}
SECURE_SSL_REDIRECT = False
