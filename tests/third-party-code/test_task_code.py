"""The lines of task code that `explain --code` prints, held against flytekit and flyte themselves (requirement 41)."""

import asyncio
import importlib.util
import inspect
import itertools
import json
import os
import pathlib
import subprocess
import sys

import pytest
from pyflakes import api, reporter

NUMBERS = itertools.count()
TASKS = ("PythonFunctionTask", "AsyncPythonFunctionTask", "AsyncFunctionTaskTemplate")
LEVELS = ["list", "read", "write", "read-write", "manage"]
DEEDS = {
    "list": {"list"},
    "read": {"list", "read"},
    "write": {"write"},
    "read-write": {"list", "read", "write"},
    "manage": {"list", "read", "write", "delete"},
}
ISSUER = "https://westeurope.oic.prod-aks.azure.com/00000000-0000-0000-0000-00000000000a/00000000-0000-0000-0000-00000000000c/"
CLOUDS = {
    "aws": {
        "section": {
            "account": "111122223333",
            "region": "us-west-2",
            "cluster": {"oidc_provider": "oidc.eks.us-west-2.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE"},
            "task_role": "acme-userflyterole",
        },
        "resources": {
            "models": "s3://acme-models/a/",
            "9-of-them": "s3://acme-models",
            "labels-token": "arn:aws:secretsmanager:us-west-2:111122223333:secret:labels-token-AbCdEf",
        },
        "named": {"REGION": "us-west-2", "ACCOUNT": "111122223333", "/ID": "/1234abcd", "NAME": "labels"},
    },
    "azure": {
        "section": {
            "tenant": "00000000-0000-0000-0000-00000000000a",
            "subscription": "00000000-0000-0000-0000-00000000000b",
            "resource_group": "acme-dataplane",
            "task_identity": "flyte-tasks",
            "cluster": {"oidc_issuer": ISSUER},
        },
        "resources": {
            "models": "abfss://models@acmemodels.dfs.core.windows.net/a/",
            "9-of-them": "https://acmemodels.blob.core.windows.net/models",
            "labels-token": "https://acme-vault.vault.azure.net/secrets/labels-token",
        },
        "named": {
            "…": "/subscriptions/00000000-0000-0000-0000-00000000000b/resourceGroups/acme-dataplane",
            "ACCOUNT": "acmemodels",
            "NAMESPACE": "acme-bus",
            "VAULT": "acme-vault",
            "QUEUE": "labels",
            "TABLE": "labels",
            "NAME": "labels",
        },
    },
}


def of_own_client(folder, cloud, platform):
    """The same of a resource of each kind that the cloud's own client uses, at each of its levels."""
    command = [os.environ["CLOUDGRANT"], "providers", "-o", "json"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120, check=True)
    (provider,) = [one for one in json.loads(done.stdout)["providers"] if one["name"] == cloud]
    by_platform = ("object-store", "secret", "registry", "other")
    kinds = [one for one in provider["task_access"] if one["kind"] not in by_platform]
    assert kinds
    resources, grants = {}, []
    for kind in kinds:
        (locator,) = kind["locators"]
        for word, name in CLOUDS[cloud]["named"].items():
            locator = locator.replace(word, name)
        resources[kind["kind"]] = locator
        for level in kind["levels"]:
            grants.append({"name": f"{kind['kind']}-{level}", "scope": "global", "access": {kind["kind"]: level}})
    return snippets_of(folder, cloud, platform, resources, grants)


def explained(folder, cloud, platform):
    """Every snippet of the resources above, as (resource, level, SDK, lines)."""
    grants = [{"name": f"models-{level}", "scope": "global", "access": {"models": level}} for level in LEVELS]
    grants.append({"name": "odd-name", "scope": "global", "access": {"9-of-them": "read-write"}})
    grants.append({"name": "token", "scope": "global", "access": {"labels-token": "read"}})
    return snippets_of(folder, cloud, platform, CLOUDS[cloud]["resources"], grants)


