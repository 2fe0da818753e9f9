"""A manifest whose tasks run on Azure Machine Learning, and the requests that cloudgrant sends for it."""

import copy
import json

from . import ids, manifest
from .machine_learning import WORKSPACE, endpoint, users

# What cloudgrant sends, and what Microsoft's last single specification is of.
SENT, SPECIFIED = "2026-05-01", "2024-04-01"

# What workspaces have since then. Source: Microsoft's Bicep types of both versions; the types of all else that is sent are the same.
SINCE = ("systemDatastoresAuthMode",)

OWN, OTHER = "own", "other"


def identity_id(name):
    """The resource id of a managed identity."""
    (one,) = users("UserAssigned", name)["userAssignedIdentities"]
    return one


def training():
    """Two clusters, an endpoint on one of them and one that isn't there, and what the workspace itself is to have."""
    own = identity_id(OWN)
    made = manifest.manifest(resources={"models": "https://acmemodels.blob.core.windows.net/models"})
    made["platform"] = {
        "kind": "azureml",
        "workspace": WORKSPACE,
        "computes": {"training": "train-cluster", "batch": "batch-cluster"},
        "endpoints": {"scoring": "on-compute", "managed": "managed"},
        "workspace_identity": {
            "user_assigned": [own],
            "primary": own,
            "system_datastores": "access-key",
            "roles": True,
        },
    }
    made["azure"] = {name: made["azure"][name] for name in ("tenant", "subscription", "resource_group")}
    made["azure"]["location"] = ids.LOCATION
    made["grants"] = [
        {"name": "all", "scope": "global", "access": {"models": "read"}},
        {"name": "train", "scope": {"workload": "training"}, "access": {"models": "write"}},
    ]
    return made


def prepared(caller):
    """What others have there: identities, one of them on the workspace, and an endpoint on a compute."""
    for name in (OWN, OTHER):
        path = identity_id(name)
        caller.done("PUT", path, {"location": ids.LOCATION, "tags": {}}, **{"api-version": "2023-01-31"})
    both = users("SystemAssigned,UserAssigned", OTHER)
    caller.done("PATCH", WORKSPACE, {"identity": both, "properties": {"primaryUserAssignedIdentity": identity_id(OTHER)}})
    on_compute = endpoint(users("UserAssigned", OTHER))
    # Microsoft's client reads none without properties of its own.
    on_compute["properties"] |= {"compute": f"{WORKSPACE}/computes/train-cluster", "properties": {}}
    caller.done("PUT", f"{WORKSPACE}/onlineEndpoints/on-compute", on_compute)


def of_machine_learning(exchanges):
    """The exchanges with Azure Machine Learning, but for roles on a workspace, and for what is polled, which no specification has."""
    kind = "/providers/microsoft.machinelearningservices/workspaces"
    return [one for one in exchanges if kind in (url := one["request"]["url"].lower()) and "authorization" not in url]


def as_specified(exchange):
    """The same exchange as one of the version that is specified: its version, and without what came later."""
    changed = copy.deepcopy(exchange)
    request, response = changed["request"], changed["response"]
    assert SENT in request["url"], request["url"]
    request["url"] = request["url"].replace(SENT, SPECIFIED)
    for side in (request, response):
        properties = (side.get("body") or {}).get("properties")
        for name in SINCE if isinstance(properties, dict) else ():
            properties.pop(name, None)
    return changed


def written(exchanges, method, tail):
    """The bodies that were sent to something of the workspace."""
    wanted = f"{WORKSPACE}{tail}".lower()
    sent = [one["request"] for one in of_machine_learning(exchanges) if one["request"]["method"] == method]
    bodies = [one["body"] for one in sent if one["url"].split("?")[0].lower().endswith(wanted)]
    return [json.loads(body) if isinstance(body, str) else body for body in bodies]
