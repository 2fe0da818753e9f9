"""What cloudgrant writes, Microsoft's clients read: held against what `explain` says and lists made by hand."""

import pytest
from azure_support import dump, ids, quickstart, scenario
from azure_support.dump import last
from azure_support.explained import Explained


@pytest.fixture(params=["flyte", "quickstart"])
def applied(request, data_plane):
    """A data plane with a manifest that was applied."""
    plane = data_plane(scenario.flyte() if request.param == "flyte" else quickstart.PATH)
    plane.cloudgrant.apply(plane.path, "--provider", "azure")
    return plane


def test_assignments_are_what_the_requirements_say(flyte):
    flyte.cloudgrant.apply(flyte.path)
    found = {
        (who, scenario.stands_for(what), where, narrowed)
        for who, what, where, narrowed in dump.named(flyte.azure)
    }
    assert found == scenario.ASSIGNMENTS
    assert {one.principal_type for one in dump.assignments(flyte.azure)} == {"ServicePrincipal"}
    assert {one.condition_version for one in dump.assignments(flyte.azure) if one.condition} == {"2.0"}


def test_identities_and_whom_they_trust_are_what_the_requirements_say(flyte):
    before = set(dump.identities(flyte.azure))
    # Whoever installed the platform has had its identity trust the cluster.
    trusted = dump.credentials(flyte.azure, ids.GROUP, ids.TASK_IDENTITY)
    flyte.cloudgrant.apply(flyte.path)
    identities = dump.identities(flyte.azure)
    assert set(identities) - before == {scenario.IDENTITY}
    made = identities[scenario.IDENTITY]
    assert (made.tags, made.location) == (scenario.TAGS, ids.LOCATION)
    assert dump.credentials(flyte.azure, ids.GROUP, scenario.IDENTITY) == {
        name: (ids.ISSUER, subject, (ids.AUDIENCE,)) for name, subject in scenario.SUBJECTS.items()
    }
    assert dump.credentials(flyte.azure, ids.GROUP, ids.TASK_IDENTITY) == trusted


def test_the_stacks_own_role_allows_what_was_asked_and_no_more(flyte):
    flyte.cloudgrant.apply(flyte.path)
    roles = {scenario.stands_for(role.role_name): role for role in dump.custom_roles(flyte.azure).values()}
    assert set(roles) == {scenario.EXPORTERS, scenario.FRAMERS}
    role = roles[scenario.EXPORTERS]
    (permission,) = role.permissions
    assert set(permission.data_actions) == scenario.EXPORTERS_MAY
    assert not permission.actions and role.assignable_scopes == [flyte.azure.scope]


def test_quickstart_is_what_the_requirements_say(data_plane):
    """On a platform of Union's, a domain is bound by its vendor: that part is handed off."""
    plane = data_plane(quickstart.PATH)
    said = plane.cloudgrant.apply(plane.path, "--provider", "azure").json
    assert dump.named(plane.azure) == quickstart.ASSIGNMENTS
    assert set(dump.identities(plane.azure)) == {quickstart.TASK_IDENTITY, quickstart.KUBELET}
    handoffs = [one for one in said["changes"] if one["action"] == "handoff"]
    assert [one["kind"] for one in handoffs] == ["platform-binding"]


def test_everything_is_as_explained(applied):
    azure, explained = applied.azure, Explained(applied.cloudgrant, applied.path)
    owners = {one.principal_id: one.id for one in dump.identities(azure).values()}
    found = {
        (owners[one.principal_id], last(one.role_definition_id), one.scope, one.condition)
        for one in dump.assignments(azure)
    }
    assert found == {
        (one["principal"], one["role_id"], one["scope"], one.get("condition"))
        for one in explained.of("role-assignment").values()
    }
    assert {one.name: sorted(one.permissions[0].data_actions) for one in dump.custom_roles(azure).values()} == {
        one["id"]: one["data_actions"] for one in explained.of("custom-role").values()
    }
    for name, one in explained.of("managed-identity").items():
        assert azure.identities.get(one["resource_group"], name).tags == one["tags"]
    for name, one in explained.of("federated-credential").items():
        there = azure.credentials.get(ids.GROUP, *name.split("/"))
        assert (there.issuer, there.subject, there.audiences) == (one["issuer"], one["subject"], [one["audience"]])


def test_a_second_run_changes_nothing(applied):
    before = dump.everything(applied.azure)
    summary = applied.cloudgrant.plan(applied.path, "--provider", "azure", "--exit-code").summary
    assert (summary["create"], summary["update"], summary["delete"]) == (0, 0, 0) and summary["unchanged"] > 0
    applied.cloudgrant.apply(applied.path, "--provider", "azure")
    assert dump.everything(applied.azure) == before


def test_a_plan_changes_nothing(flyte):
    before = dump.everything(flyte.azure)
    # An identity, two that it trusts, two roles, and seven assignments.
    assert flyte.cloudgrant.plan(flyte.path).summary["create"] == 12
    assert dump.everything(flyte.azure) == before


def test_revoking_takes_away_what_was_made_and_nothing_else(flyte):
    azure = flyte.azure
    worker = azure.identity(ids.GROUP, "worker")
    media = scenario.container("acmevision", "media")
    azure.assign(media, ids.role("Storage Blob Data Contributor"), worker.principal_id, description="somebody else's")
    azure.assign(media, ids.role("Reader"), azure.identities.get(ids.GROUP, ids.TASK_IDENTITY).principal_id)
    before = dump.everything(azure)
    flyte.cloudgrant.apply(flyte.path)
    assert dump.everything(azure) != before
    flyte.cloudgrant.revoke(flyte.path, "--all")
    assert dump.everything(azure) == before


def test_drift_is_what_a_client_did(flyte):
    flyte.cloudgrant.apply(flyte.path)
    azure = flyte.azure
    whole = dump.everything(azure)
    assert flyte.cloudgrant.drift(flyte.path, "--exit-code").code == 0
    azure.assignments.delete_by_id(dump.assignments(azure)[0].id)
    azure.credentials.delete(ids.GROUP, scenario.IDENTITY, next(iter(scenario.SUBJECTS)))
    azure.identities.update(ids.GROUP, scenario.IDENTITY, {"tags": scenario.TAGS | {"cloudgrant:scope": "global"}})
    said = flyte.cloudgrant.drift(flyte.path, "--exit-code", expect=3)
    assert sorted(kind for _, kind, _ in said.changes() if kind != "platform-binding") == [
        "federated-credential",
        "managed-identity",
        "role-assignment",
    ]
    flyte.cloudgrant.apply(flyte.path)
    assert dump.everything(azure) == whole
