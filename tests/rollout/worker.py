"""A serving process as small as it can be: `python -m tests.rollout.worker FEATURE [forked]`.

Each line that it reads is a request of one identity; it answers with the snapshot's version, the decision and its own
process id, and ends when its standard input closes. `forked`, it serves from a child of a process that served before.
"""

import json
import os
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
        print(json.dumps([view.version, decision.arm, decision.reason, os.getpid()]), flush=True)  # noqa: T201


def main(feature: str, *how: str) -> None:
    """Serve, from a forked child if so asked."""
    if "forked" in how:
        pulse.ensure_fresh()
        child = os.fork()
        if child:
            os.waitpid(child, 0)
            return
    serve(feature)


if __name__ == "__main__":
    main(*sys.argv[1:])
