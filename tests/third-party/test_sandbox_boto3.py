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


@pytest.fixture
def s3(sandbox):
    return sandbox.data_plane.s3


def bucket(s3, name="acme-boto3"):
    s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
    return name


def code_of(refusal):
    return refusal.value.response["Error"]["Code"]


def bucket_policy(resource, action="s3:GetObject", principal=None):
    principal = principal or {"AWS": f"arn:aws:iam::{DATA_PLANE}:root"}
    statement = {"Sid": "By hand", "Effect": "Allow", "Principal": principal, "Action": action, "Resource": resource}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def test_buckets_come_in_pages_with_their_regions(s3):
    names = sorted(bucket(s3, f"acme-boto3-{at}") for at in range(5))
    for size in (1, 2, 1000):
        pages = list(s3.get_paginator("list_buckets").paginate(PaginationConfig={"PageSize": size}))
        found = [one for page in pages for one in page["Buckets"]]
        assert [one["Name"] for one in found] == names
        assert {one["BucketRegion"] for one in found} == {REGION}
    assert [one["Name"] for one in s3.list_buckets(Prefix="acme-boto3-3")["Buckets"]] == ["acme-boto3-3"]
    assert s3.get_bucket_location(Bucket=names[0])["LocationConstraint"] == REGION
    assert s3.head_bucket(Bucket=names[0])["BucketRegion"] == REGION


def test_a_bucket_has_one_owner(sandbox, s3):
    name = bucket(s3)
    there = sandbox.registry.s3
    with pytest.raises(there.exceptions.BucketAlreadyExists):
        bucket(there)
    with pytest.raises(s3.exceptions.BucketAlreadyOwnedByYou):
        bucket(s3)
    for call in (there.get_bucket_encryption, there.get_bucket_policy, there.delete_bucket_policy):
        with pytest.raises(there.exceptions.ClientError) as refusal:
            call(Bucket=name)
        assert code_of(refusal) == "AccessDenied"
    with pytest.raises(s3.exceptions.ClientError) as refusal:
        s3.get_bucket_encryption(Bucket=name, ExpectedBucketOwner=REGISTRY)
    assert code_of(refusal) == "AccessDenied"
    for missing in (s3.get_bucket_encryption, s3.get_bucket_policy):
        with pytest.raises(s3.exceptions.NoSuchBucket):
            missing(Bucket="acme-nowhere")
    for reserved in ("acme--table-s3", "sthree-acme", "192.168.5.4"):
        with pytest.raises(s3.exceptions.ClientError) as refusal:
            bucket(s3, reserved)
        assert code_of(refusal) == "InvalidBucketName"


def test_encryption_is_as_it_was_set(s3):
    name = bucket(s3)

    def by_default():
        (rule,) = s3.get_bucket_encryption(Bucket=name)["ServerSideEncryptionConfiguration"]["Rules"]
        return rule["ApplyServerSideEncryptionByDefault"]

    assert by_default() == {"SSEAlgorithm": "AES256"}
    rule = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": "alias/mine"}
    configuration = {"Rules": [{"ApplyServerSideEncryptionByDefault": rule, "BucketKeyEnabled": True}]}
    s3.put_bucket_encryption(Bucket=name, ServerSideEncryptionConfiguration=configuration)
    assert by_default() == rule


def test_bucket_policies_are_replaced_whole(s3):
    name = bucket(s3)
    with pytest.raises(s3.exceptions.ClientError) as refusal:
        s3.get_bucket_policy(Bucket=name)
    assert code_of(refusal) == "NoSuchBucketPolicy"
    policy = bucket_policy(f"arn:aws:s3:::{name}/*")
    s3.put_bucket_policy(Bucket=name, Policy=policy)
    assert json.loads(s3.get_bucket_policy(Bucket=name)["Policy"]) == json.loads(policy)
    s3.delete_bucket_policy(Bucket=name)
    s3.delete_bucket_policy(Bucket=name)


