"""Terraform with the AWS provider, from a folder of providers."""

import json
import os
import pathlib
import subprocess

from support import terraform

from ...cloud import Peer, Wrong

HCL = pathlib.Path(__file__).with_name("terraform.tf")
# As many as the others have in flight; Terraform's own default is 10.
PARALLEL = "-parallelism=16"


class Terraform(Peer):
    name = "terraform"
    most = 200
    repeat_up_to = 0
    # Slow enough without waiting for a bucket to fill.
    worlds = ("sandbox", "moto")

    def version(self):
        said = subprocess.run(["terraform", "version", "-json"], capture_output=True, text=True, check=True).stdout
        providers = sorted((pathlib.Path(MIRROR) / terraform.PROVIDER).iterdir())
        return f"terraform {json.loads(said)['terraform_version']}, provider aws {providers[-1].name}, {PARALLEL}"

    def missing(self):
        if MIRROR:
            os.environ["TF_PLUGIN_MIRROR"] = MIRROR
        return terraform.missing()

    def prepare(self, folder, workload, running):
        self.folder = folder
        (folder / "main.tf").write_text(HCL.read_text(encoding="utf-8"), encoding="utf-8")
        mirror = f"provider_installation {{\n  filesystem_mirror {{\n    path = {json.dumps(MIRROR)}\n  }}\n}}\n"
        (folder / "terraform.rc").write_text(mirror, encoding="utf-8")
        for changed in (False, True):
            workload.write_objects(folder / f"objects-{changed}.json", changed)
        done = subprocess.run(
            ["terraform", "init", "-no-color"],
            cwd=folder,
            env=os.environ | self.environment(running),
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise Wrong(f"terraform init: {done.stderr}")

    def command(self, phase, folder, workload):
        (folder / "objects.json").write_bytes((folder / f"objects-{phase in ('change', 'revoke')}.json").read_bytes())
        arguments = {
            "apply": ["apply", "-auto-approve"],
            "no-op": ["plan", "-detailed-exitcode"],
            "change": ["apply", "-auto-approve"],
            "revoke": ["destroy", "-auto-approve"],
        }[phase]
        return ["terraform", *arguments, "-no-color", "-input=false", PARALLEL]

    def environment(self, running):
        variables = running.environment()
        return variables | {
            "TF_CLI_CONFIG_FILE": str(self.folder / "terraform.rc"),
            "TF_IN_AUTOMATION": "1",
            "CHECKPOINT_DISABLE": "1",
            "TF_VAR_endpoint": variables["AWS_ENDPOINT_URL"],
        }


# Read before the environment is cleaned.
MIRROR = os.environ.get("TF_PLUGIN_MIRROR", "")
