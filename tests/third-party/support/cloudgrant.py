"""Running the binary as a user would."""

import json
import os
import subprocess

TIMEOUT = 300


class Result:
    """How a run ended and what it said."""

    def __init__(self, command, done):
        self.command = command
        self.code = done.returncode
        self.stdout = done.stdout
        self.stderr = done.stderr

    @property
    def json(self):
        """The one document that `--output json` prints."""
        return json.loads(self.stdout)

    @property
    def summary(self):
        return self.json["summary"]

    def changes(self, kind=None):
        """The changes, as (action, kind, name)."""
        found = [(change["action"], change["kind"], change["name"]) for change in self.json["changes"]]
        return [change for change in found if kind in (None, change[1])]

    def __str__(self):
        return f"$ {' '.join(self.command)}\nexit {self.code}\n{self.stdout}\n--- standard error\n{self.stderr}"


class Cloudgrant:
    """The binary in a folder of its own, with the environment of an operator."""

    def __init__(self, binary, folder, environment):
        self.binary = str(binary)
        self.folder = folder
        self.environment = environment

    def run(self, *arguments, expect=0, **environment):
        """Runs it; an exit code that was not expected (`None` takes any) fails the test, with all that was said."""
        command = [self.binary, *map(str, arguments)]
        merged = os.environ | self.environment | environment
        done = subprocess.run(
            command, cwd=self.folder, env=merged, capture_output=True, text=True, timeout=TIMEOUT, check=False
        )
        result = Result(command, done)
        assert expect in (None, result.code), f"expected exit code {expect}\n{result}"
        return result

    def plan(self, manifest, *arguments, **options):
        return self.run("plan", "--file", manifest, "--output", "json", *arguments, **options)

    def apply(self, manifest, *arguments, **options):
        return self.run("apply", "--file", manifest, "--yes", "--output", "json", *arguments, **options)

    def drift(self, manifest, *arguments, **options):
        return self.run("drift", "--file", manifest, "--output", "json", *arguments, **options)

    def revoke(self, manifest, *arguments, **options):
        return self.run("revoke", "--file", manifest, "--yes", "--output", "json", *arguments, **options)
