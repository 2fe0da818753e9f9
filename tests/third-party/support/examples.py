"""The examples of the repository, and what must come of them, stated by hand from the requirements."""

import hashlib
import pathlib

from . import world
from .accounts import DATA_PLANE
from .permissions import document, web_identity
from .scenario import PULL_ACTIONS

# The beginning of the issuer's SHA-256.
ISSUER = hashlib.sha256(world.OIDC.encode()).hexdigest()[:8]
FOLDER = pathlib.Path(__file__).resolve().parents[3] / "examples"


def path_of(name, file="cloudgrant.yaml"):
    return FOLDER / name / file


def allow(action, resource, **condition):
    conditions = {"StringLike": {"s3:prefix": condition["prefixes"]}} if condition else {}
    if resource.startswith("arn:aws:s3:::"):
        # A bucket that somebody else makes under its name stays out of reach.
        conditions["StringEquals"] = {"aws:ResourceAccount": DATA_PLANE}
    return {"Effect": "Allow", "Action": action, "Resource": resource} | ({"Condition": conditions} if conditions else {})


def trust(*pairs):
    return web_identity(world.OIDC_ARN, world.OIDC, *(f"system:serviceaccount:{pair}:default" for pair in pairs))


READ_WRITE = ["s3:AbortMultipartUpload", "s3:GetObject", "s3:ListMultipartUploadParts", "s3:PutObject"]
READ_INPUTS = document(
    allow("s3:ListBucket", "arn:aws:s3:::acme-training", prefixes=["inputs/", "inputs/*"]),
    allow("s3:GetObject", "arn:aws:s3:::acme-training/inputs/*"),
)
TOKEN = allow("secretsmanager:GetSecretValue", world.secret_arn("labels-token"))


class Example:
    """One example: its policies and roles by the last part of their names, and what each role carries."""

    def __init__(self, stack, policies, roles, has_cluster=True):
        # The cluster's issuer is a part of the home, and so of all names.
        stack = f"{stack}.{ISSUER}" if has_cluster else stack
        self.path = f"/cloudgrant/{stack}/"
        self.policies = {self.policy_arn(name): expected for name, expected in policies.items()}
        self.roles = {
            f"arn:aws:iam::{DATA_PLANE}:role{self.path}cloudgrant_{stack}_{name}": {
                "trust": trusted,
                "attached": {world.TASK_POLICY_ARN, *(self.policy_arn(one) for one in carried)},
            }
            for name, (trusted, carried) in roles.items()
        }
        self.global_policy = self.policy_arn("global")

    def policy_arn(self, name):
        stack = self.path.split("/")[2]
        return f"arn:aws:iam::{DATA_PLANE}:policy{self.path}cloudgrant_{stack}_{name}"


FIRST = Example("acme-first", policies={"global": READ_INPUTS}, roles={}, has_cluster=False)

QUICKSTART = Example(
    "acme-ml",
    policies={
        "global": READ_INPUTS,
        "production": document(
            allow("s3:ListBucket", "arn:aws:s3:::acme-models"),
            allow(READ_WRITE, "arn:aws:s3:::acme-models/*"),
            TOKEN,
        ),
        # Where the stack has a statement outside its home. It is attached to nobody.
        "place.ecr-nodes.444455556666.us-west-2": document(
            allow("ecr:GetRepositoryPolicy", "arn:aws:ecr:us-west-2:444455556666:repository/team/trainer")
        ),
    },
    roles={"production": (trust("forecasting-production", "vision-production"), ["global", "production"])},
)

PROJECT_DOMAIN = Example(
    "acme-projects",
    policies={
        "global": READ_INPUTS,
        "production": document(
            allow(PULL_ACTIONS, f"arn:aws:ecr:us-west-2:{DATA_PLANE}:repository/tools"),
            # The token for `docker login` can't be narrowed.
            allow("ecr:GetAuthorizationToken", "*"),
        ),
        "forecasting_production": document(
            allow("s3:ListBucket", "arn:aws:s3:::acme-forecasts"),
            allow(READ_WRITE, "arn:aws:s3:::acme-forecasts/*"),
            TOKEN,
        ),
        "forecasting_development": document(allow("s3:ListBucket", "arn:aws:s3:::acme-forecasts")),
        "vision_production": document(
            allow("s3:ListBucket", "arn:aws:s3:::acme-vision", prefixes=["frames/", "frames/*"]),
            allow(
                [
                    "s3:AbortMultipartUpload",
                    "s3:DeleteObject",
                    "s3:GetObject",
                    "s3:ListMultipartUploadParts",
                    "s3:PutObject",
                ],
                "arn:aws:s3:::acme-vision/frames/*",
            ),
        ),
    },
    roles={
        "production": (trust("forecasting-production", "vision-production"), ["global", "production"]),
        "forecasting_production": (
            trust("forecasting-production"),
            ["global", "production", "forecasting_production"],
        ),
        "vision_production": (trust("vision-production"), ["global", "production", "vision_production"]),
        "forecasting_development": (trust("forecasting-development"), ["global", "forecasting_development"]),
    },
)

ALL = {"first": FIRST, "quickstart": QUICKSTART, "project-domain": PROJECT_DOMAIN}
