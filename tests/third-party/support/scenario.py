"""A manifest with one grant of each scope, and what must come of it, stated by hand from the requirements."""

from . import manifest, world
from .accounts import DATA_PLANE
from .permissions import document, web_identity

# What the cluster's issuer adds to the stack's name: the beginning of its SHA-256.
STACK = "acme-ml.a96e55e9"
PATH = f"/cloudgrant/{STACK}/"


def policy_arn(name):
    return f"arn:aws:iam::{DATA_PLANE}:policy{PATH}{name}"


def role_arn(name):
    return f"arn:aws:iam::{DATA_PLANE}:role{PATH}{name}"


REGISTRY = {
    "name": "trainer-images",
    "access": "pull",
    "aws": "444455556666.dkr.ecr.us-west-2.amazonaws.com/team/trainer",
}


def three_scopes(**overrides):
    """One grant for everybody, one for a domain, one for a project in a domain, and a repository elsewhere."""
    content = {
        "resources": {
            "training-data": "s3://acme-training/inputs/",
            "archive": "s3://acme-archive",
            "labels-token": world.secret_arn("labels-token"),
        },
        "grants": [
            manifest.grant("training-data-for-all", training_data="read"),
            manifest.grant("archive-in-staging", {"domain": "staging"}, archive="write"),
            manifest.grant(
                "forecasting-production",
                {"project": "forecasting", "domain": "production"},
                training_data="read-write",
                labels_token="read",
            ),
        ],
        "registries": [REGISTRY],
    }
    return manifest.manifest(**(content | overrides))


GLOBAL, STAGING = policy_arn(f"cloudgrant_{STACK}_global"), policy_arn(f"cloudgrant_{STACK}_staging")
FORECASTING = policy_arn(f"cloudgrant_{STACK}_forecasting_production")

# Where the stack has a statement outside its home. It is attached to nobody.
PLACE = policy_arn(f"cloudgrant_{STACK}_place.ecr-nodes.444455556666.us-west-2")

# A bucket that somebody else makes under its name stays out of reach.
OWNED = {"aws:ResourceAccount": DATA_PLANE}

# Requirement 28: listing on the bucket, held to the prefix; reading and writing on its objects.
LIST_INPUTS = {
    "Effect": "Allow",
    "Action": "s3:ListBucket",
    "Resource": "arn:aws:s3:::acme-training",
    "Condition": {"StringEquals": OWNED, "StringLike": {"s3:prefix": ["inputs/", "inputs/*"]}},
}

POLICIES = {
    PLACE: document(
        {
            "Effect": "Allow",
            "Action": "ecr:GetRepositoryPolicy",
            "Resource": "arn:aws:ecr:us-west-2:444455556666:repository/team/trainer",
        }
    ),
    GLOBAL: document(
        LIST_INPUTS,
        {
            "Effect": "Allow",
            "Action": "s3:GetObject",
            "Resource": "arn:aws:s3:::acme-training/inputs/*",
            "Condition": {"StringEquals": OWNED},
        },
    ),
    STAGING: document(
        {
            "Effect": "Allow",
            "Action": ["s3:AbortMultipartUpload", "s3:PutObject"],
            "Resource": "arn:aws:s3:::acme-archive/*",
            "Condition": {"StringEquals": OWNED},
        }
    ),
    FORECASTING: document(
        LIST_INPUTS,
        {
            "Effect": "Allow",
            "Action": ["s3:AbortMultipartUpload", "s3:GetObject", "s3:ListMultipartUploadParts", "s3:PutObject"],
            "Resource": "arn:aws:s3:::acme-training/inputs/*",
            "Condition": {"StringEquals": OWNED},
        },
        {
            "Effect": "Allow",
            "Action": "secretsmanager:GetSecretValue",
            "Resource": world.secret_arn("labels-token"),
        },
    ),
}

# Requirements 17 to 23: the roles, whom they trust, and that they carry what the wider scopes grant.
ROLES = {
    role_arn(f"cloudgrant_{STACK}_staging"): {
        "trust": web_identity(
            world.OIDC_ARN,
            world.OIDC,
            "system:serviceaccount:forecasting-staging:default",
            "system:serviceaccount:vision-staging:default",
        ),
        "attached": {world.TASK_POLICY_ARN, GLOBAL, STAGING},
    },
    role_arn(f"cloudgrant_{STACK}_forecasting_production"): {
        "trust": web_identity(world.OIDC_ARN, world.OIDC, "system:serviceaccount:forecasting-production:default"),
        "attached": {world.TASK_POLICY_ARN, GLOBAL, FORECASTING},
    },
}

# Requirement 31.
PULL_ACTIONS = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
