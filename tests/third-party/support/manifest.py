"""Small manifests for tests. They are written as JSON, which is YAML as well."""

import json

from . import world
from .accounts import DATA_PLANE, REGISTRY, REGISTRY_ADMIN

STACK = "acme-ml"


def manifest(*, resources=None, grants=(), registries=(), projects=("forecasting", "vision"), **aws):
    """A manifest for the world of these tests. `aws` adds to that section, or replaces in it."""
    return {
        "version": 1,
        "stack": STACK,
        "provider": "aws",
        "platform": {
            "kind": "union",
            "organization": world.ORGANIZATION,
            "projects": list(projects),
            "domains": ["development", "staging", "production"],
        },
        "aws": {
            "region": "us-west-2",
            "account": DATA_PLANE,
            "cluster": {"oidc_provider": world.OIDC},
            "accounts": {REGISTRY: {"assume_role": REGISTRY_ADMIN}},
        }
        | aws,
        "resources": {name: {"aws": locator} for name, locator in (resources or {}).items()},
        "grants": list(grants),
        "registries": list(registries),
    }


def grant(name, scope="global", **access):
    """A grant; underscores in names of resources and levels stand for dashes."""
    levels = {resource.replace("_", "-"): level for resource, level in access.items()}
    return {"name": name, "scope": scope, "access": levels}


def write(folder, content, name="cloudgrant.yaml"):
    """Writes a manifest and answers with its path."""
    path = folder / name
    path.write_text(json.dumps(content, indent=2), encoding="utf-8")
    return path
