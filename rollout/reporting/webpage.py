"""A page as HTML that stands alone: no script, nothing fetched, fit for a mail's attachment and for paper."""

from django.template.loader import render_to_string

from rollout.reporting.pages import Page


def written(page: Page) -> str:
    """Return the document. Django's templates escape what somebody typed; what could steer a terminal is taken out."""
    document = render_to_string("rollout/page.html", {"page": page})
    return "".join(char if char.isprintable() or char == "\n" else "�" for char in document)