@pytest.mark.parametrize(
    "policy, said",
    [
        ("{", "MalformedPolicy"),
        (bucket_policy("arn:aws:s3:::acme-other/*"), "Policy has invalid resource"),
        (bucket_policy("arn:aws:s3:::acme-boto3"), "Action does not apply to any resource"),
        (bucket_policy("arn:aws:s3:::acme-boto3/*", "s3:ListBucket"), "Action does not apply to any resource"),
        (bucket_policy("arn:aws:s3:::acme-boto3/*", "ecr:BatchGetImage"), "Policy has invalid action"),
        (
            bucket_policy("arn:aws:s3:::acme-boto3/*", principal={"AWS": f"arn:aws:iam::{DATA_PLANE}:role/nobody"}),
            "Invalid principal in policy",
        ),
        (bucket_policy(["arn:aws:s3:::acme-boto3/*"] * 800), "exceeds the maximum allowed document size"),
    ],
    ids=["half", "other bucket", "bucket for objects", "objects for bucket", "service", "principal", "size"],
)
def test_bucket_policies_that_s3_refuses(s3, policy, said):
    name = bucket(s3)
    with pytest.raises(s3.exceptions.ClientError) as refusal:
        s3.put_bucket_policy(Bucket=name, Policy=policy)
    assert said in str(refusal.value)


def test_key_policies_keep_their_administrators(sandbox):
    kms = sandbox.data_plane.kms
    key = kms.create_key()["KeyMetadata"]["Arn"]
    policy = json.loads(kms.get_key_policy(KeyId=key)["Policy"])
    assert policy["Statement"][0]["Principal"] == {"AWS": f"arn:aws:iam::{DATA_PLANE}:root"}
    user = {"Sid": "Use", "Effect": "Allow", "Principal": "*", "Action": "kms:Decrypt", "Resource": "*"}
    locked = json.dumps({"Version": "2012-10-17", "Statement": [user]})
    with pytest.raises(kms.exceptions.MalformedPolicyDocumentException) as refusal:
        kms.put_key_policy(KeyId=key, Policy=locked)
    assert "will not allow you to update the key policy" in str(refusal.value)
    gone = user | {"Principal": {"AWS": f"arn:aws:iam::{DATA_PLANE}:role/nobody"}}
    with pytest.raises(kms.exceptions.MalformedPolicyDocumentException) as refusal:
        kms.put_key_policy(KeyId=key, Policy=json.dumps(policy | {"Statement": policy["Statement"] + [gone]}))
    assert "invalid principals" in str(refusal.value)
    more = policy | {"Statement": policy["Statement"] + [user]}
    kms.put_key_policy(KeyId=key, Policy=json.dumps(more))
    assert json.loads(kms.get_key_policy(KeyId=key)["Policy"]) == more
    with pytest.raises(kms.exceptions.NotFoundException):
        kms.get_key_policy(KeyId=key.replace(key[-4:], "0000"))
    with pytest.raises(kms.exceptions.ClientError) as refusal:
        sandbox.registry.kms.get_key_policy(KeyId=key)
    assert code_of(refusal) == "AccessDeniedException"


def test_what_is_asked_of_buckets_is_answered_as_by_moto(sandbox, moto):
    """Next to moto, where moto has the call."""
    from support import accounts

    theirs, _ = accounts.of_moto(moto.url)
    answers = []
    for account in (sandbox.data_plane, theirs):
        name = bucket(account.s3)
        rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": "alias/mine"}}
        account.s3.put_bucket_encryption(Bucket=name, ServerSideEncryptionConfiguration={"Rules": [rule]})
        policy = bucket_policy(f"arn:aws:s3:::{name}/*")
        account.s3.put_bucket_policy(Bucket=name, Policy=policy)
        (found,) = account.s3.get_bucket_encryption(Bucket=name)["ServerSideEncryptionConfiguration"]["Rules"]
        listed = [one["Name"] for one in account.s3.list_buckets()["Buckets"]]
        read = json.loads(account.s3.get_bucket_policy(Bucket=name)["Policy"])
        account.s3.delete_bucket_policy(Bucket=name)
        with pytest.raises(account.s3.exceptions.ClientError) as refusal:
            account.s3.get_bucket_policy(Bucket=name)
        answers.append((found["ApplyServerSideEncryptionByDefault"], listed, read, code_of(refusal)))
    assert answers[0] == answers[1]
