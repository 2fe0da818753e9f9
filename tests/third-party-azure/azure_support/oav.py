"""Microsoft's validator of live traffic, as a program that is asked line by line."""

import contextlib
import json
import os
import pathlib
import shutil
import subprocess

SCRIPT = pathlib.Path(__file__).resolve().parents[1] / "validator/validate.js"


class Validator:
    """The running program."""

    def __init__(self, process):
        self.process = process

    def ask(self, exchange):
        """What it finds about one recorded exchange: the operation, whether it is covered, and the problems."""
        self.process.stdin.write(json.dumps(_live(exchange)) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        assert line, "the validator ended"
        return json.loads(line)


def _live(exchange):
    """An exchange as oav takes it. What is absent must be absent: a query of its own hides the one in the URL."""
    request, response = exchange["request"], exchange["response"]
    return {"liveRequest": _present(request), "liveResponse": _present(response)}


def _present(message):
    return {key: value for key, value in message.items() if value is not None}


@contextlib.contextmanager
def serve(specifications, modules, *patterns):
    """Runs it with the specifications of a folder, all or those of some patterns, and the packages of another folder."""
    assert shutil.which("node"), "node must be on PATH: run tests/run"
    with subprocess.Popen(
        ["node", str(SCRIPT), str(specifications), *patterns],
        env=os.environ | {"NODE_PATH": str(modules)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield Validator(process)
        finally:
            process.stdin.close()
            process.wait(timeout=20)