def snippets_of(folder, cloud, platform, resources, grants):
    """Every snippet that grants come to."""
    world = CLOUDS[cloud]
    content = {
        "version": 1,
        "stack": "acme-code",
        "provider": cloud,
        "platform": {"kind": platform, "organization": "acme", "projects": ["vision"], "domains": ["development"]},
        cloud: world["section"],
        "resources": {name: {cloud: locator} for name, locator in resources.items()},
        "grants": grants,
    }
    if platform == "flyte":
        del content["platform"]["organization"]
    (folder / "cloudgrant.json").write_text(json.dumps(content))
    command = [os.environ["CLOUDGRANT"], "explain", "--code", "--sandbox", "--file", "cloudgrant.json", "-o", "json"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return [
        (of["resource"], of["access"], snippet["sdk"], snippet["python"])
        for grant in json.loads(done.stdout)["grants"]
        for of in grant["code"]
        for snippet in of["snippets"]
    ]


def imported(folder, lines):
    """The module of these lines: its imports, decorators and assignments have run. flytekit reads the file, too."""
    name = f"task_code_{next(NUMBERS)}"
    path = folder / f"{name}.py"
    path.write_text(lines)
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return vars(module)


def tasks(names):
    """The deeds of which the module has tasks: flytekit and flyte have a class of their own for these."""
    found = [name for name, value in names.items() if type(value).__name__ in TASKS]
    return {name.split("_")[0] for name in found}


@pytest.mark.parametrize("platform", ["union", "flyte"])
@pytest.mark.parametrize("cloud", CLOUDS)
def test_every_snippet_is_a_module_in_which_no_name_is_undefined(tmp_path, cloud, platform):
    snippets = explained(tmp_path, cloud, platform)
    assert len(snippets) == 2 * (len(LEVELS) + 2)
    for resource, level, sdk, lines in snippets:
        told = f"{cloud}, {sdk}, {resource}: {level}\n{lines}"
        assert api.check(lines, "task_code.py", reporter.Reporter(sys.stdout, sys.stdout)) == 0, told
        assert ("flytekit" in sdk) == ("import task" in lines or ", task" in lines), told
        expected = {"use"} if resource == "labels-token" else DEEDS[level]
        assert tasks(imported(tmp_path, lines)) == expected, told


@pytest.mark.parametrize("platform", ["union", "flyte"])
@pytest.mark.parametrize("cloud", CLOUDS)
def test_what_the_clouds_own_client_does_is_a_task_of_its_package(tmp_path, cloud, platform):
    """Imported, so that what is named of the client's package is there."""
    for resource, level, sdk, lines in of_own_client(tmp_path, cloud, platform):
        told = f"{cloud}, {sdk}, {resource}: {level}\n{lines}"
        assert api.check(lines, "task_code.py", reporter.Reporter(sys.stdout, sys.stdout)) == 0, told
        assert tasks(imported(tmp_path, lines)) == {"use"}, told


@pytest.mark.parametrize("sdk", ["flytekit", "(flyte)"])
def test_objects_are_listed_read_written_and_deleted(tmp_path, sdk):
    """Run as it stands, but for its folder: one of this machine's."""
    found = [
        lines for _, level, of, lines in explained(tmp_path, "aws", "flyte") if level == "manage" and sdk in of
    ]
    (lines,) = found
    folder = tmp_path / "objects"
    folder.mkdir()
    names = imported(tmp_path, lines.replace("s3://acme-models/a/", f"{folder}/"))

    def call(task, *arguments):
        function = getattr(names[task], "task_function", None) or names[task].func
        result = function(*arguments)
        return asyncio.run(result) if inspect.isawaitable(result) else result

    call("write_models", "one.txt", "four")
    assert pathlib.Path(folder / "one.txt").read_text() == "four"
    assert call("read_models", "one.txt") == 4
    assert len(call("list_models")) == 1
    call("delete_models", "one.txt")
    assert not list(folder.iterdir())
