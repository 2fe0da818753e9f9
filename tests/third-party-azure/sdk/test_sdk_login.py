"""azure-identity against the sandbox: every way in that a program without a person has."""

import os
import subprocess
import sys

import pytest
from azure.core.exceptions import ClientAuthenticationError
from azure.identity import WorkloadIdentityCredential
from azure_support import ids, tokens
from azure_support.clients import Clients, login, secret_credential

SCOPE = "https://management.azure.com/.default"


def test_a_secret(azure):
    (subscription,) = azure.subscriptions.list()
    assert (subscription.subscription_id, subscription.tenant_id) == (ids.SUBSCRIPTION, ids.TENANT)
    assert subscription.state == "Enabled"


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"client_secret": "another"}, "AADSTS7000215"),
        ({"client_id": "00000000-0000-4000-8000-0000000000ff"}, "AADSTS700016"),
        ({"tenant_id": "00000000-0000-4000-8000-0000000000ff"}, "Unable to get authority configuration"),
    ],
    ids=["secret", "client", "tenant"],
)
def test_whoever_is_unknown_stays_outside(home, wrong, said):
    with pytest.raises(ClientAuthenticationError, match=said):
        secret_credential(home, **wrong).get_token(SCOPE)


def test_a_token_is_for_whom_it_says(home):
    """A token for storage opens no management."""
    azure = Clients(home)
    storage = secret_credential(home).get_token("https://acmetraining.blob.core.windows.net/.default")

    class Other:
        def get_token(self, *_, **__):
            return storage

    with pytest.raises(ClientAuthenticationError, match="InvalidAuthenticationTokenAudience"):
        list(Clients(home, Other()).groups.list())
    assert [group.name for group in azure.groups.list()] == [ids.GROUP]


def test_a_token_file(azure, home, tmp_path):
    """Workload identity, as its webhook sets it up in a pod."""
    identity = azure.identity(ids.GROUP, "worker")
    azure.trust(ids.GROUP, "worker", "worker-pod", ids.ISSUER, ids.subject("vision", "staging"))
    azure.assign(azure.scope, ids.role("Reader"), identity.principal_id)
    file = tmp_path / "token"
    file.write_text(tokens.service_account(ids.subject("vision", "staging")), encoding="utf-8")
    credential = WorkloadIdentityCredential(
        tenant_id=home.tenant, client_id=identity.client_id, token_file_path=str(file), **login(home)
    )
    assert [group.name for group in Clients(home, credential).groups.list()] == [ids.GROUP]


PROGRAM = """
import os
from azure.identity import EnvironmentCredential
from azure.mgmt.resource.resources import ResourceManagementClient
credential = EnvironmentCredential(disable_instance_discovery=True)
client = ResourceManagementClient(
    credential,
    os.environ["AZURE_SUBSCRIPTION_ID"],
    base_url=os.environ["AZURE_AUTHORITY_HOST"],
    credential_scopes=["https://management.azure.com/.default"],
)
print(*[group.name for group in client.resource_groups.list()])
"""


def test_the_exports_are_enough(home):
    """What the sandbox says to export is all that another program needs."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        env=os.environ | home.exports,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout.split()) == (0, [ids.GROUP]), done.stderr
