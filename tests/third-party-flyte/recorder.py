"""Stands before a control plane, hands every request on as it is, and remembers what was asked."""

import contextlib
import dataclasses
import http.client
import http.server
import threading
import urllib.parse

# What concerns one connection, and is said anew on the other side.
OF_CONNECTION = {"connection", "host", "keep-alive", "transfer-encoding", "content-length"}


@dataclasses.dataclass
class Exchange:
    """A request, and how it was answered."""

    method: str
    path: str
    query: dict
    content_type: str
    body: bytes
    status: int

    def __str__(self):
        return f"{self.method} {self.path} {self.query} {self.body.decode()}"


@contextlib.contextmanager
def recording(base):
    """The address at which a control plane is reached by a detour, and the exchanges so far."""
    exchanges = []
    upstream = urllib.parse.urlsplit(base)

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_any(self):
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            sent = {name: value for name, value in self.headers.items() if name.lower() not in OF_CONNECTION}
            connection = http.client.HTTPConnection(upstream.hostname, upstream.port, timeout=30)
            with contextlib.closing(connection):
                connection.request(self.command, self.path, body or None, sent)
                answer = connection.getresponse()
                answered = answer.read()
                asked = urllib.parse.urlsplit(self.path)
                query = dict(urllib.parse.parse_qsl(asked.query, strict_parsing=bool(asked.query)))
                content_type = self.headers.get("Content-Type", "")
                # By these a sandbox is told from a real control plane: they are no part of its API.
                if not asked.path.startswith("/_sandbox/"):
                    exchanges.append(Exchange(self.command, asked.path, query, content_type, body, answer.status))
                self.send_response(answer.status)
                for name, value in answer.getheaders():
                    if name.lower() not in OF_CONNECTION:
                        self.send_header(name, value)
                self.send_header("Content-Length", str(len(answered)))
                self.end_headers()
                self.wfile.write(answered)

        do_GET = do_POST = do_PUT = do_DELETE = handle_any

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}", exchanges
        finally:
            server.shutdown()
            thread.join()
