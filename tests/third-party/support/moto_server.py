"""moto as a real server: a process of its own, on loopback, on a port of its own."""

import contextlib
import json
import os
import pathlib
import re
import subprocess
import sys
import time
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent


class MotoServer:
    """Where the server listens, and what it was asked since the last reset."""

    def __init__(self, url):
        self.url = url

    def reset(self):
        """Forgets every account and every count."""
        urllib.request.urlopen(urllib.request.Request(f"{self.url}/moto-api/reset", method="POST")).read()

    def counts(self):
        """Requests by `service:Action` since the last reset."""
        with urllib.request.urlopen(f"{self.url}/counts") as answer:
            return json.load(answer)


@contextlib.contextmanager
def serve(log):
    """Serves moto until the block ends. `log` is a file for what the server says."""
    # One process, since moto's state lives in memory; keep-alive, as AWS has it.
    command = [sys.executable, "-m", "gunicorn", "--bind", "127.0.0.1:0", "--workers", "1", "--threads", "16"]
    command += ["--worker-class", "gthread", "--keep-alive", "30", "--chdir", str(HERE), "moto_app:application"]
    # Nobody's own AWS or moto settings may reach the server.
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "MOTO_"))}
    # Without this number moto judges no credentials: who may do what is not what is tested here.
    environment["INITIAL_NO_AUTH_ACTION_COUNT"] = "inf"
    with open(log, "w", encoding="utf-8") as output:
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT, env=environment)
        try:
            yield MotoServer(_wait(process, pathlib.Path(log)))
        finally:
            process.terminate()
            process.wait(timeout=20)


def _wait(process, log):
    """The server's address, as soon as it says that it listens there and answers."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        found = re.search(r"Listening at: (http://127\.0\.0\.1:\d+)", log.read_text(encoding="utf-8"))
        if found:
            with contextlib.suppress(OSError):
                urllib.request.urlopen(f"{found[1]}/counts").read()
                return found[1]
        time.sleep(0.05)
    raise RuntimeError(f"moto did not start:\n{log.read_text(encoding='utf-8')}")
