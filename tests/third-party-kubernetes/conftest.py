"""What these checks share: the sandbox of a Kubernetes API server, and genuine clients of it."""

import contextlib
import json
import os
import pathlib
import shutil
import signal
import subprocess

import pytest
import served

ROOT = pathlib.Path(__file__).resolve().parents[2]

# Read before the environment is cleaned.
BINARY = pathlib.Path(os.environ.get("KUBERNETES_SANDBOX") or ROOT / "target/debug/examples/serve")
CLOUDGRANT = served.program()

# An administrator, somebody with the rights of a program that annotates service accounts, and somebody without any.
SEED = {
    "users": [
        {"name": "administrator", "token": "of-administrator", "groups": ["system:masters"]},
        {"name": "cloudgrant", "token": "of-cloudgrant", "groups": []},
        {"name": "nobody", "token": "of-nobody", "groups": []},
    ],
    "rules": [
        {
            "name": "annotate",
            "users": ["cloudgrant"],
            "apiGroups": [""],
            "resources": ["serviceaccounts"],
            "verbs": ["get", "list", "watch", "patch"],
        }
    ],
    "namespaces": ["acme-development"],
}


def pytest_configure():
    # Nobody's own settings or proxies: every request of these tests stays on loopback.
    for name in list(os.environ):
        if name.startswith(("KUBE", "CLOUDGRANT_", "HELM_KUBE", "AWS_", "REQUESTS_", "CURL_CA_", "SSL_CERT_")) or name.lower().endswith("_proxy"):
            del os.environ[name]


class Cluster:
    """A running sandbox."""

    def __init__(self, said, folder):
        self.kubeconfig = said["exports"]["KUBECONFIG"]
        self.endpoint = said["endpoint"]
        self.certificate = said["settings"]["kubernetes"]["ca_certificate"]
        self.folder = folder

    def kubectl(self, *arguments, user="administrator", stdin=None, code=0):
        """Runs kubectl as a user; gives what it said, whichever way it was to end."""
        done = subprocess.run(
            [KUBECTL, "--kubeconfig", self.kubeconfig, "--context", f"cloudgrant-sandbox-{user}", *arguments],
            input=stdin,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
            env=os.environ | {"HOME": str(self.folder)},
        )
        assert done.returncode == code, f"kubectl {arguments} ended with {done.returncode}:\n{done.stdout}{done.stderr}"
        return done.stdout + done.stderr if code else done.stdout

    def start(self, *arguments, user="administrator"):
        """Starts kubectl as a user, and doesn't wait for its end."""
        command = [KUBECTL, "--kubeconfig", self.kubeconfig, "--context", f"cloudgrant-sandbox-{user}", *arguments]
        environment = os.environ | {"HOME": str(self.folder)}
        return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)

    def get(self, *arguments, **options):
        """The same for an object, read."""
        return json.loads(self.kubectl("get", *arguments, "-o", "json", "--show-managed-fields", **options))


KUBECTL = shutil.which("kubectl")


class Stack:
    """A folder with a manifest, the sandboxes of its cloud and its cluster, and what works in there."""

    def __init__(self, folder, exports):
        self.folder = folder
        self.environment = os.environ | exports | {"HOME": str(folder)}

    def run(self, program, *arguments, code=0):
        """Runs a program to its end; gives all that it said."""
        command = [str(program), *map(str, arguments)]
        done = subprocess.run(
            command, cwd=self.folder, env=self.environment, capture_output=True, text=True, timeout=120, check=False
        )
        said = done.stdout + done.stderr
        assert done.returncode == code, f"{command} ended with {done.returncode}, not {code}:\n{said}"
        return said

    def cloudgrant(self, *arguments, **options):
        return self.run(CLOUDGRANT, *arguments, "--file", served.MANIFEST, **options)

    def kubectl(self, *arguments, **options):
        return self.run(KUBECTL, *arguments, **options)

    def helm(self, *arguments, **options):
        return self.run(HELM, *arguments, **options)

    def get(self, *arguments):
        """An object, or a list, with the managers of its fields."""
        return json.loads(self.kubectl("get", *arguments, "-o", "json", "--show-managed-fields"))


HELM = os.environ.get("HELM_PROGRAM")


@pytest.fixture
def serve_stack(tmp_path):
    """Serves the sandboxes of a manifest, until the test ends."""
    with contextlib.ExitStack() as running:

        def serve(manifest):
            (tmp_path / served.MANIFEST).write_text(manifest)
            return Stack(tmp_path, running.enter_context(served.sandboxes(CLOUDGRANT, tmp_path)))

        yield serve


@pytest.fixture
def cluster(tmp_path):
    """A sandbox with the seed above, until the test ends."""
    if not BINARY.is_file():
        pytest.exit(f"no program at {BINARY}: build it, or say where it is in KUBERNETES_SANDBOX", returncode=1)
    seed = tmp_path / "seed.json"
    seed.write_text(json.dumps(SEED))
    process = subprocess.Popen(
        [BINARY, tmp_path / "state", seed], stdout=subprocess.PIPE, text=True, env=os.environ, cwd=tmp_path
    )
    try:
        yield Cluster(json.loads(process.stdout.readline()), tmp_path)
    finally:
        process.send_signal(signal.SIGINT)
        with contextlib.suppress(BrokenPipeError):
            process.stdout.close()
        code = process.wait(timeout=20)
    assert code == 0, f"the sandbox ended with {code}"
