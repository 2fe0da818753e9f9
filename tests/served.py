"""The sandboxes of a manifest, as `cloudgrant sandbox` serves them: what the third-party checks of platforms share."""

import contextlib
import json
import os
import pathlib
import signal
import subprocess

import pytest

# The file of the manifest, in the folder of the test.
MANIFEST = "cloudgrant.yaml"


def program():
    """The program that CLOUDGRANT names, or the one that was built last."""
    root = pathlib.Path(__file__).resolve().parents[1]
    return pathlib.Path(os.environ.get("CLOUDGRANT") or root / "target/debug/cloudgrant").absolute()


@contextlib.contextmanager
def sandboxes(cloudgrant, folder):
    """What the sandboxes of a folder's manifest have other programs export, while they are served."""
    if not cloudgrant.is_file():
        pytest.exit(f"no program at {cloudgrant}: build it, or say where it is in CLOUDGRANT", returncode=1)
    command = [cloudgrant, "sandbox", "--output", "json", "--folder", folder / "state", "--file", MANIFEST]
    log = folder / "sandbox.log"
    with open(log, "w", encoding="utf-8") as errors:
        process = subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=errors, text=True, env=os.environ)
    said = ""
    try:
        # One document, on as many lines as it likes.
        for line in process.stdout:
            said += line
            with contextlib.suppress(json.JSONDecodeError):
                yield json.loads(said)["exports"]
                break
        else:
            raise RuntimeError(f"the sandboxes did not start:\n{said}\n{log.read_text(encoding='utf-8')}")
    finally:
        process.send_signal(signal.SIGINT)
        process.stdout.close()
        code = process.wait(timeout=20)
    assert code == 0, f"the sandboxes ended with {code}:\n{log.read_text(encoding='utf-8')}"
