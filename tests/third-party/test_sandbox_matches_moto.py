"""One manifest, two clouds: what stands in the sandbox afterwards is what stands in moto."""

from support import dump, manifest, scenario, world
from support import sandbox as sandbox_server
from support.cloudgrant import Cloudgrant


def ours(cloud):
    """What the stack has in both accounts, and what hangs on the platform's own things."""
    iam = cloud.data_plane.iam
    return {
        "policies": dump.policies(iam, scenario.PATH),
        "roles": dump.roles(iam, scenario.PATH),
        "global": [arn for arn in dump.attached(iam, world.TASK_ROLE) if arn.startswith(scenario.policy_arn(""))],
        "statements": [
            statement
            for statement in dump.repositories(cloud.registry.ecr)[world.REPOSITORY]["Statement"]
            if statement["Sid"].startswith("AllowPull")
        ],
    }


def changes(result):
    """What was done, without the wording of notes."""
    return [
        {key: change[key] for key in ("action", "kind", "name", "before", "after")} for change in result.json["changes"]
    ]


def test_the_same_manifest_gives_the_same_objects(cloud, cloudgrant, binary, tmp_path):
    content = scenario.three_scopes()
    path = manifest.write(tmp_path, content)
    applied = cloudgrant.apply(path)
    with sandbox_server.serve(binary, tmp_path, "--file", path) as sandbox:
        there = Cloudgrant(binary, tmp_path, sandbox.exports)
        applied_there = there.apply(path)
        assert ours(sandbox) == ours(cloud)
        assert len(ours(cloud)["statements"]) == 1 and ours(cloud)["global"] == [scenario.GLOBAL]
        assert there.plan(path, "--exit-code").summary == cloudgrant.plan(path, "--exit-code").summary
    assert changes(applied_there) == changes(applied)
