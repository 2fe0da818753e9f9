"""The two accounts of the examples, and clients for them."""

import boto3
from botocore.config import Config

DATA_PLANE = "111122223333"
REGISTRY = "444455556666"
REGION = "us-west-2"
OPERATOR = f"arn:aws:iam::{DATA_PLANE}:role/operator"
REGISTRY_ADMIN = f"arn:aws:iam::{REGISTRY}:role/registry-admin"

# One session for all: it is what keeps the services' descriptions, which are slow to read.
SESSION = boto3.session.Session(region_name=REGION)


class Account:
    """Credentials for one account at one endpoint, and boto3 clients that are made when first asked for."""

    def __init__(self, endpoint, key, secret, token=None):
        self.endpoint = endpoint
        self.credentials = {"aws_access_key_id": key, "aws_secret_access_key": secret}
        if token:
            self.credentials["aws_session_token"] = token
        self._clients = {}

    def client(self, service):
        if service not in self._clients:
            # No retries: a test should see what the server said, and the server counts requests.
            config = Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"})
            self._clients[service] = SESSION.client(
                service, endpoint_url=self.endpoint, config=config, **self.credentials
            )
        return self._clients[service]

    @property
    def iam(self):
        return self.client("iam")

    @property
    def sts(self):
        return self.client("sts")

    @property
    def ecr(self):
        return self.client("ecr")

    @property
    def secrets(self):
        return self.client("secretsmanager")

    @property
    def s3(self):
        return self.client("s3")

    @property
    def kms(self):
        return self.client("kms")

    def assume(self, role):
        """The account of a role, with a session of that role."""
        got = self.sts.assume_role(RoleArn=role, RoleSessionName="third-party-tests")["Credentials"]
        return Account(self.endpoint, got["AccessKeyId"], got["SecretAccessKey"], got["SessionToken"])

    def environment(self):
        """Environment variables with which other programs act as this one, at the same endpoint."""
        variables = {name.upper(): value for name, value in self.credentials.items()}
        return variables | {"AWS_ENDPOINT_URL": self.endpoint, "AWS_REGION": REGION, "AWS_DEFAULT_REGION": REGION}


def of_moto(endpoint):
    """Both accounts at a moto server, which takes a session of a role for its account.

    The sessions are forgotten when moto is reset.
    """
    # Whoever moto doesn't know is in its default account, which is none of ours.
    anybody = Account(endpoint, "nobody", "nothing")
    return anybody.assume(OPERATOR), anybody.assume(REGISTRY_ADMIN)


def of_sandbox(endpoint):
    """Both accounts at a cloudgrant sandbox, where an access key spells its account."""
    return tuple(Account(endpoint, f"AKIASANDBOX0{account}", "sandbox") for account in (DATA_PLANE, REGISTRY))
