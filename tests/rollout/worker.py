"""A serving process as small as it can be: `python -m tests.rollout.worker FEATURE [forked]`.

Each line that it reads is a request of one identity, and noted as a call of `tests.worker`; it answers with the
snapshot's version, the decision and its own process id, and ends when its standard input closes. `forked`, it serves
from a child of a process that served one request before, noted as a call of `tests.parent`.
"""

import json
import os
import sys

import django

django.setup()

from rollout import pulse, snapshot  # noqa: E402 the apps have to stand first
from rollout.calls import Call  # noqa: E402
from rollout.eligibility import Decision  # noqa: E402
from rollout.identity import Identity  # noqa: E402
from rollout.recording import recorder  # noqa: E402


def served(feature: str, operation: str, who: str) -> Decision:
    """Serve one request, and return the decision that it was served by."""
    view = snapshot.current()
    decision = view.decide(feature, who)
    recorder.note(Call(feature, operation, Identity(who, "user"), decision, view.flags.get(feature)), 1.0)
    return decision


def serve(feature: str) -> None:
    """Answer one request per line."""
    pulse.ensure_fresh()
    print("ready", flush=True)  # noqa: T201
    for line in sys.stdin:
        pulse.ensure_fresh()
        decision = served(feature, "tests.worker", line.strip())
        print(json.dumps([decision.version, decision.arm, decision.reason, os.getpid()]), flush=True)  # noqa: T201


def main(feature: str, *how: str) -> None:
    """Serve, from a forked child if so asked."""
    if "forked" in how:
        pulse.ensure_fresh()
        served(feature, "tests.parent", "u:1")
        child = os.fork()
        if child:
            os.waitpid(child, 0)
            return
    serve(feature)


if __name__ == "__main__":
    main(*sys.argv[1:])
