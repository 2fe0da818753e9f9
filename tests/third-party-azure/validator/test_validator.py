"""Every request that cloudgrant sends and every answer that it gets, held against Microsoft's own specifications.

These are of role assignments and definitions (2022-04-01), managed identities (2023-01-31) and storage (2021-08-01).
"""

import copy

import pytest
from azure.core.exceptions import HttpResponseError
from azure_support import ids, manifest, quickstart, scenario

# Which kinds of resources are asked about, although these specifications don't have them. Nothing else may be.
NOT_COVERED = {
    "microsoft.authorization/denyassignments",
    "microsoft.authorization/permissions",
    "microsoft.containerregistry/registries",
    "microsoft.containerservice/managedclusters",
    "microsoft.keyvault/vaults",
    "microsoft.keyvault/vaults/secrets",
    "microsoft.servicebus/namespaces",
    # Which there are: where a revoke looks.
    "subscriptions",
}

READS = {"RoleAssignments_ListForSubscription", "UserAssignedIdentities_ListBySubscription"}
CHANGES = {"RoleAssignments_Create", "RoleAssignments_Delete"}
ROLES = {"RoleDefinitions_CreateOrUpdate", "RoleDefinitions_Delete", "RoleDefinitions_List"}
IDENTITIES = {
    "FederatedIdentityCredentials_CreateOrUpdate",
    "FederatedIdentityCredentials_List",
    "UserAssignedIdentities_CreateOrUpdate",
    "UserAssignedIdentities_Delete",
}


def lifetime(plane, revoked=0):
    """All that is done to a data plane, from the first plan to the end."""
    plane.sandbox.record()
    selected = ("--provider", "azure")
    plane.cloudgrant.plan(plane.path, *selected)
    plane.cloudgrant.apply(plane.path, *selected)
    plane.cloudgrant.plan(plane.path, *selected)
    plane.cloudgrant.drift(plane.path, *selected)
    plane.cloudgrant.revoke(plane.path, "--all", *selected, expect=revoked)
    return plane.sandbox.recorded()


@pytest.fixture
def check(traffic):
    """Says which operations exchanges are, if there is no problem with any of them."""

    def check(exchanges):
        assert exchanges
        problems, operations, others = traffic.check(exchanges)
        # Azure Resource Manager throttles in front of every provider, whose specifications needn't say so. Source: "Understand
        # how Azure Resource Manager throttles requests".
        problems = [problem for problem in problems if "does not define '429' response" not in problem]
        assert not problems, "\n".join(problems)
        kinds = {name.split(" ")[1] for name in others}
        assert kinds <= NOT_COVERED, kinds - NOT_COVERED
        return operations

    return check


def test_flyte(check, flyte):
    operations = check(lifetime(flyte))
    assert READS | CHANGES | ROLES | IDENTITIES | {"StorageAccounts_List"} <= set(operations), operations
    assert operations["RoleAssignments_Create"] == len(scenario.ASSIGNMENTS)
    # They go with their identity.
    assert not operations["FederatedIdentityCredentials_Delete"], operations


def test_quickstart(check, data_plane):
    # What the platform's vendor was asked for may stay: that isn't a success, although all else goes.
    operations = check(lifetime(data_plane(quickstart.PATH), revoked=1))
    assert READS | CHANGES <= set(operations), operations
    assert operations["RoleAssignments_Create"] == len(quickstart.ASSIGNMENTS)


def test_registries_with_repository_permissions(check, data_plane):
    """They take other roles, with a condition for the repository."""
    plane = data_plane(
        manifest.manifest(
            resources={"trainer": "acmeabac.azurecr.io/team/trainer"},
            grants=[manifest.grant("trainer", scenario.DOMAIN, trainer="push")],
            registries={"images": "acmeabac.azurecr.io/team/base"},
        )
    )
    mode = {"roleAssignmentMode": "AbacRepositoryPermissions"}
    plane.sandbox.put(id=f"{scenario.REGISTRIES}/acmeabac", properties=mode)
    exchanges = lifetime(plane)
    assert READS | CHANGES | IDENTITIES <= set(check(exchanges))
    written = [one["request"]["body"]["properties"] for one in exchanges if is_assignment(one)]
    assert len(written) == 2 and all("team/" in one["condition"] for one in written), written


def test_many_projects_and_pages(check, data_plane):
    """More projects than an identity may trust, and lists that take several requests."""
    projects = [f"project{at}" for at in range(23)]
    data = "https://acmetraining.blob.core.windows.net/inputs/a/"
    plane = data_plane(
        manifest.manifest(
            resources={"training-data": data},
            grants=[manifest.grant("training-data", scenario.DOMAIN, training_data="manage")],
            projects=projects,
        )
    )
    plane.sandbox.knobs("quota.PageSize=3")
    exchanges = lifetime(plane)
    operations = check(exchanges)
    assert operations["FederatedIdentityCredentials_CreateOrUpdate"] == 23
    assert operations["UserAssignedIdentities_CreateOrUpdate"] == 2
    assert any("skiptoken=" in one["request"]["url"].lower() for one in exchanges)


