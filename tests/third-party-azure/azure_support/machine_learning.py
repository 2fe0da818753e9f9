"""Azure Machine Learning at a sandbox: bodies, and somebody who sends them and waits until they are carried out."""

import time

import requests

from . import ids
from .clients import secret_credential

API = "2024-04-01"
PROVIDERS = f"{ids.GROUP_ID}/providers"
NAME = "acme-ml"
WORKSPACE = f"{PROVIDERS}/Microsoft.MachineLearningServices/workspaces/{NAME}"
ACCOUNT = f"{PROVIDERS}/Microsoft.Storage/storageAccounts/acmeml"
CONTAINER = f"{ACCOUNT}/blobServices/default/containers/inputs"
VAULT = f"{PROVIDERS}/Microsoft.KeyVault/vaults/acme-ml"


def inside(tail):
    """The id of something in the workspace."""
    return f"{WORKSPACE}/{tail}"


def users(kind, *names):
    """Identities as a body has them."""
    identities = f"{PROVIDERS}/Microsoft.ManagedIdentity/userAssignedIdentities"
    return {"type": kind, "userAssignedIdentities": {f"{identities}/{name}": {} for name in names}}


def workspace(identity=None):
    """A workspace on an account and a vault of its own."""
    return {
        "location": ids.LOCATION,
        "identity": identity or {"type": "SystemAssigned"},
        "tags": {"team": "vision"},
        "properties": {"friendlyName": "Vision", "storageAccount": ACCOUNT, "keyVault": VAULT},
    }


def cluster(identity):
    """A compute cluster."""
    scale = {"minNodeCount": 0, "maxNodeCount": 4, "nodeIdleTimeBeforeScaleDown": "PT5M"}
    settings = {"vmSize": "STANDARD_DS3_V2", "scaleSettings": scale}
    properties = {"computeType": "AmlCompute", "description": "clusters", "properties": settings}
    return {"location": ids.LOCATION, "identity": identity, "properties": properties}


def store(credentials):
    """A datastore on a container of the workspace's account."""
    place = {"datastoreType": "AzureBlob", "accountName": "acmeml", "containerName": "inputs"}
    return {"properties": place | {"credentials": credentials, "tags": {"team": "vision"}}}


def endpoint(identity):
    """An online endpoint."""
    return {"location": ids.LOCATION, "identity": identity, "properties": {"authMode": "Key"}, "tags": {}}


class Caller:
    """The operator of a sandbox with an account, a container and a vault, by plain requests."""

    def __init__(self, sandbox):
        self.sandbox = sandbox
        self.token = secret_credential(sandbox).get_token("https://management.azure.com/.default").token
        for made in (ACCOUNT, CONTAINER, VAULT):
            sandbox.put(id=made)

    def send(self, method, url, body=None, **query):
        """One request; `url` is an id, or a link that the sandbox gave."""
        if url.startswith("/"):
            query = {"api-version": API} | query
            url = self.sandbox.url + url
        headers = {"Authorization": f"Bearer {self.token}"}
        return requests.request(
            method, url, params=query, json=body, headers=headers, verify=self.sandbox.certificate, timeout=30
        )

    def done(self, method, url, body=None, waits=True, **query):
        """A request that is carried out, with what it takes until it has ended."""
        answer = self.send(method, url, body, **query)
        assert answer.ok, f"{method} {url}: {answer.status_code} {answer.text}"
        if waits:
            self.wait(answer)
        return answer

    def wait(self, answer):
        """Polls the links of an answer, as long as there is something to wait for."""
        ends = time.monotonic() + 30
        status, result = (answer.headers.get(name) for name in ("Azure-AsyncOperation", "Location"))
        while status and (said := self.send("GET", status).json())["status"] != "Succeeded":
            assert said["status"] == "InProgress" and time.monotonic() < ends, said
            time.sleep(0.1)
        while result and (said := self.send("GET", result)).status_code == 202:
            assert said.headers["Location"] and time.monotonic() < ends
            time.sleep(0.1)

    def refused(self, status, method, url, body=None, **query):
        """A request that is not carried out."""
        answer = self.send(method, url, body, **query)
        assert answer.status_code == status, f"{method} {url}: {answer.status_code} {answer.text}"
        return answer.json()["error"]["code"]
