"""Kubernetes' own client for Python against the sandbox."""

import json

import pytest
from kubernetes import client, config, watch

NAMESPACE = "acme-development"


@pytest.fixture
def core(cluster):
    """The client for the core's API, as the administrator."""
    return client.CoreV1Api(config.new_client_from_config(cluster.kubeconfig))


def account(name, **metadata):
    return {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": name, **metadata}}


def apply(core, name, manager, **metadata):
    options = {"field_manager": manager, "force": False, "_content_type": "application/apply-patch+yaml"}
    return core.patch_namespaced_service_account(name, NAMESPACE, account(name, **metadata), **options)


def refusal(status, call, *arguments, **options):
    """What a call is refused with, as the object that the server sent."""
    with pytest.raises(client.ApiException) as raised:
        call(*arguments, **options)
    assert raised.value.status == status, raised.value
    return json.loads(raised.value.body)


def test_objects_have_their_types(core):
    made = core.create_namespaced_service_account(
        NAMESPACE,
        client.V1ServiceAccount(
            metadata=client.V1ObjectMeta(name="trainer", labels={"team": "a"}),
            image_pull_secrets=[client.V1LocalObjectReference(name="pull")],
        ),
        field_manager="tests",
    )
    assert made.metadata.uid and made.metadata.creation_timestamp.tzinfo
    assert made.image_pull_secrets[0].name == "pull"
    (entry,) = made.metadata.managed_fields
    assert (entry.manager, entry.operation, entry.fields_type) == ("tests", "Update", "FieldsV1")
    first = core.list_namespaced_service_account(NAMESPACE, limit=1)
    assert (first.items[0].metadata.name, first.metadata.remaining_item_count) == ("default", 1)
    second = core.list_namespaced_service_account(NAMESPACE, limit=1, _continue=first.metadata._continue)
    assert (second.items[0].metadata.name, second.metadata._continue) == ("trainer", None)
    selected = core.list_service_account_for_all_namespaces(label_selector="team in (a)", field_selector="metadata.name=trainer")
    assert [one.metadata.name for one in selected.items] == ["trainer"]
    read = core.read_namespaced_service_account("trainer", NAMESPACE)
    read.metadata.annotations = {"a": "b"}
    replaced = core.replace_namespaced_service_account("trainer", NAMESPACE, read)
    assert replaced.metadata.annotations == {"a": "b"}
    assert refusal(409, core.replace_namespaced_service_account, "trainer", NAMESPACE, read)["reason"] == "Conflict"


def test_applies_conflict_and_are_guarded_by_uid(core):
    made = apply(core, "trainer", "helm", annotations={"a": "1"})
    assert [entry.manager for entry in made.metadata.managed_fields] == ["helm"]
    refused = refusal(409, apply, core, "trainer", "cloudgrant", annotations={"a": "2"})
    assert refused["details"]["causes"] == [
        {"reason": "FieldManagerConflict", "message": """conflict with "helm\"""", "field": ".metadata.annotations.a"}
    ]
    uid = made.metadata.uid
    assert apply(core, "trainer", "cloudgrant", annotations={"b": "1"}, uid=uid).metadata.uid == uid
    core.delete_namespaced_service_account("trainer", NAMESPACE)
    # With its uid, an account that is gone isn't made again, and a new one isn't taken for it.
    gone = refusal(409, apply, core, "trainer", "cloudgrant", annotations={"b": "1"}, uid=uid)
    assert "causes" not in gone["details"] and "no existing object was found" in gone["message"]
    core.create_namespaced_service_account(NAMESPACE, account("trainer"))
    other = refusal(422, apply, core, "trainer", "cloudgrant", annotations={"b": "1"}, uid=uid)
    assert other["details"]["causes"][0]["field"] == "metadata.uid"


def test_preconditions_of_deletes_hold(core):
    wrong = client.V1DeleteOptions(preconditions=client.V1Preconditions(uid="other"))
    refused = refusal(409, core.delete_namespaced_service_account, "default", NAMESPACE, body=wrong)
    assert "the UID in the precondition (other) does not match" in refused["message"]
    uid = core.read_namespaced_service_account("default", NAMESPACE).metadata.uid
    right = client.V1DeleteOptions(preconditions=client.V1Preconditions(uid=uid))
    core.delete_namespaced_service_account("default", NAMESPACE, body=right)
    refusal(404, core.read_namespaced_service_account, "default", NAMESPACE)


def test_tokens_and_reviews_are_answered(cluster, core):
    asked = client.AuthenticationV1TokenRequest(
        spec=client.V1TokenRequestSpec(audiences=["api://AzureADTokenExchange"], expiration_seconds=3600)
    )
    minted = core.create_namespaced_service_account_token("default", NAMESPACE, asked)
    assert minted.status.token.count(".") == 2 and minted.status.expiration_timestamp
    keys = client.OpenidApi(core.api_client).get_service_account_issuer_open_id_keyset()
    assert "RS256" in str(keys)
    authorization = client.AuthorizationV1Api(core.api_client)
    attributes = client.V1ResourceAttributes(namespace=NAMESPACE, verb="patch", resource="serviceaccounts")
    for user, allowed in [("cloudgrant", True), ("nobody", False)]:
        spec = client.V1SubjectAccessReviewSpec(user=user, resource_attributes=attributes)
        review = authorization.create_subject_access_review(client.V1SubjectAccessReview(spec=spec))
        assert review.status.allowed is allowed, review
    other = config.new_client_from_config(cluster.kubeconfig, context="cloudgrant-sandbox-nobody")
    spec = client.V1SelfSubjectAccessReviewSpec(resource_attributes=attributes)
    review = client.AuthorizationV1Api(other).create_self_subject_access_review(client.V1SelfSubjectAccessReview(spec=spec))
    assert review.status.allowed is False
    assert refusal(403, client.CoreV1Api(other).list_namespace)["details"] == {"kind": "namespaces"}


def test_a_watch_goes_on_from_a_list_and_ends_in_time(core):
    version = core.list_namespaced_service_account(NAMESPACE).metadata.resource_version
    core.create_namespaced_service_account(NAMESPACE, account("trainer"))
    core.delete_namespaced_service_account("trainer", NAMESPACE)
    options = {"resource_version": version, "timeout_seconds": 1}
    events = watch.Watch().stream(core.list_namespaced_service_account, NAMESPACE, **options)
    told = [(event["type"], event["object"].metadata.name) for event in events]
    assert told == [("ADDED", "trainer"), ("DELETED", "trainer")]
