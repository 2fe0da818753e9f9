"""Whether an account is as it must be: before anything is measured, and after each phase."""

from support import dump, world
from support.permissions import permissions

from ..cloud import Wrong
from .workload import PATH, TASK_POLICY, TASK_POLICY_ARN, TASK_ROLE


def prepare(iam):
    """What a platform has before there are grants."""
    iam.create_open_id_connect_provider(
        Url=f"https://{world.OIDC}",
        ClientIDList=["sts.amazonaws.com"],
        ThumbprintList=["9e99a48a9960b14926bb7f3b02e22da2b0ab7280"],
    )
    allowed = world.document(world.allow(["s3:GetObject", "s3:PutObject"], "arn:aws:s3:::acme-metadata/*"))
    iam.create_policy(PolicyName=TASK_POLICY, PolicyDocument=allowed)
    trust = world.trust({"Federated": world.OIDC_ARN}, "sts:AssumeRoleWithWebIdentity")
    iam.create_role(RoleName=TASK_ROLE, AssumeRolePolicyDocument=trust)
    iam.attach_role_policy(RoleName=TASK_ROLE, PolicyArn=TASK_POLICY_ARN)


def prepare_buckets(s3, count):
    """The buckets that are granted."""
    for at in range(count):
        s3.create_bucket(
            Bucket=f"acme-data-{at:05}", CreateBucketConfiguration={"LocationConstraint": "us-west-2"}
        )


def check(iam, phase, workload):
    """Raises `Wrong` unless exactly the phase's objects are there: documents, trust and attachments, one by one."""
    policies, roles = {}, {}
    pages = iam.get_paginator("get_account_authorization_details")
    for page in pages.paginate(Filter=["Role", "LocalManagedPolicy"]):
        policies.update({one["Arn"]: one for one in page["Policies"]})
        roles.update({one["RoleName"]: one for one in page["RoleDetailList"]})
    task_policy, task_role = policies.pop(TASK_POLICY_ARN, None), roles.pop(TASK_ROLE, None)
    if not task_policy or _attached(task_role) != {TASK_POLICY_ARN}:
        raise Wrong("the platform's own role or policy is not as it was")
    policies = {arn: one for arn, one in policies.items() if one["Path"] == PATH}
    roles = {name: one for name, one in roles.items() if one["Path"] == PATH}
    objects = [] if phase == "revoke" else workload.objects(changed=phase == "change")
    counted = len(policies), len(roles), sum(len(_attached(role)) for role in roles.values())
    wanted = len(objects), len(objects), 2 * len(objects)
    if counted != wanted:
        raise Wrong(f"{wanted} policies, roles and attachments were to be there, and {counted} are")
    for one in objects:
        policy, role = policies.get(one["policy"]), roles.get(one["name"])
        if not policy or not role:
            raise Wrong(f"{one['name']} is not there")
        if permissions(_default(policy)) != permissions(one["document"]):
            raise Wrong(f"the policy {one['name']} says something else")
        if dump.canonical(role["AssumeRolePolicyDocument"]) != dump.canonical(one["trust"]):
            raise Wrong(f"the role {one['name']} trusts somebody else")
        if _attached(role) != {one["policy"], one["attached"]}:
            raise Wrong(f"the role {one['name']} carries something else")


def _default(policy):
    return next(one["Document"] for one in policy["PolicyVersionList"] if one["IsDefaultVersion"])


def _attached(role):
    return {one["PolicyArn"] for one in role["AttachedManagedPolicies"]} if role else set()
