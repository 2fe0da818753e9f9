"""Bodies of requests, against Microsoft's newest schema: what clients send, and what was read and is written back."""

import pytest
from azure_support import ids
from azure_support.machine_learning import WORKSPACE, cluster, endpoint, inside, store, users, workspace

BODIES = {
    "workspaces": ("", workspace(users("SystemAssigned,UserAssigned", ids.TASK_IDENTITY))),
    "workspaces_computes": ("computes/cpu", cluster(users("UserAssigned", ids.TASK_IDENTITY))),
    "workspaces_datastores": ("datastores/inputs", store({"credentialsType": "None"})),
    "workspaces_onlineEndpoints": ("onlineEndpoints/scoring", endpoint({"type": "SystemAssigned"})),
}

# What is read and not written: flag 2 of Microsoft's own types of the same version.
READ_ONLY = {"clientId", "isDefault", "principalId", "provisioningState", "tenantId"}
OF_RESOURCES = {"id", "name", "systemData", "type"}


def writable(shown):
    """What was read, without what only the service says."""
    if isinstance(shown, dict):
        return {name: writable(value) for name, value in shown.items() if name not in READ_ONLY and value is not None}
    return [writable(one) for one in shown] if isinstance(shown, list) else shown


def body_of(resource):
    """The same of a whole resource."""
    return writable({name: value for name, value in resource.items() if name not in OF_RESOURCES})


@pytest.mark.parametrize("kind", BODIES)
def test_what_is_written_and_read_fits(caller, template, kind):
    tail, body = BODIES[kind]
    if tail:
        caller.done("PUT", WORKSPACE, workspace())
    path = inside(tail) if tail else WORKSPACE
    name = path.rsplit("/", 1)[1]
    assert template(kind, name, body) == []
    caller.done("PUT", path, body)
    shown = caller.done("GET", path).json()
    assert template(kind, name, body_of(shown)) == []


@pytest.mark.parametrize("kind", BODIES)
def test_the_check_can_fail(template, kind):
    tail, body = BODIES[kind]
    name = tail.rsplit("/", 1)[-1] or "acme-ml"
    assert template(kind, name, body | {"properties": "none"}) != []
