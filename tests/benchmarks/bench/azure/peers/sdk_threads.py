"""Microsoft's clients for Python with sixteen threads, as a good script would use them."""

import importlib.metadata
import pathlib
import sys

from ...cloud import Peer

SCRIPT = pathlib.Path(__file__).with_name("sdk_script.py")
PACKAGES = ["azure-mgmt-authorization", "azure-mgmt-msi", "azure-identity"]


class Sdk(Peer):
    name = "azure-sdk"

    def version(self):
        packages = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in PACKAGES)
        return f"{packages}, Python {sys.version.split()[0]}, 16 threads"

    def prepare(self, folder, workload, running):
        for changed in (False, True):
            workload.write_objects(folder / f"objects-{changed}.json", changed)

    def command(self, phase, folder, workload):
        file = folder / f"objects-{phase in ('change', 'revoke')}.json"
        return [sys.executable, SCRIPT, phase, file]

    def environment(self, running):
        # Compiled once, as an installed script would be; and where the sandbox is, which a client must be told.
        return super().environment(running) | {"PYTHONDONTWRITEBYTECODE": "", "ENDPOINT": running.server.url}
