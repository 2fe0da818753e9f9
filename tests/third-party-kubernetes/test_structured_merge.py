"""Server-side apply against the engine that every API server has, structured-merge-diff: random writes, step by step.

The engine merges, prunes and finds conflicts. What a server does around it is small, and here once more: identity isn't
managed, an object without managers isn't tracked before its first apply, an update adds to what its manager has.
"""

import copy
import json
import os
import pathlib
import random
import subprocess

import pytest
import requests

ENGINE = os.environ.get("STRUCTURED_MERGE")
SCHEMA = pathlib.Path(__file__).parent / "structured_merge/schema.yaml"
NAMESPACE = "acme-development"
ROUNDS = int(os.environ.get("STRUCTURED_MERGE_ROUNDS", "120"))
STEPS = 12
NOBODYS = {("f:apiVersion",), ("f:kind",), ("f:metadata",), ("f:metadata", "f:name"), ("f:metadata", "f:namespace")}
THIS = "this-write/Update"


def paths(fields, above=()):
    """The paths that a `fieldsV1` holds."""
    found = set()
    for name, below in fields.items():
        if name == ".":
            found.add(above)
        elif below:
            found |= paths(below, (*above, name))
        else:
            found.add((*above, name))
    return found


def fields(found):
    """The contrary."""
    root = {}
    for path in found:
        node = root
        for name in path:
            node = node.setdefault(name, {})
        node["."] = {}
    return _without_dots(root)


def _without_dots(node):
    if set(node) == {"."}:
        return {}
    return {name: {} if name == "." else _without_dots(below) for name, below in node.items()}


def tidy(value):
    """A value as a server keeps it: nothing that is empty."""
    if isinstance(value, dict):
        tidied = {name: tidy(below) for name, below in value.items()}
        return {name: below for name, below in tidied.items() if below not in (None, {}, [])}
    return value


def comparable(account):
    """An account without what servers write, its lists in no order: newer engines keep another than older ones."""
    account = copy.deepcopy(account)
    for name in ("uid", "resourceVersion", "creationTimestamp", "managedFields"):
        account["metadata"].pop(name, None)
    for of, name in ((account, "secrets"), (account["metadata"], "finalizers"), (account["metadata"], "ownerReferences")):
        if name in of:
            of[name] = sorted(of[name], key=lambda item: json.dumps(item, sort_keys=True))
    return account


class Refused(Exception):
    """What an apply conflicts with."""


class Model:
    """An account as a server with the genuine engine would have it."""

    def __init__(self, engine, name):
        self.engine = engine
        self.named = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": name, "namespace": NAMESPACE}}
        self.live = None
        self.managers = {}

    def ask(self, live, new, managers, manager, **more):
        asked = {"live": live, "object": new, "manager": manager} | more
        asked["managers"] = {name: fields(found) for name, found in managers.items()}
        self.engine.stdin.write(json.dumps(asked) + "\n")
        self.engine.stdin.flush()
        told = json.loads(self.engine.stdout.readline())
        if told["conflicts"]:
            raise Refused({(name, path) for name, path in told["conflicts"]})
        return told["object"], {name: paths(written) for name, written in told["managers"].items()}

    def note(self, before, after, managers, manager):
        _, managers = self.ask(before, after, managers, THIS)
        own = managers.pop(THIS, set()) - NOBODYS
        if own:
            managers[manager] = managers.get(manager, set()) | own
        return managers

    def update(self, new, manager):
        if self.live is None or self.managers:
            self.managers = self.note(self.live or {"metadata": {}}, new, self.managers, f"{manager}/Update")
        self.live = new

    def apply(self, config, manager, force):
        before = self.live or {"metadata": {}}
        managers = self.managers
        if not managers:
            managers = self.note({"metadata": {}}, before, {}, "before-first-apply/Update")
        manager = f"{manager}/Apply"
        made, managers = self.ask(before, config, managers, manager, apply=True, force=force)
        own = managers.pop(manager, set()) - NOBODYS
        if own:
            managers[manager] = own
        self.live, self.managers = tidy(made), managers


