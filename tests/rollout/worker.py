"""A serving process as small as it can be: `python -m tests.rollout.worker`. Ends when its standard input closes.

Each line that it reads is a request of one identity; it answers with the snapshot's version and the decision.
"""

import json
import sys

import django

django.setup()

from rollout import pulse, snapshot  # noqa: E402 the apps have to stand first


def serve(feature: str) -> None:
    """Answer one request per line."""
    pulse.ensure_fresh()
    print("ready", flush=True)  # noqa: T201
    for line in sys.stdin:
        pulse.ensure_fresh()
        view = snapshot.current()
        decision = view.decide(feature, line.strip())
        print(json.dumps([view.version, decision.arm, decision.reason]), flush=True)  # noqa: T201


if __name__ == "__main__":
    serve(sys.argv[1])
