"""Print docs/errors.md: every error code that a client may meet."""

import pkgutil
from importlib import import_module
from pathlib import Path
from typing import Any, Final

from django.apps import apps
from django.conf import settings
from django.core.management.base import BaseCommand

from jewgo.core.errors import REGISTRY, JewgoError

INTRODUCTION: Final = """# Error codes

Made by `make schema` from the classes themselves; a test keeps it true. The same list is served at
`/api/v4/docs/errors`, where the `type` of a problem leads. A *retryable* request may be sent again as it is; any other
has to change first.

In v4 every failure is `application/problem+json` (RFC 9457) with these members beside RFC 9457's own: `success: false`,
`code`, `errors[{pointer | parameter, code, detail, hint}]`, `request_id`, `retryable`, and where there is one `hint`.
In v3 the same failures have v3's shape, and the code only where `api_v4_error_handling` is on for the caller. Below
`/accounts/app` they have django-allauth's: `{"status", "errors": [{"message", "code"}]}`.

| code | status | meaning | retryable |
|---|---|---|---|
"""


class Command(BaseCommand):
    help = "Print the list of error codes as Markdown, as docs/errors.md holds it."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(markdown(), ending="")


def markdown() -> str:
    """Return the document; loads every module of ours first, since a code exists once its module is loaded."""
    packages = _load_all()
    kinds = [kind for _, kind in sorted(REGISTRY.items()) if kind.__module__.partition(".")[0] in packages]
    return INTRODUCTION + "".join(_row(kind) for kind in kinds)


def _load_all() -> set[str]:
    ours = [app for app in apps.get_app_configs() if _is_ours(Path(app.path))]
    for app in ours:
        for module in pkgutil.walk_packages([app.path], f"{app.name}."):
            if not module.name.endswith("__main__"):
                import_module(module.name)
    return {app.name.partition(".")[0] for app in ours}


def _is_ours(path: Path) -> bool:
    return settings.BASE_DIR in path.parents and "site-packages" not in path.parts


def _row(kind: type[JewgoError]) -> str:
    return f"| `{kind.code}` | {kind.status} | {kind.title} | {'yes' if kind.retryable else 'no'} |\n"
