"""The Azure CLI: one command after the other, as written down in many guides."""

import json
import os
import shlex
import subprocess

from azure_support import ids
from azure_support.az import Az

from ...cloud import Peer, Wrong
from ..workload import DESCRIPTION

ENVIRONMENT = os.environ.get("BENCHMARKS_AZ", "")
GROUP = ["--resource-group", ids.GROUP]


class AzureCli(Peer):
    """Its no-op plan is the reading alone, with no comparison. Logging in comes before, and isn't measured."""

    name = "az"
    most = 20
    repeat_up_to = 0
    worlds = ("sandbox",)

    def version(self):
        said = subprocess.run(["az", "--version"], capture_output=True, text=True, check=True).stdout
        return " ".join(said.splitlines()[0].split()[:2])

    def missing(self):
        if not ENVIRONMENT:
            return "its environment was not made: start it with tests/benchmarks/run"
        os.environ["PATH"] = f"{ENVIRONMENT}/bin{os.pathsep}{os.environ['PATH']}"
        return None

    def prepare(self, folder, workload, running):
        self.az = Az(running.server, folder)
        self.az.login()

    def command(self, phase, folder, workload):
        lines = {"apply": _apply, "no-op": _read, "change": _change, "revoke": _revoke}[phase](workload)
        script = folder / f"{phase}.sh"
        script.write_text("\n".join(["set -eu", *lines]) + "\n", encoding="utf-8")
        return ["sh", script]

    def environment(self, running):
        return self.az.environment

    def check(self, phase, workload, code, output):
        super().check(phase, workload, code, output)
        if phase == "no-op":
            objects = [each for one in workload.objects(False) for each in (one, *one["credentials"])]
            scopes = [each["scope"] for one in workload.objects(False) for each in one["assignments"]]
            if not all(f'"{text}"' in output for text in [*(one["name"] for one in objects), *scopes]):
                raise Wrong("it did not read all objects")


def _line(*words):
    return shlex.join(["az", *words])


def _principal(*words):
    """A command whose answer is an identity; what it is called as a principal is kept for the next commands."""
    return f"principal=$({_line(*words, '--query', 'principalId', '--output', 'tsv')})"


def _assign(one):
    who = '--assignee-object-id "$principal" --assignee-principal-type ServicePrincipal'
    what = ["--role", one["role"], "--scope", one["scope"], "--description", DESCRIPTION, "--output", "none"]
    return f"{_line('role', 'assignment', 'create')} {who} {shlex.join(what)}"


def _apply(workload):
    for one in workload.objects(False):
        # As JSON, since a name with a colon has no shorter form.
        yield _principal("identity", "create", *GROUP, "--name", one["name"], "--tags", json.dumps(one["tags"]))
        for each in one["credentials"]:
            trusted = ["--issuer", ids.ISSUER, "--subject", each["subject"], "--audiences", ids.AUDIENCE]
            named = ["--identity-name", one["name"], "--name", each["name"]]
            yield _line("identity", "federated-credential", "create", *GROUP, *named, *trusted, "--output", "none")
        yield from map(_assign, one["assignments"])


def _read(workload):
    yield _line("role", "assignment", "list", "--all")
    yield _line("identity", "list", *GROUP)
    for one in workload.objects(False):
        yield _line("identity", "federated-credential", "list", *GROUP, "--identity-name", one["name"])


def _change(workload):
    (identity, *_), (changed, *_) = workload.objects(False), workload.objects(True)
    old, new = identity["assignments"][0], changed["assignments"][0]
    yield from _read(workload)
    yield _principal("identity", "show", *GROUP, "--name", identity["name"])
    yield _assign(new)
    where = ["--role", old["role"], "--scope", old["scope"]]
    yield f'{_line("role", "assignment", "delete", *where)} --assignee "$principal"'


def _revoke(workload):
    for one in workload.objects(True):
        yield _principal("identity", "show", *GROUP, "--name", one["name"])
        listed = _line("role", "assignment", "list", "--all", "--query", "[].id", "--output", "tsv")
        yield f'ids=$({listed} --assignee "$principal")'
        # All in one command: the ids have no spaces.
        yield f"{_line('role', 'assignment', 'delete', '--ids')} $ids"
        yield _line("identity", "delete", *GROUP, "--name", one["name"])
