"""Two hundred project-domain grants, counted at the server."""

import pytest
from support import dump, manifest, scenario

GRANTS = 200


def two_hundred():
    projects = [f"project-{at:03}" for at in range(67)]
    domains = ["development", "staging", "production"]
    scopes = [{"project": project, "domain": domain} for project in projects for domain in domains][:GRANTS]
    return manifest.manifest(
        projects=projects,
        resources={f"data-{at:03}": f"s3://acme-data-{at:03}/inputs/" for at in range(GRANTS)},
        grants=[
            {"name": f"grant-{at:03}", "scope": scope, "access": {f"data-{at:03}": "read-write"}}
            for at, scope in enumerate(scopes)
        ],
    )


def spent(server, before):
    after = server.counts()
    return sum(after.values()) - sum(before.values()), {
        action: number - before.get(action, 0) for action, number in after.items() if number > before.get(action, 0)
    }


@pytest.fixture
def manifest_path(cloudgrant):
    return manifest.write(cloudgrant.folder, two_hundred())


def test_requests_stay_near_what_the_objects_take(cloud, cloudgrant, manifest_path):
    """A policy, a role and two attachments each: 800 requests is the least that AWS's API allows; and each new bucket is
    asked once how it is encrypted."""
    for at in range(GRANTS):
        cloud.data_plane.s3.create_bucket(
            Bucket=f"acme-data-{at:03}", CreateBucketConfiguration={"LocationConstraint": "us-west-2"}
        )
    before = cloud.server.counts()
    result = cloudgrant.apply(manifest_path)
    total, actions = spent(cloud.server, before)
    assert result.summary["create"] == 4 * GRANTS
    assert total <= 820 + 1 + GRANTS, actions
    assert actions["iam:CreateRole"] == GRANTS and actions["iam:CreatePolicy"] == GRANTS, actions

    before = cloud.server.counts()
    summary = cloudgrant.plan(manifest_path, "--exit-code").summary
    total, actions = spent(cloud.server, before)
    assert summary["unchanged"] == 4 * GRANTS
    assert total <= 10, actions

    iam = cloud.data_plane.iam
    assert sum(1 for _ in dump.pages(iam, "list_roles", "Roles", PathPrefix=scenario.PATH)) == GRANTS
    cloudgrant.revoke(manifest_path, "--all")
    assert not list(dump.pages(iam, "list_roles", "Roles", PathPrefix=scenario.PATH))
    assert not list(dump.pages(iam, "list_policies", "Policies", Scope="Local", PathPrefix=scenario.PATH))
