"""The script that is measured: `boto3_script.py PHASE OBJECTS`. It stands alone, and makes no call that isn't needed.

It does less than cloudgrant: it doesn't look before it makes, nor afterwards whether it succeeded, and it knows nothing
of quotas or of other people's objects.
"""

import json
import sys
from concurrent.futures import ThreadPoolExecutor

import boto3
from botocore.config import Config

THREADS = 16


def main():
    phase, file = sys.argv[1:]
    with open(file, encoding="utf-8") as content:
        wanted = json.load(content)
    config = Config(max_pool_connections=THREADS, retries={"mode": "standard", "total_max_attempts": 20})
    iam = boto3.client("iam", config=config)
    {"apply": apply, "no-op": no_op, "change": change, "revoke": revoke}[phase](iam, wanted)


def everywhere(work, items):
    """Does it for all items, many at a time; the first failure is the script's."""
    with ThreadPoolExecutor(THREADS) as pool:
        for _ in pool.map(work, items):
            pass


def tags(mapping):
    return [{"Key": key, "Value": value} for key, value in mapping.items()]


def apply(iam, wanted):
    def make(one):
        iam.create_policy(
            PolicyName=one["name"],
            Path=one["path"],
            Description=one["description"],
            PolicyDocument=json.dumps(one["document"], separators=(",", ":")),
            Tags=tags(one["policy_tags"]),
        )
        iam.create_role(
            RoleName=one["name"],
            Path=one["path"],
            Description=one["description"],
            AssumeRolePolicyDocument=json.dumps(one["trust"], separators=(",", ":")),
            Tags=tags(one["role_tags"]),
        )
        for policy in (one["policy"], one["attached"]):
            iam.attach_role_policy(RoleName=one["name"], PolicyArn=policy)

    everywhere(make, wanted["objects"])


def read(iam, path):
    """Policies by ARN and roles by name, in as few pages as can be."""
    policies, roles = {}, {}
    pages = iam.get_paginator("get_account_authorization_details")
    for page in pages.paginate(Filter=["Role", "LocalManagedPolicy"], PaginationConfig={"PageSize": 1000}):
        policies.update({one["Arn"]: one for one in page["Policies"] if one["Path"] == path})
        roles.update({one["RoleName"]: one for one in page["RoleDetailList"] if one["Path"] == path})
    return policies, roles


def different(iam, wanted):
    """The objects whose policy, role or attachments aren't as they should be."""
    policies, roles = read(iam, wanted["path"])
    found = []
    for one in wanted["objects"]:
        policy, role = policies[one["policy"]], roles[one["name"]]
        document = next(each["Document"] for each in policy["PolicyVersionList"] if each["IsDefaultVersion"])
        attached = {each["PolicyArn"] for each in role["AttachedManagedPolicies"]}
        if role["AssumeRolePolicyDocument"] != one["trust"] or attached != {one["policy"], one["attached"]}:
            raise SystemExit(f"{one['name']} is not as it should be")
        if document != one["document"]:
            found.append(one)
    return found


def no_op(iam, wanted):
    if different(iam, wanted):
        raise SystemExit("there is something to do")


def change(iam, wanted):
    for one in different(iam, wanted):
        iam.create_policy_version(
            PolicyArn=one["policy"],
            PolicyDocument=json.dumps(one["document"], separators=(",", ":")),
            SetAsDefault=True,
        )


def revoke(iam, wanted):
    policies, roles = read(iam, wanted["path"])

    def remove_role(name):
        for policy in roles[name]["AttachedManagedPolicies"]:
            iam.detach_role_policy(RoleName=name, PolicyArn=policy["PolicyArn"])
        iam.delete_role(RoleName=name)

    def remove_policy(arn):
        for version in policies[arn]["PolicyVersionList"]:
            if not version["IsDefaultVersion"]:
                iam.delete_policy_version(PolicyArn=arn, VersionId=version["VersionId"])
        iam.delete_policy(PolicyArn=arn)

    everywhere(remove_role, roles)
    everywhere(remove_policy, policies)


main()
