"""What the tests of several doors share."""

import io
import json
from typing import Any

import pytest
from django.core.management import call_command


@pytest.fixture(scope="module")
def described() -> Any:
    """The v4 schema, as it is generated now."""
    out = io.StringIO()
    terms = {"urlconf": "jewgo.urls_v4", "custom_settings": "jewgo.core.schema.V4", "format": "openapi-json"}
    call_command("spectacular", **terms, fail_on_warn=True, validate=True, stdout=out)
    return json.loads(out.getvalue())
