"""The AWS CLI: one command after the other, as written down in many guides."""

import json
import os
import pathlib
import shlex
import subprocess

from ...cloud import Peer, Wrong

ENVIRONMENT = os.environ.get("BENCHMARKS_AWSCLI", "")
AWS = str(pathlib.Path(ENVIRONMENT) / "bin/aws")


class AwsCli(Peer):
    """Its no-op plan is the reading alone, with no comparison."""

    name = "awscli"
    most = 20
    repeat_up_to = 0

    def version(self):
        return subprocess.run([AWS, "--version"], capture_output=True, text=True, check=True).stdout.split()[0]

    def missing(self):
        return None if ENVIRONMENT else "its environment was not made: start it with tests/benchmarks/run"

    def command(self, phase, folder, workload):
        commands = {"apply": _apply, "no-op": _read, "change": _change, "revoke": _revoke}[phase](workload)
        lines = ["set -eu", *(shlex.join([AWS, "iam", *command]) for command in commands)]
        script = folder / f"{phase}.sh"
        script.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return ["sh", script]

    def check(self, phase, workload, code, output):
        super().check(phase, workload, code, output)
        if phase == "no-op" and not all(f'"{one["name"]}"' in output for one in workload.objects(False)):
            raise Wrong("it did not read all objects")


def _tags(mapping):
    return [f"Key={key},Value={value}" for key, value in mapping.items()]


def _apply(workload):
    for one in workload.objects(False):
        common = ["--path", one["path"], "--description", one["description"]]
        policy = ["--policy-name", one["name"], "--policy-document", json.dumps(one["document"])]
        role = ["--role-name", one["name"], "--assume-role-policy-document", json.dumps(one["trust"])]
        yield ["create-policy", *policy, *common, "--tags", *_tags(one["policy_tags"])]
        yield ["create-role", *role, *common, "--tags", *_tags(one["role_tags"])]
        for arn in (one["policy"], one["attached"]):
            yield ["attach-role-policy", "--role-name", one["name"], "--policy-arn", arn]


def _read(_):
    yield ["get-account-authorization-details", "--filter", "Role", "LocalManagedPolicy", "--page-size", "1000"]


def _change(workload):
    one = workload.objects(True)[0]
    document = ["--policy-document", json.dumps(one["document"])]
    yield from _read(workload)
    yield ["create-policy-version", "--policy-arn", one["policy"], *document, "--set-as-default"]


def _revoke(workload):
    yield ["delete-policy-version", "--policy-arn", workload.objects(True)[0]["policy"], "--version-id", "v1"]
    for one in workload.objects(True):
        for arn in (one["policy"], one["attached"]):
            yield ["detach-role-policy", "--role-name", one["name"], "--policy-arn", arn]
        yield ["delete-policy", "--policy-arn", one["policy"]]
        yield ["delete-role", "--role-name", one["name"]]
