"""The Azure CLI against the sandbox, as its users run it."""

import json

from azure_support import ids

SUBJECT = ids.subject("vision", "staging")


def test_identities_and_credentials_come_and_go(az, home):
    az = az(home)
    account = az("account", "show")
    assert (account["id"], account["tenantId"]) == (ids.SUBSCRIPTION, ids.TENANT)
    worker = ("--resource-group", ids.GROUP, "--name", "worker")
    made = az("identity", "create", *worker, "--tags", "team=ml")
    assert (made["tags"], made["location"]) == ({"team": "ml"}, ids.LOCATION)
    of_worker = ("--resource-group", ids.GROUP, "--identity-name", "worker")
    credential = ("identity", "federated-credential")
    trusted = ("--issuer", ids.ISSUER, "--subject", SUBJECT, "--audiences", ids.AUDIENCE)
    created = az(*credential, "create", *of_worker, "--name", "vision-staging", *trusted)
    (listed,) = az(*credential, "list", *of_worker)
    assert (listed["subject"], listed["issuer"], listed["id"]) == (SUBJECT, ids.ISSUER, created["id"])
    said = az(*credential, "create", *of_worker, "--name", "vision-again", *trusted, expect=1)
    assert "Issuer and subject" in said, said
    az(*credential, "delete", *of_worker, "--name", "vision-staging", "--yes")
    assert az(*credential, "list", *of_worker) == []
    az("identity", "delete", *worker)
    assert {one["name"] for one in az("identity", "list")} == {ids.TASK_IDENTITY, ids.KUBELET}


def test_assignments_come_and_go(az, azure, home):
    worker = azure.identity(ids.GROUP, "worker")
    az = az(home)
    assignment = ("role", "assignment")
    by_object = ("--assignee-object-id", worker.principal_id, "--assignee-principal-type", "ServicePrincipal")
    made = az(
        *assignment, "create", *by_object, "--role", "Reader", "--scope", ids.GROUP_ID, "--description", "by hand"
    )
    assert (made["principalId"], made["description"]) == (worker.principal_id, "by hand")
    # `az` takes the same again for a success, and answers with the one that is there.
    again = az(*assignment, "create", *by_object, "--role", "Reader", "--scope", ids.GROUP_ID)
    assert again["name"] == made["name"]
    # By the client id, which it asks Microsoft Graph about.
    by_client = ("--assignee", worker.client_id)
    az(*assignment, "create", *by_client, "--role", "AcrPull", "--scope", ids.SUBSCRIPTION_ID)
    listed = {(one["roleDefinitionName"], one["scope"]) for one in az(*assignment, "list", "--all", *by_client)}
    assert listed == {("Reader", ids.GROUP_ID), ("AcrPull", ids.SUBSCRIPTION_ID)}
    here = az(*assignment, "list", "--scope", ids.GROUP_ID)
    assert {one["principalName"] for one in here} == {worker.client_id}
    inherited = az(*assignment, "list", "--scope", ids.GROUP_ID, "--include-inherited")
    assert {one["roleDefinitionName"] for one in inherited} == {"Reader", "AcrPull", "Owner"}
    az(*assignment, "delete", *by_client, "--role", "AcrPull", "--scope", ids.SUBSCRIPTION_ID)
    az(*assignment, "delete", "--ids", made["id"])
    assert az(*assignment, "list", "--all", *by_client) == []


def test_roles_come_and_go(az, home):
    az = az(home)
    wanted = {
        "Name": "Blob peepers",
        "Description": "for tests",
        "Actions": [],
        "DataActions": ["Microsoft.Storage/storageAccounts/blobServices/containers/blobs/read"],
        "AssignableScopes": [ids.SUBSCRIPTION_ID],
    }
    definition = ("role", "definition")
    made = az(*definition, "create", "--role-definition", json.dumps(wanted))
    (listed,) = az(*definition, "list", "--custom-role-only")
    assert (listed["name"], listed["roleName"]) == (made["name"], "Blob peepers")
    (reader,) = az(*definition, "list", "--name", "Reader")
    assert reader["name"] == ids.ROLES["Reader"]
    az(*definition, "delete", "--name", "Blob peepers")
    assert az(*definition, "list", "--custom-role-only") == []
    assert az("acr", "list") == []
