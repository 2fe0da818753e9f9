"""boto3 against the sandbox: typed exceptions, pages, and what moto is too lenient for."""

import json

import pytest
from support import dump
from support.accounts import DATA_PLANE, REGION, REGISTRY
from support.script import READ, ROOT, TAGS, arn
from support.world import document, trust


@pytest.fixture
def iam(sandbox):
    return sandbox.data_plane.iam


def test_nobody_is_a_typed_exception(iam):
    with pytest.raises(iam.exceptions.NoSuchEntityException) as refusal:
        iam.get_role(RoleName="nobody")
    assert "nobody" in refusal.value.response["Error"]["Message"]
    with pytest.raises(iam.exceptions.NoSuchEntityException):
        iam.attach_role_policy(RoleName="nobody", PolicyArn=arn("policy", "nothing"))


def test_a_second_one_is_a_typed_exception(iam):
    iam.create_role(RoleName="one", AssumeRolePolicyDocument=ROOT)
    with pytest.raises(iam.exceptions.EntityAlreadyExistsException):
        iam.create_role(RoleName="ONE", AssumeRolePolicyDocument=ROOT)


def test_limits_are_typed_exceptions(iam):
    policies = [iam.create_policy(PolicyName=f"p{at}", PolicyDocument=READ)["Policy"]["Arn"] for at in range(11)]
    iam.create_role(RoleName="full", AssumeRolePolicyDocument=ROOT)
    for policy in policies[:10]:
        iam.attach_role_policy(RoleName="full", PolicyArn=policy)
    with pytest.raises(iam.exceptions.LimitExceededException) as refusal:
        iam.attach_role_policy(RoleName="full", PolicyArn=policies[10])
    assert "PoliciesPerRole: 10" in refusal.value.response["Error"]["Message"]
    for _ in range(4):
        iam.create_policy_version(PolicyArn=policies[0], PolicyDocument=READ)
    with pytest.raises(iam.exceptions.LimitExceededException):
        iam.create_policy_version(PolicyArn=policies[0], PolicyDocument=READ)


def test_what_is_in_use_stays(iam):
    policy = iam.create_policy(PolicyName="used", PolicyDocument=READ)["Policy"]["Arn"]
    iam.create_role(RoleName="user", AssumeRolePolicyDocument=ROOT)
    iam.attach_role_policy(RoleName="user", PolicyArn=policy)
    with pytest.raises(iam.exceptions.DeleteConflictException):
        iam.delete_policy(PolicyArn=policy)
    with pytest.raises(iam.exceptions.DeleteConflictException):
        iam.delete_role(RoleName="user")
    iam.detach_role_policy(RoleName="user", PolicyArn=policy)
    iam.delete_policy(PolicyArn=policy)
    iam.delete_role(RoleName="user")
    with pytest.raises(iam.exceptions.NoSuchEntityException):
        iam.get_policy(PolicyArn=policy)


@pytest.mark.parametrize(
    "text",
    ["{", "[]", '"x"', READ.replace("Allow", "allow"), READ.replace("arn:aws:s3:::", ""), document(), ROOT],
    ids=["half", "list", "string", "effect", "resource", "no statements", "principal"],
)
def test_malformed_documents_are_typed_exceptions(iam, text):
    with pytest.raises(iam.exceptions.MalformedPolicyDocumentException):
        iam.create_policy(PolicyName="bad", PolicyDocument=text)
    assert dump.policies(iam) == {}


def test_a_role_is_no_principal_once_it_is_gone(iam):
    """AWS keeps who was meant by a unique id: a new role of the same name is somebody else."""
    iam.create_role(RoleName="friend", AssumeRolePolicyDocument=ROOT)
    friend = arn("role", "friend")
    iam.create_role(RoleName="host", AssumeRolePolicyDocument=trust({"AWS": friend}))
    unique = iam.get_role(RoleName="friend")["Role"]["RoleId"]
    iam.delete_role(RoleName="friend")
    iam.create_role(RoleName="friend", AssumeRolePolicyDocument=ROOT)
    (statement,) = iam.get_role(RoleName="host")["Role"]["AssumeRolePolicyDocument"]["Statement"]
    assert statement["Principal"] == {"AWS": unique}


