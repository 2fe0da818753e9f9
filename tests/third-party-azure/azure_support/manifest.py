"""Small manifests for tests. They are written as JSON, which is YAML as well."""

import json

from . import ids

STACK = "acme-ml"
PROJECTS = ("forecasting", "vision")
DOMAINS = ("development", "staging", "production")


def manifest(*, resources=None, grants=(), registries=None, kind="flyte", projects=PROJECTS, **azure):
    """A manifest for the data plane of these tests. `azure` adds to that section, or replaces in it."""
    return {
        "version": 1,
        "stack": STACK,
        "provider": "azure",
        "platform": {"kind": kind, "organization": "acme", "projects": list(projects), "domains": list(DOMAINS)},
        "azure": {
            "tenant": ids.TENANT,
            "subscription": ids.SUBSCRIPTION,
            "resource_group": ids.GROUP,
            "cluster": {"oidc_issuer": ids.ISSUER},
            "task_identity": ids.TASK_IDENTITY,
        }
        | azure,
        "resources": {name: {"azure": locator} for name, locator in (resources or {}).items()},
        "grants": list(grants),
        "registries": [
            {"name": name, "access": "pull", "azure": locator} for name, locator in (registries or {}).items()
        ],
    }


def grant(name, scope="global", precise=False, **access):
    """A grant; underscores in names of resources and levels stand for dashes."""
    levels = {resource.replace("_", "-"): level.replace("_", "-") for resource, level in access.items()}
    return {"name": name, "scope": scope, "access": levels} | ({"precise": True} if precise else {})


def write(folder, content, name="cloudgrant.yaml"):
    """Writes a manifest and answers with its path."""
    path = folder / name
    path.write_text(json.dumps(content, indent=2), encoding="utf-8")
    return path
