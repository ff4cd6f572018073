"""The WSGI application that the server processes load."""

import os

from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "jewgo.settings")

DO_NOT_RESPAWN = 3
"""gunicorn ends whole when a worker ends with this; with any other status it would start the same worker for ever."""

try:
    application = get_wsgi_application()
    _routes = get_resolver().url_patterns  # imports every view now: the first caller does not wait for that
except SystemExit as refusal:  # the environment is not right, and jewgo.core.environment has said why
    raise SystemExit(DO_NOT_RESPAWN) from refusal
