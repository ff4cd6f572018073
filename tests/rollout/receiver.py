"""Receivers of alerts on the loopback: a web server that checks signatures, and a mail server as small as can be."""

import hashlib
import hmac
import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

SECRET = "a secret that only tests and their receiver know"


class WebReceiver:
    """Answers with the given statuses in turn, the last for ever, and keeps what it was told."""

    def __init__(self, *statuses: int) -> None:
        self.statuses = list(statuses) or [200]
        self.bodies: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.signed: list[bool] = []
        self.paths: list[str] = []
        self.release = threading.Event()
        self.dribbles = False
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                receiver.take(self)

            def log_message(self, *_: Any) -> None:
                return

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook"

    def take(self, handler: BaseHTTPRequestHandler) -> None:
        """Keep one request and answer it."""
        body = handler.rfile.read(int(handler.headers["Content-Length"]))
        signed = handler.headers["X-JewGo-Timestamp"].encode() + b"." + body
        expected = "sha256=" + hmac.new(SECRET.encode(), signed, hashlib.sha256).hexdigest()
        self.signed.append(hmac.compare_digest(expected, handler.headers["X-JewGo-Signature"]))
        self.bodies.append(json.loads(body))
        self.headers.append(dict(handler.headers))
        self.paths.append(handler.path)
        status = self.statuses.pop(0) if len(self.statuses) > 1 else self.statuses[0]
        if self.dribbles:
            self._dribble(handler)
        if status:
            handler.send_response(status)
            handler.send_header("Location", self.url + "/elsewhere")
            handler.end_headers()
        else:
            self.release.wait(30)

    def _dribble(self, handler: BaseHTTPRequestHandler) -> None:
        """Send one byte of an endless header now and then."""
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nX-Long: ")
        while not self.release.wait(0.02):
            try:
                handler.wfile.write(b"x")
            except OSError:
                return


@contextmanager
def listening(*statuses: int) -> Iterator[WebReceiver]:
    """Run a web receiver; status 0: it hangs."""
    receiver = WebReceiver(*statuses)
    thread = threading.Thread(target=receiver.server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield receiver
    finally:
        receiver.release.set()
        receiver.server.shutdown()
        thread.join()
        receiver.server.server_close()


class MailReceiver:
    """Speaks as much SMTP (RFC 5321) as a client needs for one message; refuses `nobody@…` for good."""

    def __init__(self) -> None:
        self.messages: list[str] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._serve)

    def __enter__(self) -> "MailReceiver":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with connection, connection.makefile("rwb") as lines:
                self._converse(lines)

    def _converse(self, lines: Any) -> None:
        self._say(lines, "220 here")
        for line in lines:
            verb = line[:4].upper()
            if verb == b"DATA":
                self._say(lines, "354 go on")
                self.messages.append(self._message(lines))
            if verb == b"RCPT" and b"nobody@" in line:
                self._say(lines, "550 no such user")
                continue
            self._say(lines, "221 bye" if verb == b"QUIT" else "250 ok")
            if verb == b"QUIT":
                return

    def _message(self, lines: Any) -> str:
        found = []
        for line in lines:
            if line == b".\r\n":
                break
            found.append(line)
        return b"".join(found).decode()

    def _say(self, lines: Any, text: str) -> None:
        lines.write(text.encode() + b"\r\n")
        lines.flush()
