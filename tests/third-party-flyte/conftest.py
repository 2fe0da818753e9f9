"""Flyte's sandbox, as a program of its own."""

import json
import os
import subprocess
import urllib.error
import urllib.request

import pytest


class Flyte:
    """A sandbox that runs. Requests and answers are JSON, as clients of Flyte's REST API send and get it."""

    def __init__(self, folder, seed):
        command = [os.environ["FLYTE_SANDBOX"], str(folder), json.dumps(seed)]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.base = self.process.stdout.readline().strip()
        assert self.base.startswith("http://127.0.0.1:"), "the sandbox did not start"
        self.opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def send(self, method, path, body=None, headers=None):
        """The status and the text of an answer."""
        sent = {"Accept": "application/json", "Content-Type": "application/json"} if headers is None else headers
        status, answer, _ = self.exchange(method, path, body.encode() if body is not None else None, sent)
        return status, answer.decode()

    def exchange(self, method, path, body, headers):
        """The status of an answer, its bytes as they came, and how they are compressed."""
        request = urllib.request.Request(self.base + path, body, headers, method=method)
        try:
            with self.opener.open(request, timeout=30) as answer:
                return answer.status, answer.read(), answer.headers.get("Content-Encoding")
        except urllib.error.HTTPError as refusal:
            with refusal:
                return refusal.code, refusal.read(), refusal.headers.get("Content-Encoding")

    def stop(self):
        self.process.stdin.close()
        assert self.process.wait(30) == 0


@pytest.fixture
def serve(tmp_path):
    """Starts sandboxes, each from a seed."""
    running = []

    def start(**seed):
        running.append(Flyte(tmp_path / f"sandbox-{len(running)}", seed))
        return running[-1]

    yield start
    for flyte in running:
        flyte.stop()
