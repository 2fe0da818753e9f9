"""Terraform as an oracle: does what stands in the cloud mean what the HCL says?"""

import json
import os
import pathlib
import shutil
import subprocess

HCL = pathlib.Path(__file__).resolve().parents[1] / "terraform"
PROVIDER = "registry.terraform.io/hashicorp/aws"


def missing():
    """Why Terraform can't be asked here, or nothing."""
    if not shutil.which("terraform"):
        return "terraform is not on PATH"
    mirror = os.environ.get("TF_PLUGIN_MIRROR")
    if not mirror:
        return "TF_PLUGIN_MIRROR does not name a folder with Terraform's AWS provider"
    if not (pathlib.Path(mirror) / PROVIDER).is_dir():
        return f"the folder in TF_PLUGIN_MIRROR has no {PROVIDER}"
    return None


def check_syntax(folder):
    """Fails where Terraform can't read a file of a folder, or would format it otherwise. `fmt` asks no provider."""
    command = ["terraform", "fmt", "-check", "-diff", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"


class Terraform:
    """One configuration, held against two accounts at one endpoint."""

    def __init__(self, configuration, folder, data_plane, registry):
        self.folder = folder
        shutil.copy(HCL / "provider.tf", folder)
        shutil.copy(HCL / configuration, folder)
        # What an export has for the versions of the provider stands beside it.
        versions = (HCL / configuration).parent / "cloudgrant_versions.tf"
        if versions.exists():
            shutil.copy(versions, folder)
        rc = folder / "terraform.rc"
        mirror = json.dumps(os.environ["TF_PLUGIN_MIRROR"])
        rc.write_text(
            f"provider_installation {{\n  filesystem_mirror {{\n    path = {mirror}\n  }}\n}}\n", encoding="utf-8"
        )
        self.environment = os.environ | {
            "TF_CLI_CONFIG_FILE": str(rc),
            "TF_DATA_DIR": str(folder / "data"),
            "TF_IN_AUTOMATION": "1",
            "TF_INPUT": "0",
            "CHECKPOINT_DISABLE": "1",
            "TF_VAR_endpoint": data_plane.endpoint,
            "TF_VAR_data_plane": json.dumps(_credentials(data_plane)),
            "TF_VAR_registry": json.dumps(_credentials(registry)),
        }

    def ask(self, *arguments, **variables):
        return subprocess.run(
            ["terraform", *arguments],
            cwd=self.folder,
            env=self.environment | {f"TF_VAR_{name}": value for name, value in variables.items()},
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )

    def refusal(self, **variables):
        """What Terraform says of a configuration that it doesn't take, as one line; it fails where it takes it."""
        self.run("init", "-no-color")
        done = self.ask("plan", "-no-color", **variables)
        assert done.returncode == 1, done.stdout
        return " ".join(done.stderr.replace("│", " ").split())

    def run(self, *arguments):
        done = self.ask(*arguments)
        # 2 is what -detailed-exitcode says when there is something to do, and an import is something.
        assert done.returncode in (0, 2), f"terraform {' '.join(arguments)}\n{done.stdout}\n{done.stderr}"
        return done

    def apply(self):
        self.run("init", "-no-color")
        self.run("apply", "-no-color", "-auto-approve")

    def destroy(self):
        self.run("destroy", "-no-color", "-auto-approve")

    def plan(self):
        """The planned changes by address: the actions, and whether the resource would be imported."""
        self.run("init", "-no-color")
        self.said = self.run("plan", "-no-color", "-detailed-exitcode", "-out=plan").stdout
        changes = json.loads(self.run("show", "-json", "plan").stdout).get("resource_changes", [])
        return {one["address"]: (one["change"]["actions"], "importing" in one["change"]) for one in changes}


def _credentials(account):
    credentials = account.credentials
    return {
        "key": credentials["aws_access_key_id"],
        "secret": credentials["aws_secret_access_key"],
        "token": credentials.get("aws_session_token", ""),
    }