def test_everything_comes_in_pages(iam):
    """Markers lead through all items, once each, whatever the size of the page."""
    for at in range(7):
        policy = iam.create_policy(PolicyName=f"p{at}", PolicyDocument=READ, Tags=TAGS)["Policy"]["Arn"]
        iam.create_role(RoleName=f"r{at}", AssumeRolePolicyDocument=ROOT, Tags=TAGS)
        iam.attach_role_policy(RoleName="r0", PolicyArn=policy)
    for operation, key, arguments, expected in (
        ("list_roles", "Roles", {"PathPrefix": "/"}, None),
        ("list_policies", "Policies", {"Scope": "Local"}, 7),
        ("list_attached_role_policies", "AttachedPolicies", {"RoleName": "r0"}, 7),
        ("list_role_tags", "Tags", {"RoleName": "r1"}, 2),
    ):
        sizes = {}
        for size in (1, 3, 100):
            pages = list(iam.get_paginator(operation).paginate(**arguments, PaginationConfig={"PageSize": size}))
            assert all(len(page[key]) <= size for page in pages), operation
            sizes[size] = sorted(json.dumps(item, default=str) for page in pages for item in page[key])
        assert sizes[1] == sizes[3] == sizes[100], operation
        assert expected in (None, len(sizes[1])), operation


def test_the_bulk_answer_comes_in_pages_and_says_what_the_single_ones_say(iam):
    for at in range(5):
        policy = iam.create_policy(PolicyName=f"p{at}", PolicyDocument=READ)["Policy"]["Arn"]
        iam.create_role(RoleName=f"r{at}", AssumeRolePolicyDocument=ROOT, Tags=TAGS)
        iam.attach_role_policy(RoleName=f"r{at}", PolicyArn=policy)
    seen = []
    for size in (2, 1000):
        pages = iam.get_paginator("get_account_authorization_details").paginate(
            Filter=["Role", "LocalManagedPolicy"], PaginationConfig={"PageSize": size}
        )
        roles, policies = {}, {}
        pages = list(pages)
        for page in pages:
            assert len(page["RoleDetailList"]) + len(page["Policies"]) <= size
            roles |= {role["RoleName"]: role for role in page["RoleDetailList"]}
            policies |= {policy["PolicyName"]: policy for policy in page["Policies"]}
        assert (len(pages) > 1) == (size == 2)
        seen.append((roles, policies))
    assert seen[0] == seen[1]
    roles, policies = seen[0]
    for at in range(5):
        role, policy = roles[f"r{at}"], policies[f"p{at}"]
        single = iam.get_role(RoleName=f"r{at}")["Role"]
        for key in ("Arn", "RoleId", "Path", "AssumeRolePolicyDocument", "Tags"):
            assert role[key] == single[key], key
        attached = iam.list_attached_role_policies(RoleName=f"r{at}")["AttachedPolicies"]
        assert role["AttachedManagedPolicies"] == attached
        (version,) = policy["PolicyVersionList"]
        assert version["Document"] == json.loads(READ) and policy["AttachmentCount"] == 1


def test_a_role_of_another_account_must_trust_the_caller(sandbox):
    there = sandbox.registry.iam
    role = f"arn:aws:iam::{REGISTRY}:role/guest"
    there.create_role(RoleName="guest", AssumeRolePolicyDocument=trust({"Service": "ec2.amazonaws.com"}))
    sts = sandbox.data_plane.sts
    with pytest.raises(sts.exceptions.ClientError) as refusal:
        sts.assume_role(RoleArn=role, RoleSessionName="tests")
    assert refusal.value.response["Error"]["Code"] == "AccessDenied"
    there.update_assume_role_policy(RoleName="guest", PolicyDocument=trust({"AWS": f"arn:aws:iam::{DATA_PLANE}:root"}))
    guest = sandbox.data_plane.assume(role)
    assert guest.sts.get_caller_identity()["Account"] == REGISTRY
    # The session works in the other account and there only.
    guest.iam.create_policy(PolicyName="there", PolicyDocument=READ)
    assert set(dump.policies(there)) == {f"arn:aws:iam::{REGISTRY}:policy/there"}
    assert dump.policies(sandbox.data_plane.iam) == {}


def test_what_no_service_knows_is_refused(sandbox):
    """Not an empty answer, which would look like success."""
    iam = sandbox.data_plane.iam
    with pytest.raises(iam.exceptions.ClientError) as refusal:
        iam.create_user(UserName="nobody")
    assert refusal.value.response["Error"]["Code"] in ("InvalidAction", "NotImplemented", "UnknownOperationException")


def test_the_exports_are_enough(sandbox):
    """What the sandbox says to export is all that a program of boto3's needs."""
    import boto3

    exports = sandbox.exports
    session = boto3.session.Session(
        aws_access_key_id=exports["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=exports["AWS_SECRET_ACCESS_KEY"],
        region_name=exports["AWS_REGION"],
    )
    identity = session.client("sts", endpoint_url=exports["AWS_ENDPOINT_URL"]).get_caller_identity()
    assert identity["Account"] == DATA_PLANE and exports["AWS_DEFAULT_REGION"] == REGION
