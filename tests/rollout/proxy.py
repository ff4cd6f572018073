"""A TCP proxy before PostgreSQL that does to a connection what networks and poolers do."""

import select
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from django.db import connection


class Proxy:
    """Passes everything on, both ways, until it is told otherwise."""

    def __init__(self, server: tuple[str, int], *, rewrites: tuple[bytes, bytes] = (b"", b"")) -> None:
        self._server = server
        self._rewrites = rewrites
        self._door = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._door.getsockname()[1]
        self.loses_answer_to = b""
        """The answer to the next statement with these words is thrown away, and the connection closed."""
        self._is_cut = threading.Event()
        self._is_silent = threading.Event()
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    def cut(self) -> None:
        """Break every connection, and every new one, until `mend`."""
        self._is_cut.set()

    def mend(self) -> None:
        """Let connections through again."""
        self._is_cut.clear()

    def silence(self) -> None:
        """Take everything and answer nothing, as a host does that died without a farewell."""
        self._is_silent.set()

    def close(self) -> None:
        """Take no further connection, and wait for the end of those there were."""
        self.cut()
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
            while not self._is_cut.wait(0.02 if self._is_silent.is_set() else 0):
                if self._is_silent.is_set():
                    continue
                readable, _, _ = select.select([client, server], [], [], 0.02)
                if client in readable and not self._forward(client, server):
                    return
                if server in readable and not self._pass_on(server, client):
                    return

    def _forward(self, client: socket.socket, server: socket.socket) -> bool:
        data = client.recv(65536).replace(*self._rewrites) if self._rewrites[0] else client.recv(65536)
        if self.loses_answer_to and self.loses_answer_to in data:
            self.loses_answer_to = b""
            server.sendall(data)
            server.recv(65536)  # it is done; nobody will hear of it
            return False
        server.sendall(data)
        return bool(data)

    @staticmethod
    def _pass_on(source: socket.socket, target: socket.socket) -> bool:
        data = source.recv(65536)
        target.sendall(data)
        return bool(data)


def to_the_database(*, rewrites: tuple[bytes, bytes] = (b"", b"")) -> Proxy:
    """Return a proxy before the tests' PostgreSQL."""
    settings = connection.settings_dict
    return Proxy((settings["HOST"], int(settings["PORT"])), rewrites=rewrites)


@contextmanager
def before_the_database() -> Iterator[Proxy]:
    """Lead this thread's Django connection through a proxy inside the block."""
    settings = connection.settings_dict
    proxy = to_the_database()
    direct = {name: settings[name] for name in ("HOST", "PORT")}
    connection.close()
    settings.update(HOST="127.0.0.1", PORT=proxy.port)
    try:
        yield proxy
    finally:
        connection.close()
        settings.update(direct)
        proxy.close()
