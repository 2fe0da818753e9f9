"""`az ad`: applications, service principals, secrets and federated credentials, as people make them by hand."""

import json

from azure_support import ids
from azure_support.az import Az


def test_an_application_and_its_credentials(az, home, tmp_path):
    az = az(home)
    made = az("ad", "app", "create", "--display-name", "acme", "--sign-in-audience", "AzureADMyOrg")
    client, application = made["appId"], made["id"]
    assert [one["appId"] for one in az("ad", "app", "list", "--display-name", "acme")] == [client]
    principal = az("ad", "sp", "create", "--id", client)
    assert az("ad", "sp", "show", "--id", client)["id"] == principal["id"]
    trust = {"name": "main", "issuer": "https://token.example", "subject": "repo:acme", "audiences": [ids.AUDIENCE]}
    path = tmp_path / "trust.json"
    path.write_text(json.dumps(trust), encoding="utf-8")
    az("ad", "app", "federated-credential", "create", "--id", application, "--parameters", str(path))
    (credential,) = az("ad", "app", "federated-credential", "list", "--id", application)
    assert {name: credential[name] for name in trust} == trust
    secret = az("ad", "app", "credential", "reset", "--id", client, "--append", "--display-name", "first")["password"]
    (shown,) = az("ad", "app", "credential", "list", "--id", client)
    assert shown["displayName"] == "first" and secret not in json.dumps(shown)
    assignee = ("--assignee-object-id", principal["id"], "--assignee-principal-type", "ServicePrincipal")
    az("role", "assignment", "create", *assignee, "--role", "Reader", "--scope", ids.GROUP_ID)

    own = Az(home, tmp_path / "own")
    own.folder.mkdir()
    register, choose, _ = home.setup
    own.bash(register, choose)
    own("login", "--service-principal", "-u", client, "-p", secret, "--tenant", ids.TENANT)
    assert own("group", "show", "--name", ids.GROUP)["id"] == ids.GROUP_ID
    az("ad", "app", "credential", "delete", "--id", client, "--key-id", shown["keyId"])
    assert az("ad", "app", "credential", "list", "--id", client) == []
    az("ad", "app", "delete", "--id", client)
    assert "does not exist" in az("ad", "app", "show", "--id", client, expect=3)
