"""cloudgrant's own sandbox, served to other programs."""

import contextlib
import json
import os
import signal
import subprocess

from . import accounts


class Sandbox:
    """A running sandbox: what it exports, and both accounts of it."""

    def __init__(self, said):
        self.url = said["endpoint"]
        self.exports = said["exports"]
        self.data_plane, self.registry = accounts.of_sandbox(self.url)


@contextlib.contextmanager
def serve(binary, folder, *arguments):
    """Serves a sandbox, with its state in `folder`, until the block ends."""
    command = [str(binary), "sandbox", "--output", "json", "--folder", str(folder / "state"), *map(str, arguments)]
    log = folder / "sandbox.log"
    with open(log, "w", encoding="utf-8") as errors:
        process = subprocess.Popen(
            command, cwd=folder, stdout=subprocess.PIPE, stderr=errors, text=True, env=os.environ
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
