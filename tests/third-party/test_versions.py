"""A managed policy has five versions at most: the sixth change must still go through."""

from support import dump, manifest, scenario
from support.permissions import permissions


def test_a_policy_can_be_changed_any_number_of_times(cloud, cloudgrant):
    iam = cloud.data_plane.iam
    for change in range(8):
        content = manifest.manifest(
            resources={"training-data": f"s3://acme-training/round-{change}/"},
            grants=[manifest.grant("training-data-for-all", training_data="read")],
        )
        cloudgrant.apply(manifest.write(cloudgrant.folder, content))
        assert len(dump.versions(iam, scenario.GLOBAL)) <= 5, f"after change {change}"
        resources = {resource for _, _, _, resource, _ in permissions(dump.policy_document(iam, scenario.GLOBAL))}
        assert resources == {"arn:aws:s3:::acme-training", f"arn:aws:s3:::acme-training/round-{change}/*"}
    # Seven changes of one policy, and it is the same policy: nothing was made anew.
    assert set(dump.policies(iam, scenario.PATH)) == {scenario.GLOBAL}
    assert "v8" in dump.versions(iam, scenario.GLOBAL)
