"""Real receivers of alarms: a webhook over HTTP and a mail server over SMTP, each in a thread."""

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar


@dataclass
class Calls:
    """What arrived, and how it is answered.

    Attributes:
        answers: statuses of the next calls; afterwards 200.
    """

    got: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)
    url: str = ""


@contextmanager
def webhook() -> Iterator[Calls]:
    calls = Calls()

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            calls.got.append(({name.lower(): value for name, value in self.headers.items()}, body))
            self.send_response(calls.answers.pop(0) if calls.answers else 200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    calls.url = f"http://127.0.0.1:{server.server_port}/hooks/t0p-secret-path"
    with served(server):
        yield calls


@dataclass
class Mailbox:
    letters: list[str] = field(default_factory=list)
    port: int = 0


@contextmanager
def mail_server() -> Iterator[Mailbox]:
    """As much of SMTP (RFC 5321) as it takes to hand over a letter; `nobody@…` is refused."""
    box = Mailbox()

    class Post(socketserver.StreamRequestHandler):
        replies: ClassVar = {"DATA": b"354 go on\r\n", "QUIT": b"221 bye\r\n"}

        def handle(self) -> None:
            self.wfile.write(b"220 test\r\n")
            for line in self.rfile:
                word = line.decode().strip().split(":")[0].split(" ")[0].upper()
                refused = word == "RCPT" and b"nobody@" in line
                self.wfile.write(b"550 nobody\r\n" if refused else self.replies.get(word, b"250 well\r\n"))
                if word == "DATA":
                    box.letters.append("".join(each.decode() for each in iter(self.rfile.readline, b".\r\n")))
                    self.wfile.write(b"250 taken\r\n")

    server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Post)
    server.daemon_threads = True
    box.port = server.server_address[1]
    with served(server):
        yield box


@contextmanager
def served(server: socketserver.BaseServer) -> Iterator[None]:
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
