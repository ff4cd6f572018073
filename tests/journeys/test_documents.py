"""What the documents type works, and prints what they show."""

import pytest

from tests.journeys.documents import examples, shows
from tests.journeys.service import ROOT, Service
from tests.journeys.test_share import DEVICES


def device_served_by(service: Service, engine: str) -> str:
    return next(device for device in DEVICES if service.client.get("/api/kosher-types", device=device).engine == engine)


def assigned_by(command: str) -> str:
    """Return the variable that a command sets, which the reader's shell keeps for the next one; "" for none."""
    name, is_assignment, _ = command.partition("=$(")
    return name if is_assignment and name.isupper() else ""


@pytest.mark.parametrize("document", ["README.md", "docs/runbook.md"])
def test_every_command_of_the_document_does_what_it_shows(service: Service, document: str) -> None:
    service.put_all_at("10")
    people = {"IN": device_served_by(service, "v4"), "OUT": device_served_by(service, "v3"), "KEY": service.key}

    try:
        for example in examples(ROOT / document):
            name = assigned_by(example.command)
            done = service.shell(example.command + (f' && printf %s "${name}"' if name else ""), **people)
            people |= {name: done.stdout} if name else {}

            assert done.returncode == 0, f"{example}\n{done.stdout}{done.stderr}"
            assert shows(example, done.stdout), f"{example}\nshows:\n{example.shown}\nprinted:\n{done.stdout}"
    finally:
        service.forget_guard()  # the runbook looks once
