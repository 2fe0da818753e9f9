"""boto3 with sixteen threads, as a good script would use it."""

import importlib.metadata
import pathlib
import sys

from ...cloud import Peer

SCRIPT = pathlib.Path(__file__).with_name("boto3_script.py")


class Boto3(Peer):
    name = "boto3"

    def version(self):
        return f"boto3 {importlib.metadata.version('boto3')}, Python {sys.version.split()[0]}, 16 threads"

    def prepare(self, folder, workload, running):
        for changed in (False, True):
            workload.write_objects(folder / f"objects-{changed}.json", changed)

    def command(self, phase, folder, workload):
        file = folder / f"objects-{phase in ('change', 'revoke')}.json"
        return [sys.executable, SCRIPT, phase, file]

    def environment(self, running):
        # Compiled once, as an installed script would be.
        return super().environment(running) | {"PYTHONDONTWRITEBYTECODE": ""}
