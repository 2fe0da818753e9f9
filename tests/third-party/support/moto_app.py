"""moto as a WSGI application that can be served by threads, and that counts what it is asked.

Loaded by gunicorn in a process of its own (see moto_server.py).
"""

import collections
import io
import json
import threading
import urllib.parse

from moto.server import DomainDispatcherApplication, create_backend_app

COUNTS = "/counts"
RESET = "/moto-api/reset"


def action_of(environ):
    """`service:Action` of a request, from its target header, its form or its method; restores the body."""
    service = "unknown"
    authorization = environ.get("HTTP_AUTHORIZATION", "")
    if "Credential=" in authorization:
        scope = authorization.split("Credential=", 1)[1].split(",", 1)[0].split("/")
        if len(scope) == 5:
            service = scope[3]
    target = environ.get("HTTP_X_AMZ_TARGET")
    if target:
        return f"{service}:{target.rsplit('.', 1)[-1]}"
    body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    environ["wsgi.input"] = io.BytesIO(body)
    form = urllib.parse.parse_qs(body.decode("utf-8", "replace")) if body else {}
    form.update(urllib.parse.parse_qs(environ.get("QUERY_STRING", "")))
    action = form.get("Action", [environ.get("REQUEST_METHOD", "")])[0]
    return f"{service}:{action}"


class CountingMoto:
    """moto behind one lock (its backends are plain dictionaries, not made for threads), with counters."""

    def __init__(self):
        self.moto = DomainDispatcherApplication(create_backend_app)
        self.lock = threading.Lock()
        self.counts = collections.Counter()

    def __call__(self, environ, start_response):
        path = environ.get("PATH_INFO", "")
        with self.lock:
            if path == COUNTS:
                body = json.dumps(self.counts).encode()
                start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
                return [body]
            if path == RESET:
                self.counts.clear()
            else:
                self.counts[action_of(environ)] += 1
            # The answer is read inside the lock: some of moto's answers are generators over its state.
            answer = self.moto(environ, start_response)
            try:
                return [b"".join(answer)]
            finally:
                if hasattr(answer, "close"):
                    answer.close()


application = CountingMoto()
