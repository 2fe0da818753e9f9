"""azure-mgmt-authorization against the sandbox: roles, Azure's own and others."""

import uuid

import pytest
from azure.core.exceptions import HttpResponseError, ResourceExistsError, ResourceNotFoundError
from azure.mgmt.authorization.models import Permission, RoleDefinition
from azure_support import ids
from azure_support.clients import code
from azure_support.dump import last

READ_BLOBS = "Microsoft.Storage/storageAccounts/blobServices/containers/blobs/read"


def role(name, scopes=(ids.SUBSCRIPTION_ID,), **permission):
    permission = permission or {"data_actions": [READ_BLOBS]}
    return {
        "role_name": name,
        "role_type": "CustomRole",
        "description": "for tests",
        "permissions": [permission],
        "assignable_scopes": list(scopes),
    }


def create(azure, content, name=None):
    content = content | {"permissions": [Permission(**one) for one in content["permissions"]]}
    return azure.definitions.create_or_update(azure.scope, name or str(uuid.uuid4()), RoleDefinition(**content))


def test_azures_own_are_there(azure):
    own = {one.role_name: one.name for one in azure.definitions.list(azure.scope, filter="type eq 'BuiltInRole'")}
    for name, guid in ids.ROLES.items():
        assert own[name] == guid, name
    (reader,) = azure.definitions.list(azure.scope, filter="roleName eq 'Storage Blob Data Reader'")
    assert reader.permissions[0].data_actions == [READ_BLOBS] and reader.role_type == "BuiltInRole"


def test_one_comes_changes_and_goes(azure):
    made = create(azure, role("Blob peepers"))
    assert (made.role_name, made.role_type) == ("Blob peepers", "CustomRole")
    assert made.permissions[0].data_actions == [READ_BLOBS] and made.assignable_scopes == [azure.scope]
    (listed,) = azure.definitions.list(azure.scope, filter="type eq 'CustomRole'")
    assert listed.as_dict() == azure.definitions.get(azure.scope, made.name).as_dict()
    changed = create(azure, role("Blob peepers", actions=["*/read"]), made.name)
    assert (changed.id, changed.permissions[0].actions) == (made.id, ["*/read"])
    assert azure.definitions.delete(azure.scope, made.name).name == made.name
    with pytest.raises(ResourceNotFoundError) as refusal:
        azure.definitions.get(azure.scope, made.name)
    assert code(refusal) == "RoleDefinitionDoesNotExist"
    assert azure.definitions.delete(azure.scope, made.name) is None


def test_names_are_unique(azure):
    create(azure, role("Blob peepers"))
    for taken in ("blob PEEPERS", "Reader"):
        with pytest.raises(ResourceExistsError) as refusal:
            create(azure, role(taken))
        assert code(refusal) == "RoleDefinitionWithSameNameExists"


def test_azures_own_stay_as_they_are(azure):
    for attempt in (
        lambda: create(azure, role("My reader"), ids.ROLES["Reader"]),
        lambda: azure.definitions.delete(azure.scope, ids.ROLES["Reader"]),
    ):
        with pytest.raises(HttpResponseError):
            attempt()
    assert azure.definitions.get(azure.scope, ids.ROLES["Reader"]).role_name == "Reader"


def test_what_is_in_use_stays(azure):
    worker = azure.identity(ids.GROUP, "worker")
    made = create(azure, role("Blob peepers"))
    given = azure.assign(ids.GROUP_ID, made.id, worker.principal_id)
    assert last(given.role_definition_id) == made.name
    with pytest.raises(HttpResponseError) as refusal:
        azure.definitions.delete(azure.scope, made.name)
    assert code(refusal) == "RoleDefinitionHasAssignments"
    azure.assignments.delete_by_id(given.id)
    azure.definitions.delete(azure.scope, made.name)


def test_a_role_is_for_where_it_says(azure):
    azure.groups.create_or_update("elsewhere", {"location": ids.LOCATION})
    worker = azure.identity(ids.GROUP, "worker")
    made = create(azure, role("Blob peepers", scopes=[f"{azure.scope}/resourceGroups/elsewhere"]))
    with pytest.raises(HttpResponseError):
        azure.assign(ids.GROUP_ID, made.id, worker.principal_id)
    azure.assign(f"{azure.scope}/resourceGroups/elsewhere", made.id, worker.principal_id)


@pytest.mark.parametrize(
    "change",
    [{"role_name": ""}, {"assignable_scopes": []}, {"permissions": []}, {"assignable_scopes": ["/subscriptions/*"]}],
    ids=["name", "scopes", "permissions", "wildcard"],
)
def test_what_can_t_be_is_refused(azure, change):
    with pytest.raises(HttpResponseError):
        create(azure, role("Blob peepers") | change)
    assert list(azure.definitions.list(azure.scope, filter="type eq 'CustomRole'")) == []
