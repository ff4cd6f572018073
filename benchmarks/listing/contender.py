"""One program in a process of its own, told over stdin how many requests to answer: `python -m … NAME`.

For each line with a number it answers that many requests and writes one line: the CPU microseconds of a request, as
spent by the thread that answers. A first line, `answer`, gives the body once, so that the answers can be compared.
"""

import io
import os
import sys
import time
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from typing import Any

Program = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]
"""A WSGI application (PEP 3333)."""

LIST = "/api/v4/restaurants"
V3_LIST = "/api/restaurants"
CONTENDERS = ("bare", "plain", "static", "v4 cold", "v4 cached", "v3 path, v3 engine", "v3 path, v4 engine")
PAGE = 20


def environ(path: str) -> dict[str, Any]:
    """Return what a server hands a WSGI application for `GET path?limit=20`."""
    return {
        "REQUEST_METHOD": "GET",
        "PATH_INFO": path,
        "SCRIPT_NAME": "",
        "QUERY_STRING": f"limit={PAGE}",
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "HTTP_HOST": "127.0.0.1",
        "HTTP_ACCEPT": "application/json",
        "HTTP_X_DEVICE_ID": "3d0a1b1e-7d2b-4a57-9a36-0e5a1d1c9f3b",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }


def answer(program: Program, path: str) -> tuple[str, bytes]:
    """Let the program answer once; return status and body."""
    said: list[str] = []
    body = program(environ(path), lambda status, *_: said.append(status))
    try:
        return said[0], b"".join(body)
    finally:
        getattr(body, "close", lambda: None)()


def cpu_us(program: Program, path: str, requests: int) -> float:
    """Return the CPU microseconds of this thread that one of so many requests took."""
    start = time.thread_time_ns()
    for _ in range(requests):
        answer(program, path)
    return (time.thread_time_ns() - start) / 1e3 / requests


def program_of(name: str, stack: ExitStack) -> tuple[Program, str]:
    """Return the contender called `name` and the path that it is asked for."""
    if name == "bare":
        from benchmarks.listing.bare import application

        return application, LIST
    ours = name.startswith("v")
    os.environ["DJANGO_SETTINGS_MODULE"] = "jewgo.settings" if ours else "benchmarks.listing.plain_settings"
    from django.core.wsgi import get_wsgi_application

    program: Program = get_wsgi_application()
    if ours:
        _put_in_place(name, stack)
    return program, {"v": V3_LIST if "path" in name else LIST, "p": LIST, "s": "/static-list"}[name[0]]


def _put_in_place(name: str, stack: ExitStack) -> None:
    from rollout.testing import at_stage

    stack.enter_context(at_stage("api_v4_restaurants", "disabled" if name.endswith("v3 engine") else "full"))
    stack.enter_context(at_stage("api_v4_cache", "full" if name.endswith("cached") else "disabled"))


def main(name: str) -> None:
    """Answer until stdin ends."""
    with ExitStack() as stack:
        program, path = program_of(name, stack)
        for line in sys.stdin:
            said = line.strip()
            if said == "answer":
                status, body = answer(program, path)
                print(status, body.decode(), flush=True)  # noqa: T201 the parent reads it
            else:
                print(cpu_us(program, path, int(said)), flush=True)  # noqa: T201 the parent reads it


if __name__ == "__main__":
    main(sys.argv[1])
