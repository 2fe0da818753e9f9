"""azure-mgmt-msi against the sandbox: federated credentials, and what Azure refuses about them."""

import collections
import concurrent.futures

import pytest
from azure.core.exceptions import HttpResponseError, ResourceExistsError, ResourceNotFoundError
from azure_support import dump, ids
from azure_support.clients import code

SUBJECT = ids.subject("vision", "staging")
CLASH = "ConcurrentFederatedIdentityCredentialsWritesForSingleManagedIdentity"


@pytest.fixture
def trust(azure):
    """Makes federated credentials of one identity."""
    azure.identity(ids.GROUP, "worker")
    return lambda name, subject=SUBJECT, issuer=ids.ISSUER, **more: azure.trust(
        ids.GROUP, "worker", name, issuer, subject, **more
    )


def test_one_comes_changes_and_goes(azure, trust):
    made = trust("vision-staging")
    assert (made.issuer, made.subject, made.audiences) == (ids.ISSUER, SUBJECT, [ids.AUDIENCE])
    assert azure.credentials.get(ids.GROUP, "worker", "vision-staging").as_dict() == made.as_dict()
    changed = trust("vision-staging", ids.subject("vision", "production"))
    assert (changed.id, changed.subject) == (made.id, ids.subject("vision", "production"))
    azure.credentials.delete(ids.GROUP, "worker", "vision-staging")
    with pytest.raises(ResourceNotFoundError):
        azure.credentials.get(ids.GROUP, "worker", "vision-staging")
    azure.credentials.delete(ids.GROUP, "worker", "vision-staging")
    assert list(azure.credentials.list(ids.GROUP, "worker")) == []


def test_twenty_and_no_more(azure, trust):
    for at in range(20):
        trust(f"credential-{at}", ids.subject(f"project{at}", "staging"))
    with pytest.raises(HttpResponseError) as refusal:
        trust("credential-20", ids.subject("project20", "staging"))
    assert refusal.value.status_code == 400 and "20" in refusal.value.message, refusal.value
    assert len(dump.credentials(azure, ids.GROUP, "worker")) == 20
    # One that is there can still be changed.
    trust("credential-7", ids.subject("project20", "staging"))


def test_nobody_is_trusted_twice(azure, trust):
    trust("first")
    with pytest.raises(ResourceExistsError) as refusal:
        trust("second")
    assert refusal.value.status_code == 409
    # Letters' case counts, and so does a slash; and another identity may trust the same.
    trust("third", SUBJECT.upper())
    trust("fourth", issuer=ids.ISSUER.rstrip("/"))
    azure.identity(ids.GROUP, "other-worker")
    azure.trust(ids.GROUP, "other-worker", "first", ids.ISSUER, SUBJECT)
    assert set(dump.credentials(azure, ids.GROUP, "worker")) == {"first", "third", "fourth"}


@pytest.mark.parametrize(
    "change",
    [
        {"name": "ab"},
        {"name": "-abc"},
        {"name": "a.bc"},
        {"name": "x" * 121},
        {"issuer": "http://issuer.example/"},
        {"issuer": ""},
        {"subject": ""},
        {"subject": "x" * 601},
        {"audience": ""},
    ],
    ids=["short", "dash", "dot", "long", "http", "no issuer", "no subject", "long subject", "no audience"],
)
def test_what_can_t_be_is_refused(azure, trust, change):
    with pytest.raises(HttpResponseError) as refusal:
        trust(**{"name": "vision-staging"} | change)
    assert refusal.value.status_code == 400, refusal.value
    assert list(azure.credentials.list(ids.GROUP, "worker")) == []


def test_an_identity_that_isn_t_there_trusts_nobody(azure):
    for attempt in (
        lambda: azure.trust(ids.GROUP, "nobody", "vision-staging", ids.ISSUER, SUBJECT),
        lambda: list(azure.credentials.list(ids.GROUP, "nobody")),
    ):
        with pytest.raises(ResourceNotFoundError) as refusal:
            attempt()
        # Azure says it of the parent in one case, of the resource in the other.
        assert code(refusal) in ("ParentResourceNotFound", "ResourceNotFound")


def test_one_write_at_a_time_for_each_identity(azure, trust, home):
    azure.identity(ids.GROUP, "other-worker")
    home.knobs("latency=300ms")

    def attempt(at):
        identity = "worker" if at % 4 else "other-worker"
        try:
            azure.trust(ids.GROUP, identity, f"credential-{at}", ids.ISSUER, ids.subject(f"project{at}", "staging"))
        except ResourceExistsError as error:
            return identity, error.error.code
        return identity, "made"

    with concurrent.futures.ThreadPoolExecutor(4) as threads:
        outcomes = collections.Counter(threads.map(attempt, range(4)))
    home.knobs("")
    assert outcomes[("other-worker", "made")] == 1, outcomes
    assert outcomes[("worker", "made")] >= 1 and outcomes[("worker", CLASH)] >= 1, outcomes
    assert sum(outcomes.values()) == 4 and len(outcomes) == 3, outcomes
    assert len(dump.credentials(azure, ids.GROUP, "worker")) == outcomes[("worker", "made")]


def test_lists_come_in_pages(azure, trust, home):
    for at in range(5):
        trust(f"credential-{at}", ids.subject(f"project{at}", "staging"))
    for size in (1, 2, 100):
        home.knobs(f"quota.PageSize={size}")
        names = [one.name for one in azure.credentials.list(ids.GROUP, "worker")]
        assert names == [f"credential-{at}" for at in range(5)], size


def test_they_go_with_their_identity(azure, trust):
    trust("vision-staging")
    azure.identities.delete(ids.GROUP, "worker")
    azure.identity(ids.GROUP, "worker")
    assert list(azure.credentials.list(ids.GROUP, "worker")) == []
