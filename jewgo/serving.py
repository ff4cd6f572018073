"""How the service is served: the one place that holds the server's arguments (see docs/adr/0002-wsgi-server.md).

`gunicorn -c python:jewgo.serving` reads this module in its first process, so a wrong environment ends the start there,
with all its problems listed, before any worker exists.
"""

from pathlib import Path

from jewgo.core import environment

_given = environment.read()
_memory = Path("/dev/shm")  # noqa: S108 -- heartbeats of workers are anonymous files

wsgi_app = "jewgo.wsgi:application"
bind = f"{_given.bind_host}:{_given.port}"
workers = _given.workers
worker_class = "jewgo.core.worker.ContractWorker"  # gthread, with refusals in the shape of the contracts
threads = _given.threads

# Threads live as long as their worker, so each keeps its database connection (CONN_MAX_AGE) however idle it is.
keepalive = 75
timeout = 30
graceful_timeout = 10
worker_tmp_dir = str(_memory) if _memory.is_dir() else None

# Nothing listens but `bind`; the access log is ours (jewgo.core.middleware), one line of JSON a request.
control_socket_disable = True
accesslog = None
loglevel = "warning"
