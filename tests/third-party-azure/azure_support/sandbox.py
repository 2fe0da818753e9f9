"""cloudgrant's Azure sandbox, served to other programs, and what it tells and takes beside Azure's own interfaces."""

import contextlib
import json
import os
import signal
import subprocess

import requests


class Sandbox:
    """A running sandbox."""

    def __init__(self, said):
        self.url = said["endpoint"]
        self.exports = said["exports"]
        self.setup = said["setup"]
        self.certificate = self.exports["REQUESTS_CA_BUNDLE"]
        self.tenant = self.exports["AZURE_TENANT_ID"]
        self.subscription = self.exports["AZURE_SUBSCRIPTION_ID"]

    def ask(self, path, method="GET", **body):
        """One of the sandbox's own questions below `/_sandbox/`."""
        answer = requests.request(method, f"{self.url}/_sandbox/{path}", verify=self.certificate, timeout=30, **body)
        assert answer.ok, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json()

    def knobs(self, text):
        """Turns the knobs; those that are not named go back to where they were."""
        self.ask("knobs", "POST", data=text)

    def record(self):
        """Keeps every exchange from now on."""
        self.ask("record", "POST", json={"on": True})

    def recorded(self):
        """The exchanges since then, in the order in which they were answered."""
        return self.ask("recorded")

    def count(self, action):
        """How often an action was asked for."""
        return self.ask("requests")["by_action"].get(action, 0)

    def put(self, **wanted):
        """Makes or changes something behind everybody's back, as other people or Azure itself would."""
        return self.ask("put", "POST", json=wanted)

    def access(self, principal, scope, **question):
        """What the cloud says to a principal that wants to do something: whether it may, and by which assignments."""
        return self.ask("access", params={"principal": principal, "scope": scope} | question)


@contextlib.contextmanager
def serve(binary, folder, *arguments):
    """Serves a sandbox, with its state in `folder`, until the block ends."""
    folder.mkdir(parents=True, exist_ok=True)
    command = [str(binary), "sandbox", "--provider", "azure", "--output", "json", "--folder", str(folder / "state")]
    log = folder / "sandbox.log"
    with open(log, "w", encoding="utf-8") as errors:
        process = subprocess.Popen(
            [*command, *map(str, arguments)],
            cwd=folder,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            env=os.environ,
        )
        try:
            yield Sandbox(_first_document(process, log))
        finally:
            process.send_signal(signal.SIGINT)
            code = process.wait(timeout=20)
    assert code == 0, f"the sandbox ended with {code}:\n{log.read_text(encoding='utf-8')}"


def _first_document(process, log):
    """What it prints before it serves: one JSON document, on as many lines as it likes."""
    text = ""
    for line in process.stdout:
        text += line
        with contextlib.suppress(json.JSONDecodeError):
            return json.loads(text)
    raise RuntimeError(f"the sandbox did not start:\n{text}\n{log.read_text(encoding='utf-8')}")
