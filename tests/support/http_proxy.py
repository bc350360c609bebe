"""A proxy before an HTTP server that counts requests and, for a while, answers with errors."""

import contextlib
import http.client
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

_SLOW_DOWN = b'<?xml version="1.0"?><Error><Code>SlowDown</Code><Message>reduce your request rate</Message></Error>'


class Proxy:
    """`requests` counts them by method and by what `kind` makes of a path."""

    def __init__(self, port: int, kind: Callable[[str], str]) -> None:
        self.target, self.kind = port, kind
        self.requests: Counter[tuple[str, str]] = Counter()
        self.errors = 0
        self._until = 0.0
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self.port = self._server.server_port

    def fail_for(self, seconds: float) -> None:
        self._until = time.monotonic() + seconds

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                with proxy._lock:
                    proxy.requests[self.command, proxy.kind(self.path)] += 1
                    broken = time.monotonic() < proxy._until
                    proxy.errors += broken
                if broken:
                    self.answer(503, [], b"" if self.command == "HEAD" else _SLOW_DOWN)
                else:
                    self.forward(body)

            do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = do

            def forward(self, body: bytes) -> None:
                connection = http.client.HTTPConnection("127.0.0.1", proxy.target, timeout=60)
                connection.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
                for name, value in self.headers.items():
                    if name.lower() not in ("expect", "connection"):
                        connection.putheader(name, value)
                connection.endheaders(body or None)
                answer = connection.getresponse()
                content = answer.read()
                headers = [
                    (n, v) for n, v in answer.getheaders() if n.lower() not in ("transfer-encoding", "connection")
                ]
                if self.command != "HEAD":
                    headers = [(n, v) for n, v in headers if n.lower() != "content-length"]
                self.answer(answer.status, headers, content)
                connection.close()

            def answer(self, status: int, headers: list[tuple[str, str]], content: bytes) -> None:
                self.send_response_only(status)
                for name, value in headers:
                    self.send_header(name, value)
                if not any(name.lower() == "content-length" for name, _ in headers):
                    self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *words: object) -> None:
                """Nothing."""

            def handle_one_request(self) -> None:
                with contextlib.suppress(ConnectionError):
                    super().handle_one_request()

        return Handler

    @contextlib.contextmanager
    def running(self) -> Iterator["Proxy"]:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        try:
            yield self
        finally:
            self._server.shutdown()
            self._server.server_close()
