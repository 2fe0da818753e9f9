"""`azure-ai-ml` as people use it: what it writes the sandbox takes, and what it reads back is what was written."""

import pytest
from azure.ai.ml.entities import (
    AccountKeyConfiguration,
    AmlCompute,
    AzureBlobDatastore,
    IdentityConfiguration,
    ManagedIdentityConfiguration,
    ManagedOnlineEndpoint,
)
from azure.core.exceptions import ResourceNotFoundError
from azure_support import ids
from azure_support.machine_learning import NAME, WORKSPACE, users, workspace


@pytest.fixture
def there(caller, client):
    """The client of a workspace. It makes workspaces by deployments, which the sandbox has not."""
    caller.done("PUT", WORKSPACE, workspace())
    return client


def test_a_workspace(there):
    found = there.workspaces.get(NAME)
    assert (found.display_name, found.tags) == ("Vision", {"team": "vision"})
    assert found.storage_account == workspace()["properties"]["storageAccount"]
    assert found.identity.type == "system_assigned" and found.identity.principal_id
    found.description = "of vision"
    there.workspaces.begin_update(found).result()
    assert there.workspaces.get(NAME).description == "of vision"
    assert [one.name for one in there.workspaces.list()] == [NAME]


def test_a_cluster_with_an_identity(there):
    (identity,) = users("UserAssigned", ids.TASK_IDENTITY)["userAssignedIdentities"]
    assigned = IdentityConfiguration(
        type="user_assigned", user_assigned_identities=[ManagedIdentityConfiguration(resource_id=identity)]
    )
    wanted = AmlCompute(name="cpu", size="STANDARD_DS3_V2", min_instances=0, max_instances=4, identity=assigned)
    there.compute.begin_create_or_update(wanted).result()
    found = there.compute.get("cpu")
    assert (found.size.upper(), found.max_instances, found.location) == ("STANDARD_DS3_V2", 4, ids.LOCATION)
    (one,) = found.identity.user_assigned_identities
    assert one.resource_id.lower() == identity.lower()
    found.max_instances = 2
    there.compute.begin_update(found).result()
    found = there.compute.get("cpu")
    assert found.max_instances == 2 and found.identity.user_assigned_identities
    assert [one.name for one in there.compute.list()] == ["cpu"]
    there.compute.begin_delete("cpu").result()
    with pytest.raises(ResourceNotFoundError):
        there.compute.get("cpu")


def test_datastores(there):
    place = {"account_name": "acmeml", "container_name": "inputs"}
    there.datastores.create_or_update(AzureBlobDatastore(name="plain", **place))
    assert there.datastores.get("plain").container_name == "inputs"
    keys = AccountKeyConfiguration(account_key="a-key")
    there.datastores.create_or_update(AzureBlobDatastore(name="with_key", credentials=keys, **place))
    assert there.datastores.get("with_key", include_secrets=True).credentials.account_key == "a-key"
    assert not there.datastores.get("with_key").credentials.account_key
    assert there.datastores.get_default().name == "workspaceblobstore"
    there.datastores.delete("with_key")
    assert "with_key" not in {one.name for one in there.datastores.list()}


def test_an_online_endpoint(there):
    there.online_endpoints.begin_create_or_update(ManagedOnlineEndpoint(name="scoring", auth_mode="key")).result()
    found = there.online_endpoints.get("scoring")
    assert found.provisioning_state == "Succeeded" and found.identity.type.lower().replace("_", "") == "systemassigned"
    there.online_endpoints.begin_delete("scoring").result()
    assert [one.name for one in there.online_endpoints.list()] == []