class Writer:
    """Random writes, the same for a seed."""

    def __init__(self, seed):
        self.random = random.Random(seed)

    def some(self, values):
        return self.random.sample(values, self.random.randint(0, len(values)))

    def content(self, empties):
        """Fields of an account; with `empties` some of them are empty or nothing."""
        pick = self.random
        metadata, account = {}, {"metadata": {}}
        for name in ("annotations", "labels"):
            if pick.random() < 0.6:
                metadata[name] = {key: pick.choice("12") for key in self.some(["a", "b", "example.com/c"])}
        if pick.random() < 0.3:
            metadata["finalizers"] = self.some(["example.com/x", "example.com/y", "example.com/z"])
        if pick.random() < 0.3:
            owner = {"apiVersion": "v1", "kind": "ConfigMap"}
            metadata["ownerReferences"] = [owner | {"uid": uid, "name": pick.choice("no")} for uid in self.some(["u", "v"])]
        if pick.random() < 0.4:
            secrets = self.some(["s", "t", "w"])
            account["secrets"] = [{"name": name} | pick.choice([{}, {"kind": "Secret"}]) for name in secrets]
        if pick.random() < 0.4:
            account["imagePullSecrets"] = [{"name": name} for name in self.some(["p", "q"])]
        if pick.random() < 0.4:
            account["automountServiceAccountToken"] = pick.choice([True, False])
        if empties and pick.random() < 0.2:
            metadata[pick.choice(["annotations", "labels", "finalizers"])] = None
        if empties and pick.random() < 0.1:
            account[pick.choice(["secrets", "imagePullSecrets", "automountServiceAccountToken"])] = None
        account["metadata"] = metadata
        return account if empties else tidy(account)


@pytest.fixture
def engine():
    if not ENGINE:
        pytest.skip("STRUCTURED_MERGE names no program: Go and structured-merge-diff aren't installed")
    with subprocess.Popen([ENGINE, SCHEMA], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield process
        process.stdin.close()


def test_random_writes_end_as_with_the_genuine_engine(cluster, engine):
    session = requests.Session()
    # No settings of this machine: proxies, authorities.
    session.trust_env = False
    session.verify = cluster.certificate
    session.headers["Authorization"] = "Bearer of-administrator"
    accounts = f"{cluster.endpoint}/api/v1/namespaces/{NAMESPACE}/serviceaccounts"
    conflicts = unchanged = 0
    for round_number in range(ROUNDS):
        writer, model = Writer(round_number), Model(engine, f"account-{round_number}")
        url = f"{accounts}/account-{round_number}"
        version = None
        for step in range(STEPS):
            pick = writer.random
            applies = pick.random() < (0.7 if step else 0.4)
            content = writer.content(empties=applies)
            if not step and pick.random() < 0.4:
                content = {}
            written = model.named | content
            written["metadata"] = model.named["metadata"] | content.get("metadata", {})
            before = (model.live, model.managers)
            expected = None
            if applies:
                manager, force = pick.choice(["cloudgrant", "helm", "argo"]), pick.random() < 0.3
                parameters = {"fieldManager": manager} | ({"force": "true"} if force else {})
                headers = {"Content-Type": "application/apply-patch+yaml"}
                answer = session.patch(url, params=parameters, headers=headers, data=json.dumps(written))
                try:
                    model.apply(written, manager, force)
                except Refused as refused:
                    (expected,) = refused.args
            else:
                manager = pick.choice(["editor", "helm", "script"])
                send, where = (session.put, url) if model.live else (session.post, accounts)
                answer = send(where, params={"fieldManager": manager}, json=written)
                model.update(written, manager)
            told = f"round {round_number}, step {step}: {'apply' if applies else 'update'} by {manager}: {written}\n{answer.text}"
            body = answer.json()
            if expected is not None:
                conflicts += 1
                assert answer.status_code == 409, told
                assert {(cause["message"], cause["field"]) for cause in body["details"]["causes"]} == {
                    (f"conflict with {shown(name)}", path) for name, path in expected
                }, told
                continue
            assert answer.ok, told
            assert comparable(body) == comparable(model.live), told
            entries = body["metadata"].get("managedFields", [])
            is_managed = {f"{entry['manager']}/{entry['operation']}": paths(entry["fieldsV1"]) for entry in entries}
            assert is_managed == model.managers, told
            # What changes nothing isn't written.
            if (model.live, model.managers) == before:
                unchanged += 1
                assert body["metadata"]["resourceVersion"] == version, told
            version = body["metadata"]["resourceVersion"]
    assert conflicts > ROUNDS and unchanged > 0, "these writes try too little"


def shown(manager):
    """A manager as conflicts name it."""
    name, operation = manager.split("/")
    return f'"{name}"' if operation == "Apply" else f'"{name}" using v1'
