"""The wrong account is refused before anything is done there."""

from support import accounts, dump, manifest, scenario, world
from support.cloudgrant import Cloudgrant

READS = ("Get", "List", "Describe", "Assume")


def writes(counts):
    return {action for action in counts if not action.split(":")[1].startswith(READS)}


def test_another_account_than_the_manifest_says(cloud, binary, tmp_path):
    stranger = cloud.data_plane.assume("arn:aws:iam::999999999999:role/somebody")
    before = dump.account(stranger)
    cloudgrant = Cloudgrant(binary, tmp_path, stranger.environment())
    path = manifest.write(tmp_path, scenario.three_scopes())
    said = cloudgrant.run("apply", "--file", path, "--yes", expect=1)
    for account in (accounts.DATA_PLANE, "999999999999"):
        assert account in said.stderr, said
    assert dump.account(stranger) == before


def test_a_refused_apply_writes_nothing(cloud, binary, tmp_path):
    stranger = cloud.data_plane.assume("arn:aws:iam::999999999999:role/somebody")
    counted = writes(cloud.server.counts())
    before = cloud.server.counts()
    cloudgrant = Cloudgrant(binary, tmp_path, stranger.environment())
    cloudgrant.run("apply", "--file", manifest.write(tmp_path, scenario.three_scopes()), "--yes", expect=1)
    after = cloud.server.counts()
    assert {action: after[action] for action in counted} == {action: before[action] for action in counted}
    assert writes(after) == counted


def test_the_role_of_the_other_account_must_be_in_that_account(cloudgrant):
    wrong = {accounts.REGISTRY: {"assume_role": "arn:aws:iam::999999999999:role/registry-admin"}}
    path = manifest.write(cloudgrant.folder, scenario.three_scopes(accounts=wrong))
    said = cloudgrant.run("apply", "--file", path, "--yes", expect=None)
    assert said.code in (1, 2), said
    assert accounts.REGISTRY in said.stderr, said


def test_the_platform_roles_must_be_there(cloud, cloudgrant):
    """Requirements 13 and 17: what the platform should have made is looked for, and named when it is missing."""
    content = scenario.three_scopes(cluster={"oidc_provider": "oidc.eks.us-west-2.amazonaws.com/id/OTHER"})
    said = cloudgrant.run("apply", "--file", manifest.write(cloudgrant.folder, content), "--yes", expect=1)
    assert "id/OTHER" in said.stderr, said
    assert dump.roles(cloud.data_plane.iam, scenario.PATH) == {}

    iam = cloud.data_plane.iam
    content = scenario.three_scopes(task_role="nobody-userflyterole")
    said = cloudgrant.run("apply", "--file", manifest.write(cloudgrant.folder, content), "--yes", expect=1)
    assert "nobody-userflyterole" in said.stderr, said
    assert dump.policies(iam, scenario.PATH) == {}


def test_protected_roles_are_never_touched(cloud, cloudgrant):
    """Requirement 15."""
    before = dump.account(cloud.data_plane)
    path = manifest.write(cloudgrant.folder, scenario.three_scopes(task_role=world.ADMIN_ROLE))
    said = cloudgrant.run("apply", "--file", path, "--yes", expect=2)
    assert "protected" in said.stderr, said
    assert dump.account(cloud.data_plane) == before
