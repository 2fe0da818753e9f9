"""cloudgrant, in every cloud: what it is told, and what it must say that it did."""

import json
import os
import pathlib
import subprocess

from .cloud import Peer, Wrong

# The program, read before the environment is cleaned.
BINARY = pathlib.Path(os.environ.get("CLOUDGRANT", "cloudgrant")).absolute()

ARGUMENTS = {
    "apply": ["apply", "--yes"],
    "no-op": ["plan", "--exit-code"],
    "change": ["apply", "--yes"],
    "revoke": ["revoke", "--all", "--yes"],
}


class Cloudgrant(Peer):
    name = "cloudgrant"

    def version(self):
        return subprocess.run([BINARY, "--version"], capture_output=True, text=True, check=True).stdout.strip()

    def prepare(self, folder, workload, running):
        for changed in (False, True):
            (folder / f"{changed}.json").write_text(json.dumps(workload.manifest(changed), indent=2), encoding="utf-8")

    def command(self, phase, folder, workload):
        file = folder / f"{phase in ('change', 'revoke')}.json"
        return [BINARY, *ARGUMENTS[phase], "--output", "json", "--file", file]

    def check(self, phase, workload, code, output):
        if code:
            raise Wrong(f"exit code {code}: {_error(output)}")
        summary = json.loads(output)["summary"]
        done = {name: count for name, count in summary.items() if count and name != "handoff"}
        wanted = workload.summary(phase)
        if done != wanted:
            raise Wrong(f"it said {done}, which should be {wanted}")


def _error(output):
    """What it said in its document, in so far as there is one."""
    try:
        return json.loads(output)["error"]["message"]
    except (ValueError, KeyError, TypeError):
        return output[-200:]
