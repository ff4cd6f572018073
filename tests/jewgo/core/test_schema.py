"""The OpenAPI descriptions: valid, without a warning, and what the committed files say."""

import subprocess
import sys
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.conf import settings
from django.core.management import call_command
from openapi_spec_validator import validate

COMMITTED: Path = settings.BASE_DIR / "docs" / "openapi"


def describe(contract: str, urlconf: str) -> str:
    out = StringIO()
    custom = f"jewgo.core.schema.{contract.upper()}"
    call_command("spectacular", urlconf=urlconf, custom_settings=custom, fail_on_warn=True, validate=True, stdout=out)
    return out.getvalue()


@pytest.fixture(scope="module")
def v3() -> Any:
    return yaml.safe_load(describe("v3", "tests.jewgo.core.api.described"))


@pytest.fixture(scope="module")
def v4() -> Any:
    return yaml.safe_load(describe("v4", "tests.jewgo.core.api.described"))


@pytest.mark.parametrize("first", ["rest_framework.views", "drf_spectacular.openapi", "jewgo.core.api"])
def test_the_order_of_imports_does_not_matter(first: str) -> None:
    program = f"import django; django.setup(); import {first}, jewgo.urls"

    done = subprocess.run([sys.executable, "-c", program], cwd=settings.BASE_DIR, capture_output=True, text=True)

    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("contract", ["v3", "v4"])
def test_the_committed_description_is_what_the_code_does(contract: str) -> None:
    described = describe(contract, f"jewgo.urls_{contract}")

    assert (COMMITTED / f"{contract}.yaml").read_text() == described, "run `make schema`"
    validate(yaml.safe_load(described))


def answer(document: Any, path: str, method: str, status: str) -> Any:
    """Return the schema of an answer, its only content type's."""
    (content,) = document["paths"][path][method]["responses"][status]["content"].values()
    return content["schema"]


def test_it_is_openapi_3_1_with_the_contracts_name(v3: Any, v4: Any) -> None:
    assert (v3["openapi"], v3["info"]["title"], v4["info"]["title"]) == ("3.1.0", "JewGo v3", "JewGo v4")


def test_a_v4_answer_is_data_in_an_envelope(v4: Any) -> None:
    schema = answer(v4, "/api/v4/things", "get", "200")

    assert schema["required"] == ["success", "data", "meta"]
    assert schema["properties"]["data"]["properties"]["name"] == {"type": "string"}


def test_every_failure_of_v4_is_a_problem(v4: Any) -> None:
    responses = v4["paths"]["/api/v4/things"]["get"]["responses"]

    assert set(responses) == {"200", "304", "404", "429", "default"}
    assert all(list(responses[status]["content"]) == ["application/problem+json"] for status in ("404", "default"))
    assert v4["components"]["schemas"]["Problem"]["properties"]["success"] == {"const": False}


def test_strict_parameters_and_conditions_are_listed(v4: Any) -> None:
    parameters = {p["name"]: p for p in v4["paths"]["/api/v4/things"]["get"]["parameters"]}

    assert set(parameters) == {"limit", "cursor", "include_total", "city", "If-None-Match"}
    assert parameters["limit"]["schema"]["default"] == 20
    (condition,) = [p for p in v4["paths"]["/api/v4/things"]["post"]["parameters"] if p["name"] == "If-Match"]
    assert condition["required"] is True


def test_every_post_of_v4_may_be_repeated_under_a_key(v4: Any) -> None:
    post = v4["paths"]["/api/v4/things"]["post"]

    named = {p["name"]: p.get("required", False) for p in post["parameters"]}
    assert named == {"If-Match": True, "Idempotency-Key": False}
    assert {"400", "409", "422"} <= set(post["responses"])
    assert "Idempotency-Replayed" in post["responses"]["201"]["headers"]


def test_limits_are_described_where_there_are_any(v4: Any) -> None:
    responses = v4["paths"]["/api/v4/things"]["get"]["responses"]

    assert responses["429"] == {"$ref": "#/components/responses/TooManyRequests"}
    assert responses["200"]["headers"]["RateLimit"] == {"$ref": "#/components/headers/RateLimit"}
    refusal = v4["components"]["responses"]["TooManyRequests"]
    assert {"RateLimit", "RateLimit-Policy", "Retry-After"} == set(refusal["headers"])


def test_a_body_is_described_and_a_change_needs_a_key_or_a_session(v4: Any) -> None:
    post = v4["paths"]["/api/v4/things"]["post"]

    assert post["requestBody"]["required"] is True
    assert post["security"] == [{"serviceKey": []}, {"sessionToken": []}]
    assert v4["components"]["securitySchemes"]["serviceKey"]["scheme"] == "bearer"
    assert v4["components"]["securitySchemes"]["sessionToken"]["name"] == "X-Session-Token"


def test_a_v3_answer_has_the_envelope_in_order_with_its_copies(v3: Any) -> None:
    schema = answer(v3, "/api/things", "get", "200")

    assert list(schema["properties"]) == [
        "success", "timestamp", "status_code", "data", "message", "meta", "things"
    ]  # fmt: skip
    assert schema["required"] == ["success", "timestamp", "status_code", "data", "meta", "things"]


def test_a_bare_v3_answer_and_its_errors_have_no_envelope(v3: Any) -> None:
    assert answer(v3, "/api/bare", "get", "200")["properties"] == {"name": {"type": "string"}}
    assert answer(v3, "/api/bare", "get", "default") == {"$ref": "#/components/schemas/BareError"}


def test_an_answer_without_a_body_has_no_content(v3: Any) -> None:
    assert "content" not in v3["paths"]["/api/bare"]["delete"]["responses"]["204"]
