"""azure-mgmt-containerregistry against the sandbox: registries, their admin users and their repository permissions."""

import pytest
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError
from azure_support import ids


def create(azure, name, group=ids.GROUP, sku="Premium", **properties):
    content = {"location": ids.LOCATION, "sku": {"name": sku}, "properties": properties}
    return azure.registries.begin_create(group, name, content, polling_interval=0).result()


def test_one_comes_changes_and_goes(azure):
    made = create(azure, "acmeimages")
    assert made.id == f"{ids.GROUP_ID}/providers/Microsoft.ContainerRegistry/registries/acmeimages"
    assert made.login_server == "acmeimages.azurecr.io" and made.sku.name == "Premium"
    assert made.admin_user_enabled is False and made.provisioning_state == "Succeeded"
    assert azure.registries.get(ids.GROUP, "acmeimages").as_dict() == made.as_dict()
    change = {"properties": {"adminUserEnabled": True}}
    azure.registries.begin_update(ids.GROUP, "acmeimages", change, polling_interval=0).result()
    assert azure.registries.get(ids.GROUP, "acmeimages").admin_user_enabled is True
    azure.registries.begin_delete(ids.GROUP, "acmeimages", polling_interval=0).result()
    with pytest.raises(ResourceNotFoundError):
        azure.registries.get(ids.GROUP, "acmeimages")


def test_repository_permissions_are_shown(azure):
    create(azure, "acmeplain")
    create(azure, "acmeabac", roleAssignmentMode="AbacRepositoryPermissions")
    modes = {one.name: one.role_assignment_mode for one in azure.registries.list()}
    assert modes == {"acmeabac": "AbacRepositoryPermissions", "acmeplain": "LegacyRegistryPermissions"}


def test_lists_come_in_pages(azure, home):
    azure.groups.create_or_update("elsewhere", {"location": ids.LOCATION})
    for at in range(3):
        create(azure, f"acmeimages{at}")
    create(azure, "acmeelsewhere", "elsewhere")
    for size in (1, 2, 100):
        home.knobs(f"quota.PageSize={size}")
        assert sorted(one.name for one in azure.registries.list()) == [
            "acmeelsewhere",
            *(f"acmeimages{n}" for n in "012"),
        ]
        assert [one.name for one in azure.registries.list_by_resource_group("elsewhere")] == ["acmeelsewhere"]


def test_a_name_is_taken_everywhere(azure):
    azure.groups.create_or_update("elsewhere", {"location": ids.LOCATION})
    create(azure, "acmeimages")
    with pytest.raises(HttpResponseError) as refusal:
        create(azure, "acmeimages", "elsewhere")
    assert refusal.value.status_code == 409, refusal.value


@pytest.mark.parametrize("name", ["acme", "acme-images", "a" * 51])
def test_odd_names_are_refused(azure, name):
    with pytest.raises((HttpResponseError, ValueError)):
        create(azure, name)
    assert list(azure.registries.list()) == []
