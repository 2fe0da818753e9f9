"""Microsoft's client for blobs: what roles let it do in one container, and not in the one beside it."""

import pytest
from azure.core.exceptions import HttpResponseError, ResourceExistsError, ResourceNotFoundError
from azure.storage.blob import BlobServiceClient
from azure_support import ids
from azure_support.clients import Clients, secret_credential
from azure_support.machine_learning import ACCOUNT, CONTAINER
from azure_support.tokens import claims


@pytest.fixture
def blobs(caller):
    sandbox = caller.sandbox
    sandbox.put(id=f"{ACCOUNT}/blobServices/default/containers/private")
    return BlobServiceClient(
        f"{sandbox.url}/acmeml",
        secret_credential(sandbox),
        connection_verify=sandbox.certificate,
        retry_total=0,
    )


def assign(caller, role, scope):
    azure = Clients(caller.sandbox)
    token = azure.credential.get_token("https://storage.azure.com/.default")
    azure.assign(scope, ids.role(role), claims(token)["oid"])


def test_a_container_is_read_and_written_and_its_neighbour_is_not(caller, blobs):
    inputs, private = blobs.get_container_client("inputs"), blobs.get_container_client("private")
    with pytest.raises(HttpResponseError) as refusal:
        inputs.upload_blob("a/one.txt", b"one")
    assert refusal.value.error_code == "AuthorizationPermissionMismatch"
    assign(caller, "Storage Blob Data Contributor", CONTAINER)
    inputs.upload_blob("a/one.txt", b"one")
    with pytest.raises(ResourceExistsError):
        inputs.upload_blob("a/one.txt", b"two")
    inputs.upload_blob("a/one.txt", b"three", overwrite=True)
    inputs.upload_blob("b/none.txt", b"")
    assert inputs.download_blob("a/one.txt").readall() == b"three"
    assert inputs.download_blob("b/none.txt").readall() == b""
    assert [(one.name, one.size) for one in inputs.list_blobs(name_starts_with="a/")] == [("a/one.txt", 5)]
    assert inputs.get_blob_client("a/one.txt").get_blob_properties().size == 5
    assert inputs.exists() and not inputs.get_blob_client("a/two.txt").exists()
    inputs.delete_blob("a/one.txt")
    with pytest.raises(ResourceNotFoundError):
        inputs.download_blob("a/one.txt")
    with pytest.raises(HttpResponseError):
        private.download_blob("a/one.txt")
    with pytest.raises(HttpResponseError):
        list(private.list_blobs())


def test_what_containers_there_are_is_no_data(caller, blobs):
    """The operator is the subscription's Owner: it sees what containers there are, and not what is in them."""
    assert [one.name for one in blobs.list_containers()] == ["inputs", "private"]
    with pytest.raises(ResourceNotFoundError):
        blobs.get_container_client("nope").get_container_properties()
    with pytest.raises(HttpResponseError) as refusal:
        list(blobs.get_container_client("inputs").list_blobs())
    assert refusal.value.error_code == "AuthorizationPermissionMismatch"
