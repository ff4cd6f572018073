"""A TCP proxy before PostgreSQL that loses the acknowledgement of a COMMIT, as a network may."""

import select
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from django.db import connection


class Proxy:
    """Passes everything on, both ways, until it is told to lose the answer to the next COMMIT."""

    def __init__(self, server: tuple[str, int]) -> None:
        self._server = server
        self._door = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._door.getsockname()[1]
        self.loses_next_commit = False
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    def close(self) -> None:
        """Take no further connection, and wait for the end of those there were."""
        self._door.shutdown(socket.SHUT_RDWR)
        self._door.close()
        for thread in self._threads:
            thread.join(5)

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._door.accept()
                thread = threading.Thread(target=self._serve, args=(client,), daemon=True)
                self._threads.append(thread)
                thread.start()

    def _serve(self, client: socket.socket) -> None:
        with client, socket.create_connection(self._server) as server, suppress(OSError):
            while True:
                readable, _, _ = select.select([client, server], [], [])
                for source in readable:
                    data = source.recv(65536)
                    if not data:
                        return
                    if source is client and self.loses_next_commit and b"COMMIT" in data:
                        self._commit_and_hang_up(server, data)
                        return
                    (server if source is client else client).sendall(data)

    def _commit_and_hang_up(self, server: socket.socket, data: bytes) -> None:
        self.loses_next_commit = False
        server.sendall(data)
        server.recv(65536)  # it is committed; nobody will hear of it


@contextmanager
def before_the_database() -> Iterator[Proxy]:
    """Lead this thread's Django connection through a proxy inside the block."""
    settings = connection.settings_dict
    proxy = Proxy((settings["HOST"], int(settings["PORT"])))
    direct = {name: settings[name] for name in ("HOST", "PORT")}
    connection.close()
    settings.update(HOST="127.0.0.1", PORT=proxy.port)
    try:
        yield proxy
    finally:
        connection.close()
        settings.update(direct)
        proxy.close()
