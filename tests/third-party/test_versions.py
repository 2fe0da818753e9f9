"""A managed policy has five versions at most: the sixth change must still go through."""

from support import dump, manifest, scenario, world
from support.cloudgrant import Cloudgrant
from support.permissions import permissions


def change_and_revoke(cloud, cloudgrant):
    iam = cloud.data_plane.iam
    before = dump.account(cloud.data_plane)
    for change in range(8):
        content = manifest.manifest(
            resources={"training-data": f"s3://acme-training/round-{change}/"},
            grants=[manifest.grant("training-data-for-all", training_data="read")],
        )
        path = manifest.write(cloudgrant.folder, content)
        cloudgrant.apply(path)
        assert len(dump.versions(iam, scenario.GLOBAL)) <= 5, f"after change {change}"
        resources = {resource for _, _, _, resource, _ in permissions(dump.policy_document(iam, scenario.GLOBAL))}
        assert resources == {"arn:aws:s3:::acme-training", f"arn:aws:s3:::acme-training/round-{change}/*"}
    # Seven changes of one policy, and it is the same policy: nothing was made anew.
    assert set(dump.policies(iam, scenario.PATH)) == {scenario.GLOBAL}
    assert "v8" in dump.versions(iam, scenario.GLOBAL)
    cloudgrant.revoke(path, "--all")
    assert dump.account(cloud.data_plane) == before


def test_a_policy_can_be_changed_any_number_of_times(cloud, cloudgrant):
    change_and_revoke(cloud, cloudgrant)


def test_a_policy_with_versions_can_be_deleted_where_they_are_in_the_way(sandbox, binary, tmp_path):
    """The same in the sandbox, which as AWS deletes no policy that has other versions; moto does."""
    world.prepare_identities(sandbox.data_plane, sandbox.registry)
    change_and_revoke(sandbox, Cloudgrant(binary, tmp_path, sandbox.exports))
