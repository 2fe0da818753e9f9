"""Runs in a sandbox of `examples/flyte`: what boto3 in a pod makes of the token of its service account.

Prints JSON: for each pod, the ARN that AWS knows it by, or the code of the refusal.
"""

import json
import os
import subprocess
import sys
import tempfile
import urllib.parse
import urllib.request

AUDIENCE = "sts.amazonaws.com"
PODS = {
    "the scope's own": ("vision-production", AUDIENCE),
    "another domain's": ("vision-development", AUDIENCE),
    "one that ends alike": ("vision-pre-production", AUDIENCE),
    "a token for elsewhere": ("vision-production", "elsewhere"),
}
IDENTITY = """
import boto3, botocore.exceptions
try:
    print(boto3.client("sts").get_caller_identity()["Arn"])
except botocore.exceptions.ClientError as refusal:
    print(refusal.response["Error"]["Code"])
"""


def ask(path, **query):
    url = f"{os.environ['FLYTE_PLATFORM_URL']}/_sandbox/{path}?{urllib.parse.urlencode(query)}"
    with urllib.request.urlopen(url) as answer:
        return json.load(answer)


def identity(role, namespace, audience):
    """As the webhook of EKS sets up a pod: the role, and the token in a file; no keys."""
    with tempfile.NamedTemporaryFile("w", suffix=".token") as token:
        token.write(ask("token", namespace=namespace, audience=audience)["token"])
        token.flush()
        pod = {name: value for name, value in os.environ.items() if name not in KEYS}
        pod.update(AWS_ROLE_ARN=role, AWS_WEB_IDENTITY_TOKEN_FILE=token.name, AWS_ROLE_SESSION_NAME="pod")
        run = subprocess.run([sys.executable, "-c", IDENTITY], env=pod, capture_output=True, text=True, check=True)
        return run.stdout.strip()


KEYS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE")


def main():
    subprocess.run([os.environ["CLOUDGRANT"], "apply", "--yes"], stdout=sys.stderr, check=True)
    (account,) = ask("synced", namespace="vision-production")["service_accounts"]
    role = account["annotations"]["eks.amazonaws.com/role-arn"]
    print(json.dumps({"role": role, "pods": {name: identity(role, *pod) for name, pod in PODS.items()}}))


if __name__ == "__main__":
    main()
