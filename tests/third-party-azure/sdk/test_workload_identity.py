"""From a pod's token to data: who gets in as the identity that cloudgrant made, and what that opens."""

import pytest
from azure.core.exceptions import ClientAuthenticationError
from azure_support import ids, scenario, tokens

STORAGE = "https://storage.azure.com/.default"
MEDIA = scenario.container("acmevision", "media")


@pytest.fixture
def client(flyte):
    """The client id of the domain's identity, after an apply."""
    flyte.cloudgrant.apply(flyte.path)
    return flyte.azure.identities.get(ids.GROUP, scenario.IDENTITY).client_id


@pytest.mark.parametrize("project", ["forecasting", "vision"])
def test_pods_of_the_domain_get_in(flyte, client, project):
    token = tokens.pod(flyte.sandbox, client, ids.subject(project, "production")).get_token(STORAGE)
    assert tokens.claims(token)["appid"] == client


@pytest.mark.parametrize(
    ("subject", "claims", "said"),
    [
        (ids.subject("vision", "staging"), {}, "AADSTS700213"),
        (ids.subject("vision", "pre-production"), {}, "AADSTS700213"),
        (ids.subject("vision", "production", "builder"), {}, "AADSTS700213"),
        (ids.subject("vision", "production").upper(), {}, "AADSTS"),
        (ids.subject("vision", "production"), {"issuer": ids.ISSUER.rstrip("/")}, "AADSTS700211"),
        (ids.subject("vision", "production"), {"audience": "sts.amazonaws.com"}, "AADSTS700212"),
        (ids.subject("vision", "production"), {"lifetime": -3600}, "AADSTS700024"),
    ],
    ids=["domain", "namespace that ends alike", "service account", "case", "issuer", "audience", "expired"],
)
def test_others_don_t(flyte, client, subject, claims, said):
    with pytest.raises(ClientAuthenticationError, match=said):
        tokens.pod(flyte.sandbox, client, subject, **claims).get_token(STORAGE)


def test_nor_does_anybody_once_it_is_revoked(flyte, client):
    flyte.cloudgrant.revoke(flyte.path, "--all")
    with pytest.raises(ClientAuthenticationError):
        tokens.pod(flyte.sandbox, client, ids.subject("vision", "production")).get_token(STORAGE)


def blob(deed, path, **more):
    return {"data_action": f"{scenario.BLOBS}/{deed}", "path": path, **more}


LISTING = {"data_action": f"{scenario.BLOBS}/read", "sub_operation": "Blob.List"}
READ_SECRET = {"data_action": "Microsoft.KeyVault/vaults/secrets/getSecret/action"}
PULL = {"action": "Microsoft.ContainerRegistry/registries/pull/read"}
EXPORTS, INPUTS = scenario.container("acmevision", "exports"), scenario.container("acmetraining", "inputs")


@pytest.mark.parametrize(
    ("scope", "question", "expected"),
    [
        (MEDIA, blob("read", "frames/1.png"), True),
        (MEDIA, blob("write", "frames/1.png"), True),
        (MEDIA, blob("add/action", "frames/1.png"), True),
        (MEDIA, LISTING | {"prefix": "frames/"}, True),
        (MEDIA, blob("read", "sounds/1.wav"), False),
        (MEDIA, blob("write", "sounds/1.wav"), False),
        (MEDIA, blob("read", "frames-of-others/1.png"), False),
        (MEDIA, LISTING | {"prefix": "sounds/"}, False),
        (MEDIA, LISTING, False),
        (scenario.container("acmevision", "other"), blob("read", "frames/1.png"), False),
        (EXPORTS, blob("write", "table.csv"), True),
        (EXPORTS, blob("read", "table.csv"), False),
        (EXPORTS, blob("delete", "table.csv"), False),
        (INPUTS, blob("read", "anything"), True),
        (INPUTS, blob("write", "anything"), False),
        (scenario.SECRET, READ_SECRET, True),
        (scenario.SECRET + "-2", READ_SECRET, False),
        (f"{scenario.REGISTRIES}/acmetools", PULL, True),
        (f"{scenario.REGISTRIES}/acmebase", PULL, False),
    ],
)
def test_what_it_opens(flyte, client, scope, question, expected):
    said = flyte.sandbox.access(client, scope, **question)
    assert said["allowed"] is expected, said
    assert bool(said["by"]) is expected, said


def test_the_platform_s_own_identity_has_what_everybody_has(flyte, client):
    everybody = flyte.azure.identities.get(ids.GROUP, ids.TASK_IDENTITY).client_id
    assert flyte.sandbox.access(everybody, INPUTS, **blob("read", "anything"))["allowed"]
    assert not flyte.sandbox.access(everybody, MEDIA, **blob("read", "frames/1.png"))["allowed"]
    # The nodes pull, and pods don't.
    nodes = flyte.azure.identities.get(ids.GROUP, ids.KUBELET).client_id
    base = f"{scenario.REGISTRIES}/acmebase"
    assert flyte.sandbox.access(nodes, base, **PULL)["allowed"]
    assert not flyte.sandbox.access(everybody, base, **PULL)["allowed"]
