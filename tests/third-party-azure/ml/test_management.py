"""Microsoft's management client: all is created, read, updated, waited for and deleted, and compared field by field."""

import pytest
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError
from azure_support import ids
from azure_support.machine_learning import NAME, cluster, endpoint, store, users, workspace

HERE = (ids.GROUP, NAME)


@pytest.fixture(params=[0, 1], ids=["at once", "after a second"])
def made(request, caller, management):
    """A workspace, of which the service takes its time or not."""
    caller.sandbox.knobs(f"quota.OperationSeconds={request.param}")
    return management.workspaces.begin_create_or_update(*HERE, workspace()).result()


def same(shown, sent):
    """Whether all that was sent is shown, as it was sent."""
    if isinstance(sent, dict):
        return all(name in shown and same(shown[name], value) for name, value in sent.items())
    return shown == sent


def test_a_workspace(management, made):
    assert same(made.as_dict(), workspace()) and made.properties.provisioning_state == "Succeeded"
    assert made.identity.principal_id and made.identity.tenant_id == ids.TENANT
    assert management.workspaces.get(*HERE).as_dict() == made.as_dict()
    wanted = users("SystemAssigned,UserAssigned", ids.TASK_IDENTITY)
    (primary,) = wanted["userAssignedIdentities"]
    change = {"identity": wanted, "properties": {"primaryUserAssignedIdentity": primary}}
    changed = management.workspaces.begin_update(*HERE, change).result()
    assert changed.properties.primary_user_assigned_identity == primary
    assert changed.identity.user_assigned_identities[primary].client_id
    assert changed.identity.principal_id == made.identity.principal_id
    # A write of what was read changes nothing.
    management.workspaces.begin_create_or_update(*HERE, changed).result()
    again = management.workspaces.get(*HERE).as_dict()
    again.pop("systemData"), (before := changed.as_dict()).pop("systemData")
    assert again == before
    assert [one.name for one in management.workspaces.list_by_resource_group(ids.GROUP)] == [NAME]
    assert [one.name for one in management.workspaces.list_by_subscription()] == [NAME]
    management.workspaces.begin_delete(*HERE).result()
    with pytest.raises(ResourceNotFoundError):
        management.workspaces.get(*HERE)


def test_computes(management, made):
    computes = management.compute
    sent = cluster({"type": "SystemAssigned"})
    cpu = computes.begin_create_or_update(*HERE, "cpu", sent).result()
    assert same(cpu.as_dict(), sent) and cpu.properties.provisioning_state == "Succeeded"
    assert cpu.identity.principal_id and cpu.properties.properties.current_node_count == 0
    sent = cluster(users("UserAssigned", ids.TASK_IDENTITY, ids.KUBELET))
    computes.begin_create_or_update(*HERE, "cpu", sent).result()
    cpu = computes.get(*HERE, "cpu")
    assert same(sorted(cpu.identity.user_assigned_identities), sorted(sent["identity"]["userAssignedIdentities"]))
    assert cpu.identity.principal_id is None
    scale = {"scaleSettings": {"minNodeCount": 1, "maxNodeCount": 9, "nodeIdleTimeBeforeScaleDown": "PT10M"}}
    computes.begin_update(*HERE, "cpu", {"properties": {"properties": scale}}).result()
    assert same(computes.get(*HERE, "cpu").as_dict()["properties"]["properties"], scale)
    before = computes.get(*HERE, "cpu")
    computes.begin_create_or_update(*HERE, "cpu", before).result()
    after = computes.get(*HERE, "cpu")
    for one in (before, after):
        one.pop("systemData"), one.properties.pop("modifiedOn")
    assert after.as_dict() == before.as_dict()
    assert [one.name for one in computes.list(*HERE)] == ["cpu"]
    computes.begin_delete(*HERE, "cpu", underlying_resource_action="Delete").result()
    with pytest.raises(ResourceNotFoundError):
        computes.get(*HERE, "cpu")


def test_a_failure_at_the_end(caller, management, made):
    failure = {"code": "ClusterCoreQuotaReached", "message": "The quota of cores is reached."}
    caller.sandbox.put(id=f"{made.id}/computes/cpu", fails=failure)
    poller = management.compute.begin_create_or_update(*HERE, "cpu", cluster({"type": "SystemAssigned"}))
    with pytest.raises(HttpResponseError) as refusal:
        poller.result()
    assert failure["message"] in str(refusal.value)
    assert management.compute.get(*HERE, "cpu").properties.provisioning_state == "Failed"


def test_datastores(management, made):
    stores = management.datastores
    keys = {"credentialsType": "AccountKey", "secrets": {"secretsType": "AccountKey", "key": "a-key"}}
    shown = stores.create_or_update(*HERE, "inputs", store(keys))
    assert same(shown.as_dict()["properties"], store({"credentialsType": "AccountKey"})["properties"])
    assert "a-key" not in str(shown.as_dict()) and "a-key" not in str(stores.get(*HERE, "inputs").as_dict())
    assert stores.list_secrets(*HERE, "inputs").as_dict() == {"secretsType": "AccountKey", "key": "a-key"}
    stores.create_or_update(*HERE, "inputs", store({"credentialsType": "None"}))
    with pytest.raises(HttpResponseError):
        stores.list_secrets(*HERE, "inputs")
    own = {"workspaceartifactstore", "workspaceblobstore", "workspacefilestore"}
    assert {one.name for one in stores.list(*HERE)} == own | {"inputs"}
    assert [one.name for one in stores.list(*HERE, is_default=True)] == ["workspaceblobstore"]
    assert {one.name for one in stores.list(*HERE, count=1)} == own | {"inputs"}
    stores.delete(*HERE, "inputs")
    with pytest.raises(ResourceNotFoundError):
        stores.get(*HERE, "inputs")


def test_online_endpoints(management, made):
    endpoints = management.online_endpoints
    sent = endpoint({"type": "SystemAssigned"})
    shown = endpoints.begin_create_or_update(*HERE, "scoring", sent).result()
    assert same(shown.as_dict(), sent) and shown.properties.provisioning_state == "Succeeded"
    endpoints.begin_update(*HERE, "scoring", {"tags": {"team": "vision"}}).result()
    assert endpoints.get(*HERE, "scoring").tags == {"team": "vision"}
    with pytest.raises(HttpResponseError):
        endpoints.begin_update(*HERE, "scoring", {"identity": users("UserAssigned", ids.TASK_IDENTITY)}).result()
    assert [one.name for one in endpoints.list(*HERE)] == ["scoring"]
    endpoints.begin_delete(*HERE, "scoring").result()
    with pytest.raises(ResourceNotFoundError):
        endpoints.get(*HERE, "scoring")
