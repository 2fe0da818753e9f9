"""What cloudgrant wrote: read by Microsoft's clients, and held against Microsoft's newest schema."""

import pytest
import yaml
from azure.ai.ml import load_online_endpoint
from azure_support import training
from azure_support.machine_learning import NAME, WORKSPACE, Caller
from support.cloudgrant import Cloudgrant


@pytest.fixture
def home(serve, tmp_path):
    """A sandbox with the workspace of such a manifest, in the place of an empty one."""
    path = training.manifest.write(tmp_path, training.training(), "home.yaml")
    running = serve(path)
    running.path = path
    return running


@pytest.fixture
def caller(home):
    return Caller(home)


@pytest.fixture
def cloudgrant(home, caller, binary, tmp_path):
    """cloudgrant, with what others have there."""
    training.prepared(caller)
    return Cloudgrant(binary, tmp_path, home.exports)


def names(identities):
    """The names of user-assigned identities."""
    return sorted(one.resource_id.rsplit("/", 1)[1] for one in identities or [])


def test_the_clients_read_what_was_written(home, client, cloudgrant):
    cluster = client.compute.get("train-cluster")
    assert not cluster.identity or not cluster.identity.user_assigned_identities
    cloudgrant.apply(home.path)
    for name in ("train-cluster", "batch-cluster"):
        (one,) = names(client.compute.get(name).identity.user_assigned_identities)
        assert one.startswith("cloudgrant_")
    workspace = client.workspaces.get(NAME)
    assert names(workspace.identity.user_assigned_identities) == [training.OTHER, training.OWN]
    assert workspace.identity.type == "system_assigned,user_assigned"
    assert workspace.primary_user_assigned_identity == training.identity_id(training.OWN)
    (own, other) = names(client.online_endpoints.get("on-compute").identity.user_assigned_identities)
    assert own.startswith("cloudgrant_") and other == training.OTHER
    cloudgrant.revoke(home.path, "--all")
    workspace = client.workspaces.get(NAME)
    assert names(workspace.identity.user_assigned_identities) == [training.OTHER]
    assert workspace.primary_user_assigned_identity == training.identity_id(training.OTHER)
    assert names(client.online_endpoints.get("on-compute").identity.user_assigned_identities) == [training.OTHER]


def test_the_client_creates_the_endpoint_that_is_handed_off(home, client, cloudgrant, tmp_path):
    plan = cloudgrant.plan(home.path).json
    (handoff,) = [one["handoff"] for one in plan["changes"] if one["kind"] == "endpoint-identity" and one.get("handoff")]
    path = tmp_path / "endpoint.yml"
    path.write_text(handoff["document"], encoding="utf-8")
    cloudgrant.apply(home.path)
    endpoint = load_online_endpoint(path)
    assert endpoint.name == "managed"
    (wanted,) = yaml.safe_load(handoff["document"])["identity"]["user_assigned_identities"]
    client.online_endpoints.begin_create_or_update(endpoint).result()
    (one,) = client.online_endpoints.get("managed").identity.user_assigned_identities
    assert one.resource_id.lower() == wanted["resource_id"].lower()
    # Nothing is left to do, which the next plan sees.
    after = cloudgrant.plan(home.path).json
    assert [one for one in after["changes"] if one["kind"] == "endpoint-identity"] == []


def test_what_is_put_fits_the_newest_schema(home, cloudgrant, template):
    home.record()
    cloudgrant.apply(home.path)
    bodies = training.written(home.recorded(), "PUT", "/computes/train-cluster")
    assert len(bodies) == 1
    assert template("workspaces_computes", "train-cluster", bodies[0]) == []
    assert template("workspaces_computes", "train-cluster", bodies[0] | {"identity": {"type": 7}}) != []
    # Of PATCH it says nothing but what the same property is in a PUT.
    (identity,) = [one for one in training.written(home.recorded(), "PATCH", "") if "identity" in one]
    whole = {"location": "westeurope", "properties": {}} | identity
    assert template("workspaces", WORKSPACE.rsplit("/", 1)[1], whole) == []
