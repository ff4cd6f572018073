"""The WSGI application that the server processes load."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "jewgo.settings")

application = get_wsgi_application()
