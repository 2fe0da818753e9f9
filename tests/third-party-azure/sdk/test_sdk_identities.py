"""azure-mgmt-msi against the sandbox: managed identities."""

import pytest
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError
from azure_support import ids
from azure_support.clients import code


def test_one_comes_changes_and_goes(azure):
    made = azure.identity(ids.GROUP, "worker", team="ml")
    assert made.id == f"{ids.GROUP_ID}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/worker"
    assert (made.name, made.location, made.tags, made.tenant_id) == ("worker", ids.LOCATION, {"team": "ml"}, ids.TENANT)
    assert made.principal_id and made.client_id and made.principal_id != made.client_id
    assert azure.identities.get(ids.GROUP, "worker").as_dict() == made.as_dict()
    # A PATCH with tags replaces all of them, and a PUT keeps who it is.
    changed = azure.identities.update(ids.GROUP, "worker", {"tags": {"cost": "7"}})
    assert (changed.tags, changed.principal_id) == ({"cost": "7"}, made.principal_id)
    again = azure.identity(ids.GROUP, "worker", team="ops")
    assert (again.tags, again.principal_id) == ({"team": "ops"}, made.principal_id)
    azure.identities.delete(ids.GROUP, "worker")
    with pytest.raises(ResourceNotFoundError) as refusal:
        azure.identities.get(ids.GROUP, "worker")
    assert code(refusal) == "ResourceNotFound"
    azure.identities.delete(ids.GROUP, "worker")


def test_case_doesn_t_count(azure):
    made = azure.identity(ids.GROUP, "worker")
    assert azure.identities.get(ids.GROUP.upper(), "WORKER").principal_id == made.principal_id


@pytest.mark.parametrize(
    ("group", "name", "location", "expected"),
    [
        ("no-such-group", "worker", ids.LOCATION, "ResourceGroupNotFound"),
        (ids.GROUP, "wo", ids.LOCATION, None),
        (ids.GROUP, "w" * 129, ids.LOCATION, None),
        (ids.GROUP, "worker.one", ids.LOCATION, None),
        (ids.GROUP, "worker", "", "LocationRequired"),
        (ids.GROUP, ids.TASK_IDENTITY, "northeurope", "InvalidResourceLocation"),
    ],
    ids=["group", "short", "long", "dot", "no location", "another location"],
)
def test_what_can_t_be_is_a_typed_error(azure, group, name, location, expected):
    with pytest.raises(HttpResponseError) as refusal:
        azure.identities.create_or_update(group, name, {"location": location})
    assert refusal.value.status_code in (400, 404, 409) and expected in (None, code(refusal)), refusal.value
    assert {one.name for one in azure.identities.list_by_subscription()} == {ids.TASK_IDENTITY, ids.KUBELET}


def test_lists_come_in_pages(azure, home):
    azure.groups.create_or_update("elsewhere", {"location": ids.LOCATION})
    here = {azure.identity(ids.GROUP, f"worker-{at}").id for at in range(4)}
    there = {azure.identity("elsewhere", f"worker-{at}").id for at in range(3)}
    for size in (1, 3, 100):
        home.knobs(f"quota.PageSize={size}")
        by_group = [one.id for one in azure.identities.list_by_resource_group("elsewhere")]
        assert len(by_group) == 3 and set(by_group) == there, size
        pages = [[one.id for one in page] for page in azure.identities.list_by_subscription().by_page()]
        everywhere = [one for page in pages for one in page]
        assert len(everywhere) == 9 and here | there < set(everywhere), size
        assert max(map(len, pages)) == min(size, 9), size


def test_a_group_that_is_empty_goes(azure):
    azure.groups.create_or_update("elsewhere", {"location": ids.LOCATION})
    azure.identity("elsewhere", "worker")
    azure.identities.delete("elsewhere", "worker")
    azure.groups.begin_delete("elsewhere", polling_interval=0).result()
    with pytest.raises(ResourceNotFoundError):
        azure.groups.get("elsewhere")
