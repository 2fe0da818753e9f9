"""What is there before cloudgrant: a Union data plane on AWS, and other people's things beside it."""

import json

from .accounts import DATA_PLANE, REGISTRY, REGISTRY_ADMIN

ORGANIZATION = "acme"
OIDC = "oidc.eks.us-west-2.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE"
OIDC_ARN = f"arn:aws:iam::{DATA_PLANE}:oidc-provider/{OIDC}"
TASK_ROLE = "acme-userflyterole"
TASK_POLICY = "userflyterole"
TASK_POLICY_ARN = f"arn:aws:iam::{DATA_PLANE}:policy/{TASK_POLICY}"
NODE_ROLE = "unionai-acme-flyteworker-node-group"
NODE_ROLE_ARN = f"arn:aws:iam::{DATA_PLANE}:role/{NODE_ROLE}"
ADMIN_ROLE = "acme-adminflyterole"
REPOSITORY = "team/trainer"
# moto makes a secret's six characters up unless a tag says them.
SUFFIX = "AbCdEf"
SUFFIX_TAG = [{"Key": "_custom_id_", "Value": SUFFIX}]

FOREIGN_STATEMENT = {
    "Sid": "BuildersPush",
    "Effect": "Allow",
    "Principal": {"AWS": f"arn:aws:iam::{REGISTRY}:role/image-builder"},
    "Action": ["ecr:PutImage", "ecr:InitiateLayerUpload", "ecr:UploadLayerPart", "ecr:CompleteLayerUpload"],
    "Condition": {"StringEquals": {"aws:RequestedRegion": "us-west-2"}},
}


def document(*statements):
    """A policy document as text."""
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def trust(principal, action="sts:AssumeRole", **condition):
    """A trust policy as text."""
    statement = {"Effect": "Allow", "Principal": principal, "Action": action}
    return document(statement | ({"Condition": condition} if condition else {}))


def allow(actions, resources):
    """A statement."""
    return {"Effect": "Allow", "Action": actions, "Resource": resources}


def secret_arn(name):
    """The ARN of a secret of the data plane's account in moto."""
    return f"arn:aws:secretsmanager:us-west-2:{DATA_PLANE}:secret:{name}-{SUFFIX}"


def prepare(data_plane, registry):
    """Makes all of it in two empty accounts. Answers with the ARN of the customer-managed key."""
    prepare_identities(data_plane, registry)
    for bucket in ("acme-training", "acme-unrelated", "acme-archive", "acme-models", "acme-forecasts", "acme-vision"):
        data_plane.s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "us-west-2"})
    return _secrets(data_plane)


def prepare_identities(data_plane, registry):
    """What there is to make in IAM and ECR: all that a sandbox of ours serves."""
    _platform(data_plane.iam)
    _bystanders(data_plane.iam)
    _repository(registry)


def _platform(iam):
    iam.create_open_id_connect_provider(
        Url=f"https://{OIDC}",
        ClientIDList=["sts.amazonaws.com"],
        ThumbprintList=["9e99a48a9960b14926bb7f3b02e22da2b0ab7280"],
    )
    iam.create_policy(
        PolicyName=TASK_POLICY,
        PolicyDocument=document(allow(["s3:GetObject", "s3:PutObject"], "arn:aws:s3:::union-acme-metadata/*")),
    )
    task = trust(
        {"Federated": OIDC_ARN}, "sts:AssumeRoleWithWebIdentity", StringLike={f"{OIDC}:aud": "sts.amazonaws.com"}
    )
    for name, who in (
        (TASK_ROLE, task),
        (ADMIN_ROLE, task),
        (NODE_ROLE, trust({"Service": "ec2.amazonaws.com"})),
        ("operator", trust({"AWS": f"arn:aws:iam::{DATA_PLANE}:root"})),
    ):
        iam.create_role(RoleName=name, AssumeRolePolicyDocument=who)
    iam.attach_role_policy(RoleName=TASK_ROLE, PolicyArn=TASK_POLICY_ARN)


def _bystanders(iam):
    """What somebody else put beside the platform, on the very roles that cloudgrant works on."""
    other = document(allow("sqs:SendMessage", f"arn:aws:sqs:us-west-2:{DATA_PLANE}:jobs"))
    arn = iam.create_policy(PolicyName="team-queue", PolicyDocument=other)["Policy"]["Arn"]
    iam.attach_role_policy(RoleName=TASK_ROLE, PolicyArn=arn)
    iam.put_role_policy(RoleName=TASK_ROLE, PolicyName="by-hand", PolicyDocument=other)
    # Another stack of cloudgrant's, with a name that begins like the one under test.
    mark = [{"Key": "cloudgrant:stack", "Value": "acme-ml-two"}]
    path = "/cloudgrant/acme-ml-two/"
    arn = iam.create_policy(PolicyName="cloudgrant_acme-ml-two_global", Path=path, PolicyDocument=other, Tags=mark)
    iam.attach_role_policy(RoleName=TASK_ROLE, PolicyArn=arn["Policy"]["Arn"])
    iam.create_role(
        RoleName="cloudgrant_acme-ml-two_staging",
        Path=path,
        AssumeRolePolicyDocument=trust({"Service": "ec2.amazonaws.com"}),
        Tags=mark,
    )


def _repository(account):
    account.iam.create_role(
        RoleName=REGISTRY_ADMIN.rsplit("/", 1)[1],
        AssumeRolePolicyDocument=trust({"AWS": f"arn:aws:iam::{DATA_PLANE}:root"}),
    )
    account.iam.create_role(RoleName="image-builder", AssumeRolePolicyDocument=trust({"Service": "ec2.amazonaws.com"}))
    account.ecr.create_repository(repositoryName=REPOSITORY)
    account.ecr.set_repository_policy(repositoryName=REPOSITORY, policyText=document(FOREIGN_STATEMENT))


def _secrets(account):
    key = account.kms.create_key(Description="for one secret")["KeyMetadata"]["Arn"]
    account.secrets.create_secret(Name="labels-token", SecretString="plain", Tags=SUFFIX_TAG)
    account.secrets.create_secret(Name="signing-key", SecretString="plain", KmsKeyId=key, Tags=SUFFIX_TAG)
    account.secrets.create_secret(Name="database", SecretString='{"user": "u", "password": "p"}', Tags=SUFFIX_TAG)
    return key
