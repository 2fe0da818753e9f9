"""The `az` command, with settings of its own and nobody else's."""

import json
import os
import shutil
import subprocess

QUIET = {
    "AZURE_CORE_COLLECT_TELEMETRY": "false",
    "AZURE_CORE_SURVEY_MESSAGE": "false",
    "AZURE_CORE_NO_COLOR": "true",
    "AZURE_CORE_ONLY_SHOW_ERRORS": "true",
    "AZURE_CORE_LOGIN_EXPERIENCE_V2": "false",
    "AZURE_EXTENSION_USE_DYNAMIC_INSTALL": "no",
}


class Az:
    """`az` at a sandbox. Each command is a process that takes a second or two: ask sparingly."""

    def __init__(self, sandbox, folder):
        program = shutil.which("az")
        assert program, "the Azure CLI of az/requirements.txt must be on PATH: run tests/run"
        settings = {"AZURE_CONFIG_DIR": str(folder / "az")}
        self.folder = folder
        self.environment = os.environ | sandbox.exports | QUIET | settings
        self.setup = sandbox.setup

    def login(self):
        """Runs what the sandbox says to run once."""
        self.bash(*self.setup)

    def __call__(self, *arguments, expect=0):
        """Runs one command. Answers with what it printed, read from JSON; or, if it was to fail, with what it said."""
        done = self._run(["az", *arguments, "--output", "json"])
        assert done.returncode == expect, f"az {' '.join(arguments)}\n{done.stdout}\n{done.stderr}"
        if expect:
            return done.stderr
        return json.loads(done.stdout) if done.stdout.strip() else None

    def bash(self, *lines):
        """Runs lines of a script, as somebody who copies them."""
        done = self._run(["bash", "-euc", "\n".join(lines)])
        assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
        return done.stdout

    def _run(self, command):
        return subprocess.run(
            command,
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
