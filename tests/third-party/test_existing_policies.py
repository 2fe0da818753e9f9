"""An existing policy in place of listed actions (`aws.policies`), by somebody else's clients in somebody else's IAM."""

import pytest
from support import manifest, world
from support.accounts import DATA_PLANE

STREAM = f"arn:aws:kinesis:us-west-2:{DATA_PLANE}:stream/events"
READER = f"arn:aws:iam::{DATA_PLANE}:policy/data/events-reader"
PRODUCTION = f"cloudgrant_{manifest.STACK}_production"
READS = world.document(world.allow(["kinesis:GetRecords", "kinesis:GetShardIterator"], STREAM))


@pytest.fixture
def reader(cloud):
    cloud.data_plane.iam.create_policy(PolicyName="events-reader", Path="/data/", PolicyDocument=READS)


def granting(folder, policy=READER):
    grants = [
        manifest.grant("all", events="read"),
        manifest.grant("production", {"domain": "production"}, events="read"),
    ]
    content = manifest.manifest(
        resources={"events": STREAM}, grants=grants, home="account", policies={"events": {"read": policy}}
    )
    return manifest.write(folder, content)


def holders(cloud, policy=READER):
    found = cloud.data_plane.iam.list_entities_for_policy(PolicyArn=policy)["PolicyRoles"]
    return sorted(role["RoleName"] for role in found)


def test_it_is_attached_and_detached_and_stays_as_it_was(cloud, cloudgrant, reader):
    iam = cloud.data_plane.iam
    before = iam.get_policy(PolicyArn=READER)["Policy"]
    path = granting(cloudgrant.folder)
    cloudgrant.apply(path)
    assert holders(cloud) == sorted([world.TASK_ROLE, PRODUCTION])
    again = cloudgrant.plan(path)
    assert again.changes("iam-role-attachment") == again.changes("iam-policy") == []
    cloudgrant.revoke(path, "--all")
    assert holders(cloud) == []
    after = iam.get_policy(PolicyArn=READER)["Policy"]
    same = ("Arn", "PolicyId", "DefaultVersionId", "UpdateDate")
    assert [after[key] for key in same] == [before[key] for key in same]
    assert iam.list_policies(PathPrefix=f"/cloudgrant/{manifest.STACK}/")["Policies"] == []


def test_what_somebody_detached_is_drift_and_mended(cloud, cloudgrant, reader):
    path = granting(cloudgrant.folder)
    cloudgrant.apply(path)
    for role in (world.TASK_ROLE, PRODUCTION):
        cloud.data_plane.iam.detach_role_policy(RoleName=role, PolicyArn=READER)
    changes = cloudgrant.drift(path, "--exit-code", expect=3).changes("iam-role-attachment")
    assert sorted(name for _, _, name in changes) == sorted(
        f"{role}/events-reader" for role in (world.TASK_ROLE, PRODUCTION)
    )
    cloudgrant.apply(path)
    assert holders(cloud) == sorted([world.TASK_ROLE, PRODUCTION])


@pytest.mark.parametrize(
    "statement",
    [world.allow("kinesis:*", STREAM), world.allow("kinesis:GetRecords", "*"), world.allow("iam:PassRole", "*")],
    ids=["any action", "any resource", "somebody else's rights"],
)
def test_what_it_has_become_since_is_judged_anew(cloud, cloudgrant, reader, statement):
    path = granting(cloudgrant.folder)
    cloudgrant.apply(path)
    cloud.data_plane.iam.create_policy_version(
        PolicyArn=READER, PolicyDocument=world.document(statement), SetAsDefault=True
    )
    for run in (cloudgrant.plan, cloudgrant.drift):
        assert "aws.policies.events.read" in str(run(path, expect=2))


@pytest.mark.parametrize("missing", [READER, "arn:aws:iam::aws:policy/NoSuchPolicy"])
def test_one_that_is_not_there_is_told(cloudgrant, missing):
    said = str(cloudgrant.plan(granting(cloudgrant.folder, missing), expect=2))
    assert "aws.policies.events.read" in said and "isn't there" in said


def test_what_others_attached_to_the_task_role_stays(cloud, cloudgrant, reader):
    cloud.data_plane.iam.attach_role_policy(RoleName=world.TASK_ROLE, PolicyArn=READER)
    path = granting(cloudgrant.folder)
    cloudgrant.apply(path)
    cloudgrant.revoke(path, "--all")
    assert holders(cloud) == [world.TASK_ROLE]
