"""N project-domain grants on a Flyte platform, and the objects that must come of them, stated by hand."""

import hashlib
import json

from support import manifest, world
from support.accounts import DATA_PLANE
from support.permissions import document, web_identity

STACK = "bench"
# A home is told by its cluster's issuer.
HOME = f"{STACK}.{hashlib.sha256(world.OIDC.encode()).hexdigest()[:8]}"
PATH = f"/cloudgrant/{HOME}/"
DOMAINS = ["development", "staging", "production"]
TASK_POLICY = "flyte-task-policy"
TASK_POLICY_ARN = f"arn:aws:iam::{DATA_PLANE}:policy/{TASK_POLICY}"
TASK_ROLE = "flyte-task"
TAGS = {"cloudgrant:stack": STACK, "cloudgrant:home": f"{DATA_PLANE} {world.OIDC}"}


class Workload:
    """N policies, N roles and 2N attachments: each role has its own policy and the platform's task policy.

    The change gives the first grant another level, so that one policy gets another document.
    """

    def __init__(self, n):
        self.n = n
        projects = [f"project-{at:05}" for at in range(-(-n // len(DOMAINS)))]
        self.projects = projects
        self.scopes = [(project, domain) for project in projects for domain in DOMAINS][:n]

    def manifest(self, changed):
        """cloudgrant's manifest."""
        return {
            "version": 1,
            "stack": STACK,
            "provider": "aws",
            "platform": {"kind": "flyte", "projects": self.projects, "domains": DOMAINS},
            "aws": {
                "region": "us-west-2",
                "account": DATA_PLANE,
                "task_role": TASK_ROLE,
                "task_policy": TASK_POLICY_ARN,
                "cluster": {"oidc_provider": world.OIDC},
            },
            "resources": {f"data-{at:05}": {"aws": f"s3://acme-data-{at:05}/inputs/"} for at in range(self.n)},
            "grants": [
                manifest.grant(
                    f"grant-{at:05}",
                    {"project": project, "domain": domain},
                    **{f"data-{at:05}": self._level(at, changed)},
                )
                for at, (project, domain) in enumerate(self.scopes)
            ],
        }

    def summary(self, phase):
        """What cloudgrant must say that it did."""
        objects = 4 * self.n
        return {
            "apply": {"create": objects},
            "no-op": {"unchanged": objects},
            "change": {"update": 1, "unchanged": objects - 1},
            "revoke": {"delete": objects},
        }[phase]

    def objects(self, changed):
        """One policy and one role for each grant, with all that a client needs in order to make them."""
        return [self._object(at, *scope, changed) for at, scope in enumerate(self.scopes)]

    def _level(self, at, changed):
        return "read-write" if changed and at == 0 else "read"

    def _object(self, at, project, domain, changed):
        name = f"cloudgrant_{HOME}_{project}_{domain}"
        return {
            "name": name,
            "path": PATH,
            "description": f"Managed by cloudgrant, stack {STACK} of {DATA_PLANE} {world.OIDC}",
            "policy": f"arn:aws:iam::{DATA_PLANE}:policy{PATH}{name}",
            "document": _document(at, self._level(at, changed)),
            "trust": web_identity(world.OIDC_ARN, world.OIDC, f"system:serviceaccount:{project}-{domain}:default"),
            "policy_tags": TAGS,
            "role_tags": TAGS
            | {
                "cloudgrant:scope": f"project {project} in domain {domain}",
                "cloudgrant:task-policy": TASK_POLICY_ARN,
            },
            "attached": TASK_POLICY_ARN,
        }

    def write_objects(self, path, changed):
        """The objects as a file, for clients that aren't cloudgrant."""
        content = {"path": PATH, "objects": self.objects(changed)}
        path.write_text(json.dumps(content), encoding="utf-8")
        return path


READ_WRITE = ["s3:AbortMultipartUpload", "s3:GetObject", "s3:ListMultipartUploadParts", "s3:PutObject"]


def _document(at, level):
    bucket, sid = f"arn:aws:s3:::acme-data-{at:05}", f"Grant{at:05}"
    owned = {"aws:ResourceAccount": [DATA_PLANE]}
    return document(
        {
            "Sid": f"{sid}ListPrefix",
            "Effect": "Allow",
            "Action": ["s3:ListBucket"],
            "Resource": [bucket],
            "Condition": {"StringEquals": owned, "StringLike": {"s3:prefix": ["inputs/", "inputs/*"]}},
        },
        {
            "Sid": f"{sid}{'Read' if level == 'read' else 'ReadWrite'}",
            "Effect": "Allow",
            "Action": ["s3:GetObject"] if level == "read" else READ_WRITE,
            "Resource": [f"{bucket}/inputs/*"],
            "Condition": {"StringEquals": owned},
        },
    )