def test_a_project_that_leaves(check, data_plane):
    """Its identity stays, for the others, and no longer trusts it."""

    def content(*projects):
        return manifest.manifest(
            resources={"training-data": "https://acmetraining.blob.core.windows.net/inputs/a/"},
            grants=[manifest.grant("training-data", scenario.DOMAIN, training_data="read")],
            projects=projects,
        )

    plane = data_plane(content("stays", "leaves"))
    plane.cloudgrant.apply(plane.path)
    plane.sandbox.record()
    plane.cloudgrant.apply(manifest.write(plane.path.parent, content("stays"), "fewer.yaml"))
    operations = check(plane.sandbox.recorded())
    assert operations["FederatedIdentityCredentials_Delete"] == 1, operations
    assert not operations["UserAssignedIdentities_Delete"], operations


def test_what_is_mended(check, flyte):
    """A changed condition, other tags, somebody else's audience: each is put right by another request."""
    flyte.cloudgrant.apply(flyte.path)
    azure = flyte.azure
    azure.identities.update(ids.GROUP, scenario.IDENTITY, {"tags": scenario.TAGS | {"cloudgrant:scope": "global"}})
    name, subject = next(iter(scenario.SUBJECTS.items()))
    azure.trust(ids.GROUP, scenario.IDENTITY, name, ids.ISSUER, subject, "sts.amazonaws.com")
    (narrowed,) = [one for one in azure.assignments.list_for_subscription() if one.condition]
    flyte.sandbox.put(id=narrowed.id, properties={"condition": narrowed.condition.replace("frames", "sounds")})
    flyte.sandbox.record()
    said = flyte.cloudgrant.apply(flyte.path)
    assert said.summary["update"] == 3, said
    operations = check(flyte.sandbox.recorded())
    assert operations["RoleAssignments_Create"] == operations["FederatedIdentityCredentials_CreateOrUpdate"] == 1


@pytest.mark.parametrize(
    ("knobs", "status", "outcome"),
    [
        ("deny=Microsoft.ManagedIdentity/userAssignedIdentities:read", "403", 1),
        ("throttle=0.15,seed=7", "429", 0),
        ("errors=0.15,seed=7", "500", 0),
    ],
    ids=["denied", "throttled", "errors"],
)
def test_refusals(check, flyte, knobs, status, outcome):
    flyte.sandbox.record()
    flyte.sandbox.knobs(knobs)
    flyte.cloudgrant.apply(flyte.path, expect=outcome)
    exchanges = flyte.sandbox.recorded()
    check(exchanges)
    assert status in {one["response"]["statusCode"] for one in exchanges}


def test_errors_as_a_client_sees_them(check, flyte):
    """What the sandbox refuses, it refuses in the form that the specifications give to errors."""
    azure = flyte.azure
    flyte.cloudgrant.apply(flyte.path)
    there = next(one for one in azure.assignments.list_for_subscription() if one.condition)
    flyte.sandbox.record()
    for attempt in (
        lambda: azure.assign(there.scope, there.role_definition_id, there.principal_id),
        lambda: azure.assign(there.scope, ids.role("Reader"), there.principal_id, there.name),
        lambda: azure.assign(there.scope, ids.role("Reader"), ids.TENANT),
        lambda: azure.assignments.get(there.scope, ids.TENANT),
        lambda: azure.definitions.get(azure.scope, ids.TENANT),
    ):
        with pytest.raises(HttpResponseError):
            attempt()
    exchanges = flyte.sandbox.recorded()
    assert sum(check(exchanges).values()) == 5
    assert {one["response"]["statusCode"] for one in exchanges} == {"400", "404", "409"}


def is_assignment(exchange):
    """Whether a role assignment is made."""
    request = exchange["request"]
    return request["method"] == "PUT" and "roleassignments" in request["url"].lower()


BREAKS = {
    "request without the principal": lambda one: one["request"]["body"]["properties"].pop("principalId"),
    "request with another type": lambda one: one["request"]["body"]["properties"].update(roleDefinitionId=7),
    "request in another version": lambda one: one["request"].update(url=one["request"]["url"].replace("2022", "2012")),
    "request with an odd text": lambda one: one["request"]["body"]["properties"].update(description=["x"]),
    "answer without a role": lambda one: one["response"]["body"]["properties"].pop("roleDefinitionId"),
    "answer with another type": lambda one: one["response"]["body"].update(properties="none"),
    "answer with something unknown": lambda one: one["response"]["body"]["properties"].update(secret="x"),
    "answer that is no object": lambda one: one["response"].update(body=[1]),
}


@pytest.mark.parametrize("name", BREAKS)
def test_the_check_can_fail(traffic, flyte, name):
    """The same exchange passes, and doesn't once something about it is wrong."""
    flyte.sandbox.record()
    flyte.cloudgrant.apply(flyte.path)
    exchange = next(one for one in flyte.sandbox.recorded() if is_assignment(one))
    good = traffic.validator.ask(exchange)
    assert good["covered"] and not good["problems"], good
    broken = copy.deepcopy(exchange)
    BREAKS[name](broken)
    verdict = traffic.validator.ask(broken)
    assert verdict["problems"] or not verdict["covered"], verdict
