"""Somebody changes things behind cloudgrant's back, with boto3."""

import pytest
from support import dump, manifest, scenario, world


@pytest.fixture
def applied(cloudgrant):
    path = manifest.write(cloudgrant.folder, scenario.three_scopes())
    cloudgrant.apply(path)
    return path


def widen(cloud):
    document = world.document(world.allow("s3:*", "*"))
    cloud.data_plane.iam.create_policy_version(PolicyArn=scenario.GLOBAL, PolicyDocument=document, SetAsDefault=True)


def detach(cloud):
    cloud.data_plane.iam.detach_role_policy(RoleName=f"cloudgrant_{scenario.STACK}_staging", PolicyArn=scenario.STAGING)


def detach_from_the_task_role(cloud):
    cloud.data_plane.iam.detach_role_policy(RoleName=world.TASK_ROLE, PolicyArn=scenario.GLOBAL)


def trust_everybody(cloud):
    cloud.data_plane.iam.update_assume_role_policy(
        RoleName=f"cloudgrant_{scenario.STACK}_staging", PolicyDocument=world.trust({"AWS": "*"})
    )


def forget_the_statement(cloud):
    cloud.registry.ecr.set_repository_policy(
        repositoryName=world.REPOSITORY, policyText=world.document(world.FOREIGN_STATEMENT)
    )


def widen_the_statement(cloud):
    policy = dump.repositories(cloud.registry.ecr)[world.REPOSITORY]
    for statement in policy["Statement"]:
        if statement["Sid"].startswith("AllowPull"):
            statement["Principal"] = "*"
    cloud.registry.ecr.set_repository_policy(
        repositoryName=world.REPOSITORY, policyText=world.document(*policy["Statement"])
    )


DRIFTS = [
    (widen, "update", "iam-policy", f"cloudgrant_{scenario.STACK}_global"),
    (detach, "create", "iam-role-attachment", f"cloudgrant_{scenario.STACK}_staging"),
    (detach_from_the_task_role, "create", "iam-role-attachment", world.TASK_ROLE),
    (trust_everybody, "update", "iam-role", f"cloudgrant_{scenario.STACK}_staging"),
    (forget_the_statement, "create", "ecr-policy-statement", world.REPOSITORY),
    (widen_the_statement, "update", "ecr-policy-statement", world.REPOSITORY),
]


@pytest.mark.parametrize("tamper, action, kind, name", DRIFTS, ids=lambda value: getattr(value, "__name__", None))
def test_drift_is_named_and_mended(cloud, cloudgrant, applied, tamper, action, kind, name):
    def both():
        # Versions pile up as people change policies; what counts is the default one.
        dumped = dump.account(cloud.data_plane), dump.account(cloud.registry)
        for policy in dumped[0]["policies"].values():
            del policy["versions"]
        return dumped

    before = both()
    cloudgrant.drift(applied, "--exit-code")
    tamper(cloud)
    assert both() != before, "nothing was tampered with"

    work = [change for change in cloudgrant.drift(applied, "--exit-code", expect=3).changes() if change[0] != "handoff"]
    assert len(work) == 1, work
    assert work[0][:2] == (action, kind) and name in work[0][2], work
    # Without the flag drift is told, and is no failure.
    cloudgrant.drift(applied)

    cloudgrant.apply(applied)
    assert both() == before
    cloudgrant.drift(applied, "--exit-code")


STAGING_ROLE = f"cloudgrant_{scenario.STACK}_staging"


def give_an_inline_policy(iam):
    document = world.document(world.allow("*", "*"))
    iam.put_role_policy(RoleName=STAGING_ROLE, PolicyName="admin", PolicyDocument=document)


def give_a_policy_of_theirs(iam):
    policy = iam.create_policy(PolicyName="theirs", PolicyDocument=world.document(world.allow("*", "*")))
    iam.attach_role_policy(RoleName=STAGING_ROLE, PolicyArn=policy["Policy"]["Arn"])


def give_an_instance_profile(iam):
    iam.create_instance_profile(InstanceProfileName="theirs")
    iam.add_role_to_instance_profile(InstanceProfileName="theirs", RoleName=STAGING_ROLE)


def give_ours_to_a_user(iam):
    iam.create_user(UserName="somebody")
    iam.attach_user_policy(UserName="somebody", PolicyArn=scenario.STAGING)


def give_ours_to_a_role(iam):
    iam.create_role(RoleName="theirs", AssumeRolePolicyDocument=world.trust({"Service": "ec2.amazonaws.com"}))
    iam.attach_role_policy(RoleName="theirs", PolicyArn=scenario.STAGING)


WIDENINGS = [
    (give_an_inline_policy, "iam-role", "the inline policy admin"),
    (give_a_policy_of_theirs, "iam-role", "the policy theirs"),
    (give_an_instance_profile, "iam-role", "the instance profile theirs"),
    (give_ours_to_a_user, "iam-policy", "a user or a group"),
    (give_ours_to_a_role, "iam-policy", "role theirs"),
]


@pytest.mark.parametrize("widening, kind, what", WIDENINGS, ids=lambda value: getattr(value, "__name__", None))
def test_what_somebody_adds_to_ours_is_drift_and_stays(cloud, cloudgrant, applied, widening, kind, what):
    cloudgrant.drift(applied, "--exit-code")
    widening(cloud.data_plane.iam)
    before = dump.account(cloud.data_plane)
    document = cloudgrant.drift(applied, "--exit-code", expect=3).json
    assert [(one["kind"], what in one["what"]) for one in document["widened"]] == [(kind, True)], document["widened"]
    assert document["widened"][0]["remedy"].startswith("aws iam "), document["widened"]
    cloudgrant.apply(applied)
    assert dump.account(cloud.data_plane) == before


def test_what_is_not_marked_is_never_taken_over(cloud, cloudgrant, applied):
    """A role of the wanted name that somebody else made is in the way, not ours."""
    iam = cloud.data_plane.iam
    name = f"cloudgrant_{scenario.STACK}_vision_production"
    iam.create_role(RoleName=name, AssumeRolePolicyDocument=world.trust({"Service": "ec2.amazonaws.com"}))
    before = dump.account(cloud.data_plane)
    content = scenario.three_scopes()
    scope = {"project": "vision", "domain": "production"}
    content["grants"].append(manifest.grant("vision-production", scope, training_data="read"))
    path = manifest.write(cloudgrant.folder, content)
    said = cloudgrant.run("apply", "--file", path, "--yes", expect=1)
    assert name in said.stderr and "not this stack's" in said.stderr, said
    assert dump.account(cloud.data_plane) == before
