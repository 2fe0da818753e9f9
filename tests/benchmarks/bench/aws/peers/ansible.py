"""Ansible with the collection amazon.aws: a loop over policies and one over roles."""

import json
import os
import pathlib
import re
import subprocess

from ...cloud import Peer, Wrong

ENVIRONMENT = os.environ.get("BENCHMARKS_ANSIBLE", "")
PLAYBOOK = pathlib.Path(ENVIRONMENT) / "bin/ansible-playbook"


class Ansible(Peer):
    name = "ansible"
    most = 20
    repeat_up_to = 0

    def version(self):
        said = subprocess.run([PLAYBOOK, "--version"], capture_output=True, text=True, check=True).stdout
        return said.splitlines()[0]

    def missing(self):
        return None if ENVIRONMENT else "its environment was not made: start it with tests/benchmarks/run"

    def prepare(self, folder, workload, running):
        self.folder = folder

    def command(self, phase, folder, workload):
        state = "absent" if phase == "revoke" else "present"
        tasks = [_policies(state), _roles(state)]
        play = {
            "hosts": "localhost",
            "connection": "local",
            "gather_facts": False,
            "vars": {"objects": [_texts(one) for one in workload.objects(phase in ("change", "revoke"))]},
            # A policy can't go before whoever carries it.
            "tasks": tasks if state == "present" else tasks[::-1],
        }
        file = folder / f"{phase}.json"
        file.write_text(json.dumps([play]), encoding="utf-8")
        return [PLAYBOOK, "-i", "localhost,", *(["--check"] if phase == "no-op" else []), file]

    def environment(self, running):
        mine = {"ANSIBLE_HOME": str(self.folder / "ansible"), "ANSIBLE_LOCALHOST_WARNING": "false"}
        mine["ANSIBLE_PYTHON_INTERPRETER"] = str(pathlib.Path(ENVIRONMENT) / "bin/python")
        return running.environment() | mine | {"LC_ALL": "C.UTF-8"}

    def check(self, phase, workload, code, output):
        super().check(phase, workload, code, output)
        changed = re.search(r"changed=(\d+)", output)
        if phase == "no-op" and (not changed or changed[1] != "0"):
            raise Wrong("it would change something")


def _texts(one):
    """Documents are text to the modules, and must not be taken for templates."""
    return one | {"document": json.dumps(one["document"]), "trust": json.dumps(one["trust"])}


def _policies(state):
    return {
        "amazon.aws.iam_managed_policy": {
            "name": "{{ item.name }}",
            "path": "{{ item.path }}",
            "description": "{{ item.description }}",
            "policy": "{{ item.document | string }}",
            "only_version": False,
            "tags": "{{ item.policy_tags }}",
            "state": state,
        },
        "loop": "{{ objects }}",
        "loop_control": {"label": "{{ item.name }}"},
    }


def _roles(state):
    return {
        "amazon.aws.iam_role": {
            "name": "{{ item.name }}",
            "path": "{{ item.path }}",
            "description": "{{ item.description }}",
            "assume_role_policy_document": "{{ item.trust | string }}",
            "managed_policies": ["{{ item.policy }}", "{{ item.attached }}"],
            "create_instance_profile": False,
            "tags": "{{ item.role_tags }}",
            "state": state,
        },
        "loop": "{{ objects }}",
        "loop_control": {"label": "{{ item.name }}"},
    }
