"""The script that is measured: `sdk_script.py PHASE OBJECTS`. It stands alone, and makes no call that isn't needed.

It does less than cloudgrant: it doesn't look before it makes, nor afterwards whether it succeeded, and it knows nothing
of quotas, of missing permissions or of other people's objects.
"""

import json
import os
import sys
import uuid
from concurrent.futures import ThreadPoolExecutor

import requests
from azure.core.pipeline.transport import RequestsTransport
from azure.identity import ClientSecretCredential
from azure.mgmt.authorization import AuthorizationManagementClient
from azure.mgmt.msi import ManagedServiceIdentityClient
from requests.adapters import HTTPAdapter

THREADS = 16
SCOPE = "https://management.azure.com/.default"


def main():
    phase, file = sys.argv[1:]
    with open(file, encoding="utf-8") as content:
        wanted = json.load(content)
    cloud = Cloud(wanted["subscription"])
    {"apply": apply, "no-op": no_op, "change": change, "revoke": revoke}[phase](cloud, wanted)


class Cloud:
    """The clients."""

    def __init__(self, subscription):
        endpoint = os.environ["ENDPOINT"]
        credential = ClientSecretCredential(
            os.environ["AZURE_TENANT_ID"],
            os.environ["AZURE_CLIENT_ID"],
            os.environ["AZURE_CLIENT_SECRET"],
            authority=endpoint,
            disable_instance_discovery=True,
        )
        # Once, rather than by each thread.
        credential.get_token(SCOPE)
        # Both clients share the connections; by default there are fewer than threads.
        session = requests.Session()
        session.mount("https://", HTTPAdapter(pool_maxsize=THREADS))
        common = {
            "credential": credential,
            "subscription_id": subscription,
            "base_url": endpoint,
            "credential_scopes": [SCOPE],
            "transport": RequestsTransport(session=session, session_owner=False),
            # Whoever is throttled waits as long as the answer says; with others before it, that may happen often.
            "retry_total": 100,
            "retry_status": 100,
        }
        self.assignments = AuthorizationManagementClient(**common).role_assignments
        identities = ManagedServiceIdentityClient(**common)
        self.identities = identities.user_assigned_identities
        self.credentials = identities.federated_identity_credentials


def everywhere(work, items):
    """Does it for all items, many at a time; the first failure is the script's."""
    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(work, items))


def assign(cloud, wanted, one, principal):
    name = uuid.uuid5(uuid.NAMESPACE_URL, f"{one['scope']}\n{one['role']}\n{principal}")
    properties = {
        "roleDefinitionId": one["role"],
        "principalId": principal,
        "principalType": "ServicePrincipal",
        "description": wanted["description"],
    }
    cloud.assignments.create(one["scope"], str(name), {"properties": properties})


def apply(cloud, wanted):
    def make(identity):
        content = {"location": wanted["location"], "tags": identity["tags"]}
        return cloud.identities.create_or_update(wanted["group"], identity["name"], content).principal_id

    def trust(identity):
        # One after the other: Azure refuses them at the same time.
        for one in identity["credentials"]:
            properties = {"issuer": wanted["issuer"], "subject": one["subject"], "audiences": [wanted["audience"]]}
            cloud.credentials.create_or_update(
                wanted["group"], identity["name"], one["name"], {"properties": properties}
            )

    principals = everywhere(make, wanted["identities"])
    with ThreadPoolExecutor(THREADS) as pool:
        # Those that take long come first, and then those that can be done side by side.
        under_way = [pool.submit(trust, identity) for identity in wanted["identities"]]
        for principal, identity in zip(principals, wanted["identities"], strict=True):
            under_way += [pool.submit(assign, cloud, wanted, one, principal) for one in identity["assignments"]]
        for one in under_way:
            one.result()


def assigned(cloud):
    """All role assignments of the subscription: by principal, role and scope."""
    found = cloud.assignments.list_for_subscription()
    return {(one.principal_id, one.role_definition_id.rsplit("/", 1)[-1], one.scope): one.id for one in found}


def different(cloud, wanted):
    """The role assignments that are missing and those that are there and shouldn't be; the rest must be right."""
    with ThreadPoolExecutor(THREADS) as pool:
        assignments = pool.submit(assigned, cloud)
        identities = pool.submit(
            lambda: {one.name: one for one in cloud.identities.list_by_resource_group(wanted["group"])}
        )
        trusted = pool.map(
            lambda identity: list(cloud.credentials.list(wanted["group"], identity["name"])), wanted["identities"]
        )
        assignments, identities, trusted = assignments.result(), identities.result(), list(trusted)
    should = {}
    for identity, credentials in zip(wanted["identities"], trusted, strict=True):
        there = identities[identity["name"]]
        subjects = {(one.name, one.issuer, one.subject, *one.audiences) for one in credentials}
        if there.tags != identity["tags"] or subjects != {
            (one["name"], wanted["issuer"], one["subject"], wanted["audience"]) for one in identity["credentials"]
        }:
            raise SystemExit(f"{identity['name']} is not as it should be")
        for one in identity["assignments"]:
            should[there.principal_id, one["role"].rsplit("/", 1)[-1], one["scope"]] = one
    ours = {identities[identity["name"]].principal_id for identity in wanted["identities"]}
    missing = [(one, key[0]) for key, one in should.items() if key not in assignments]
    odd = [id for key, id in assignments.items() if key[0] in ours and key not in should]
    return missing, odd


def no_op(cloud, wanted):
    if any(different(cloud, wanted)):
        raise SystemExit("there is something to do")


def change(cloud, wanted):
    missing, odd = different(cloud, wanted)
    with ThreadPoolExecutor(THREADS) as pool:
        under_way = [pool.submit(assign, cloud, wanted, *one) for one in missing]
        under_way += [pool.submit(cloud.assignments.delete_by_id, id) for id in odd]
        for one in under_way:
            one.result()


def revoke(cloud, wanted):
    with ThreadPoolExecutor(THREADS) as pool:
        assignments = pool.submit(assigned, cloud)
        # By their names; and what they trust goes with them.
        names = {one["name"] for one in wanted["identities"]}
        found = [one for one in cloud.identities.list_by_resource_group(wanted["group"]) if one.name in names]
        principals = {one.principal_id for one in found}
        ids = [id for key, id in assignments.result().items() if key[0] in principals]
        under_way = [pool.submit(cloud.identities.delete, wanted["group"], one.name) for one in found]
        under_way += [pool.submit(cloud.assignments.delete_by_id, id) for id in ids]
        for one in under_way:
            one.result()


main()
