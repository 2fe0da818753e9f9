"""Taking things back: nothing of ours stays, and nothing of others' is touched."""

from support import dump, manifest, scenario, world


def test_revoking_all_leaves_the_world_as_it_was(cloud, cloudgrant):
    before = dump.account(cloud.data_plane), dump.account(cloud.registry)
    path = manifest.write(cloudgrant.folder, scenario.three_scopes())
    cloudgrant.apply(path)
    assert (dump.account(cloud.data_plane), dump.account(cloud.registry)) != before
    cloudgrant.revoke(path, "--all")
    assert (dump.account(cloud.data_plane), dump.account(cloud.registry)) == before
    summary = cloudgrant.revoke(path, "--all").summary
    assert summary["delete"] == 0


def test_a_repository_without_a_policy_has_none_again(cloud, cloudgrant):
    """ECR's "no policy" and "a policy without statements" are two things."""
    cloud.registry.ecr.delete_repository_policy(repositoryName=world.REPOSITORY)
    path = manifest.write(cloudgrant.folder, scenario.three_scopes())
    cloudgrant.apply(path)
    assert dump.repositories(cloud.registry.ecr)[world.REPOSITORY] is not None
    cloudgrant.revoke(path, "--all")
    assert dump.repositories(cloud.registry.ecr)[world.REPOSITORY] is None


def test_revoking_one_grant_leaves_the_others(cloud, cloudgrant):
    path = manifest.write(cloudgrant.folder, scenario.three_scopes())
    cloudgrant.apply(path)
    cloudgrant.revoke(path, "archive-in-staging")
    iam = cloud.data_plane.iam
    assert set(dump.policies(iam, scenario.PATH)) == {scenario.GLOBAL, scenario.FORECASTING, scenario.PLACE}
    role = scenario.role_arn(f"cloudgrant_{scenario.STACK}_forecasting_production")
    assert set(dump.roles(iam, scenario.PATH)) == {role}
    assert scenario.GLOBAL in dump.attached(iam, world.TASK_ROLE)


def test_a_grant_that_left_the_manifest_is_removed(cloud, cloudgrant):
    content = scenario.three_scopes()
    path = manifest.write(cloudgrant.folder, content)
    cloudgrant.apply(path)
    content["grants"] = content["grants"][:1]
    manifest.write(cloudgrant.folder, content)
    cloudgrant.apply(path)
    iam = cloud.data_plane.iam
    assert set(dump.policies(iam, scenario.PATH)) == {scenario.GLOBAL, scenario.PLACE}
    assert dump.roles(iam, scenario.PATH) == {}


def test_a_registry_that_left_the_manifest_is_removed(cloud, cloudgrant):
    before = dump.repositories(cloud.registry.ecr)
    content = scenario.three_scopes()
    path = manifest.write(cloudgrant.folder, content)
    cloudgrant.apply(path)
    cloudgrant.revoke(path, "trainer-images")
    assert dump.repositories(cloud.registry.ecr) == before
