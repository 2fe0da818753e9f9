"""The repository's examples, unchanged: what they come to in AWS."""

import pytest
from support import dump, examples, scenario, world
from support.permissions import permissions


@pytest.mark.parametrize("name", examples.ALL)
def test_an_example_does_what_it_says_and_can_be_taken_back(cloud, cloudgrant, name):
    iam, expected, path = cloud.data_plane.iam, examples.ALL[name], examples.path_of(name)
    before = dump.account(cloud.data_plane), dump.account(cloud.registry)
    cloudgrant.apply(path)

    policies = dump.policies(iam, expected.path)
    assert set(policies) == set(expected.policies)
    for arn, document in expected.policies.items():
        assert permissions(policies[arn]["document"]) == permissions(document), arn
    roles = dump.roles(iam, expected.path)
    assert set(roles) == set(expected.roles)
    for arn, role in expected.roles.items():
        assert permissions(roles[arn]["trust"]) == permissions(role["trust"]), arn
        assert set(roles[arn]["attached"]) == role["attached"], arn
    assert expected.global_policy in dump.attached(iam, world.TASK_ROLE)

    summary = cloudgrant.plan(path, "--exit-code").summary
    assert (summary["create"], summary["update"], summary["delete"]) == (0, 0, 0)
    cloudgrant.revoke(path, "--all")
    assert (dump.account(cloud.data_plane), dump.account(cloud.registry)) == before


def test_two_stacks_on_one_data_plane_leave_each_other_alone(cloud, cloudgrant):
    first, second = examples.path_of("quickstart"), examples.path_of("project-domain")
    cloudgrant.apply(first)
    alone = dump.account(cloud.data_plane)
    cloudgrant.apply(second)
    cloudgrant.plan(first, "--exit-code")
    cloudgrant.plan(second, "--exit-code")
    cloudgrant.revoke(second, "--all")
    assert dump.account(cloud.data_plane) == alone


def test_the_quickstart_s_registries(cloud, cloudgrant):
    """One in the own account, for which nothing is done, and one in another."""
    cloudgrant.apply(examples.path_of("quickstart"))
    policy = dump.repositories(cloud.registry.ecr)[world.REPOSITORY]
    (ours,) = (statement for statement in policy["Statement"] if statement["Sid"] != "BuildersPush")
    assert ours["Action"] == scenario.PULL_ACTIONS and ours["Principal"] == {"AWS": [world.NODE_ROLE_ARN]}
    assert dump.repositories(cloud.data_plane.ecr) == {}


def test_the_profiles_example_means_two_accounts(cloud, cloudgrant):
    """Each profile is for one account, and refuses the credentials of the other."""
    path = examples.path_of("profiles", "cloudgrant.toml")
    result = cloudgrant.plan(path, "--profile", "production")
    assert "111122223333" in result.stdout and "222233334444" not in result.stdout
    refused = cloudgrant.run("plan", "--file", path, "--profile", "staging", expect=1)
    assert "222233334444" in refused.stderr, refused
    before = dump.account(cloud.data_plane)
    cloudgrant.apply(path, "--profile", "production")
    roles = dump.roles(cloud.data_plane.iam, "/cloudgrant/acme-accounts")
    assert roles and all(world.OIDC in str(role["trust"]) for role in roles.values()), roles
    cloudgrant.revoke(path, "--profile", "production", "--all")
    assert dump.account(cloud.data_plane) == before
