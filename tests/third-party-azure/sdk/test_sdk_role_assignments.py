"""azure-mgmt-authorization against the sandbox: role assignments, and typed errors."""

import uuid

import pytest
from azure.core.exceptions import HttpResponseError, ResourceExistsError, ResourceNotFoundError
from azure_support import ids, tokens
from azure_support.clients import Clients, code
from azure_support.dump import last

READER = ids.role("Reader")
PULL = ids.role("AcrPull")


@pytest.fixture
def worker(azure):
    """An identity without any role."""
    return azure.identity(ids.GROUP, "worker")


def names(found):
    return [one.name for one in found]


def test_one_comes_and_goes(azure, worker):
    name = str(uuid.uuid4())
    made = azure.assign(ids.GROUP_ID, READER, worker.principal_id, name, description="by hand")
    assert (made.name, made.scope, made.principal_id) == (name, ids.GROUP_ID, worker.principal_id)
    assert (made.principal_type, made.description) == ("ServicePrincipal", "by hand")
    assert last(made.role_definition_id) == ids.ROLES["Reader"] and made.created_on and made.created_by
    assert azure.assignments.get(ids.GROUP_ID, name).as_dict() == made.as_dict()
    assert azure.assignments.get_by_id(made.id).as_dict() == made.as_dict()
    assert azure.assignments.delete(ids.GROUP_ID, name).name == name
    with pytest.raises(ResourceNotFoundError) as refusal:
        azure.assignments.get(ids.GROUP_ID, name)
    assert code(refusal) == "RoleAssignmentNotFound"
    assert azure.assignments.delete(ids.GROUP_ID, name) is None


def test_the_same_again_changes_nothing_but_its_texts(azure, worker):
    name = str(uuid.uuid4())
    first = azure.assign(ids.GROUP_ID, READER, worker.principal_id, name)
    again = azure.assign(ids.GROUP_ID, READER, worker.principal_id, name, description="now with words")
    assert (again.id, again.created_on, again.description) == (first.id, first.created_on, "now with words")
    with pytest.raises(HttpResponseError) as refusal:
        azure.assign(ids.GROUP_ID, PULL, worker.principal_id, name)
    assert (refusal.value.status_code, code(refusal)) == (400, "RoleAssignmentUpdateNotPermitted")
    with pytest.raises(HttpResponseError) as refusal:
        azure.assign(azure.scope, READER, worker.principal_id, name)
    assert code(refusal) == "RoleAssignmentUpdateNotPermitted"


def test_the_same_under_another_name_is_refused(azure, worker):
    azure.assign(ids.GROUP_ID, READER, worker.principal_id)
    with pytest.raises(ResourceExistsError) as refusal:
        azure.assign(ids.GROUP_ID, READER, worker.principal_id)
    assert (refusal.value.status_code, code(refusal)) == (409, "RoleAssignmentExists")
    # Elsewhere it is another one.
    azure.assign(azure.scope, READER, worker.principal_id)


@pytest.mark.parametrize(
    ("change", "status", "expected"),
    [
        ({"role": ids.role("Reader")[:-1] + "0"}, 404, "RoleDefinitionDoesNotExist"),
        ({"principal": "00000000-0000-4000-8000-0000000000ff"}, 400, "PrincipalNotFound"),
        ({"principal": "worker"}, 400, "InvalidPrincipalId"),
        ({"principal_type": "User"}, 400, "UnmatchedPrincipalType"),
        ({"name": "reader"}, 400, "InvalidRoleAssignmentId"),
        ({"scope": ids.GROUP_ID + "-other"}, 404, "ResourceGroupNotFound"),
        ({"scope": ids.SUBSCRIPTION_ID[:-1] + "0"}, 404, "SubscriptionNotFound"),
        ({"condition": "@Resource[", "condition_version": "2.0"}, 400, "InvalidRoleAssignmentCondition"),
        ({"description": "x" * 2049}, 400, None),
    ],
    ids=["role", "principal", "no guid", "type", "name", "group", "subscription", "condition", "description"],
)
def test_what_can_t_be_is_a_typed_error(azure, worker, change, status, expected):
    wanted = {"scope": ids.GROUP_ID, "role": READER, "principal": worker.principal_id} | change
    with pytest.raises(HttpResponseError) as refusal:
        azure.assign(**wanted)
    assert refusal.value.status_code == status and expected in (None, code(refusal)), refusal.value
    assert list(azure.assignments.list_for_subscription(filter=f"principalId eq '{worker.principal_id}'")) == []


def test_a_new_principal_takes_a_while(azure, home):
    home.knobs("replication=60s")
    worker = azure.identity(ids.GROUP, "new-worker")
    with pytest.raises(HttpResponseError) as refusal:
        azure.assign(ids.GROUP_ID, READER, worker.principal_id)
    assert code(refusal) == "PrincipalNotFound"
    home.knobs("")
    azure.assign(ids.GROUP_ID, READER, worker.principal_id)


def test_lists_by_scope_and_by_principal(azure, worker):
    other = azure.identity(ids.GROUP, "other-worker")
    above = azure.assign(azure.scope, READER, worker.principal_id)
    here = azure.assign(ids.GROUP_ID, READER, worker.principal_id)
    below = azure.assign(worker.id, READER, worker.principal_id)
    foreign = azure.assign(ids.GROUP_ID, READER, other.principal_id)
    who = f"principalId eq '{worker.principal_id}'"

    def listed(scope, filter=None):
        found = set(names(azure.assignments.list_for_scope(scope, filter=filter)))
        return found & {one.name for one in (above, here, below, foreign)}

    # At a scope and above it; and, without the word for it, below it too.
    assert listed(ids.GROUP_ID, "atScope()") == {above.name, here.name, foreign.name}
    assert listed(ids.GROUP_ID) == {above.name, here.name, below.name, foreign.name}
    assert listed(azure.scope, "atScope()") == {above.name}
    assert listed(ids.GROUP_ID, who) == {above.name, here.name, below.name}
    assert listed(worker.id, f"atScope() and {who}") == {above.name, here.name, below.name}
    assert listed(ids.GROUP_ID, f"assignedTo('{other.principal_id}')") == {foreign.name}
    by_subscription = names(azure.assignments.list_for_subscription(filter=who))
    assert sorted(by_subscription) == sorted([above.name, here.name, below.name])
    by_group = names(azure.assignments.list_for_resource_group(ids.GROUP, filter="atScope()"))
    assert {above.name, here.name, foreign.name} <= set(by_group)
    with pytest.raises(HttpResponseError):
        list(azure.assignments.list_for_scope(ids.GROUP_ID, filter="createdOn eq 'today'"))


def test_everything_comes_in_pages(azure, home):
    """The links lead through all items, once each, whatever the size of the page."""
    home.knobs("quota.PageSize=100")
    made = set()
    for at in range(12):
        worker = azure.identity(ids.GROUP, f"worker-{at}")
        made.add(azure.assign(ids.GROUP_ID, READER, worker.principal_id).name)
    whole = names(azure.assignments.list_for_scope(ids.GROUP_ID, filter="atScope()"))
    for size in (1, 5, 13):
        home.knobs(f"quota.PageSize={size}")
        pages = azure.assignments.list_for_scope(ids.GROUP_ID, filter="atScope()").by_page()
        sizes, seen = [], []
        for page in pages:
            page = names(page)
            sizes.append(len(page))
            seen += page
        assert seen == whole and max(sizes) == size, size
    assert made < set(whole) and len(whole) == len(set(whole))


def test_the_subscription_takes_so_many(azure, home, worker):
    present = len(names(azure.assignments.list_for_subscription()))
    home.knobs(f"quota.RoleAssignmentsPerSubscription={present + 1}")
    azure.assign(ids.GROUP_ID, READER, worker.principal_id)
    with pytest.raises(HttpResponseError) as refusal:
        azure.assign(ids.GROUP_ID, PULL, worker.principal_id)
    assert code(refusal) == "RoleAssignmentLimitExceeded"


def test_who_may_not_is_told_so(azure, home, worker):
    """A reader reads, and gives nobody anything."""
    azure.trust(ids.GROUP, "worker", "worker-pod", ids.ISSUER, ids.subject("vision", "staging"))
    guest = Clients(home, tokens.pod(home, worker.client_id, ids.subject("vision", "staging")))
    with pytest.raises(HttpResponseError) as refusal:
        list(guest.assignments.list_for_subscription())
    assert (refusal.value.status_code, code(refusal)) == (403, "AuthorizationFailed")
    azure.assign(azure.scope, READER, worker.principal_id)
    assert names(guest.assignments.list_for_subscription())
    with pytest.raises(HttpResponseError) as refusal:
        guest.assign(ids.GROUP_ID, PULL, worker.principal_id)
    assert (refusal.value.status_code, code(refusal)) == (403, "AuthorizationFailed")
    assert "Microsoft.Authorization/roleAssignments/write" in refusal.value.message


def test_a_denied_action_is_no_missing_object(azure, home, worker):
    home.knobs("deny=Microsoft.Authorization/roleAssignments:write")
    with pytest.raises(HttpResponseError) as refusal:
        azure.assign(ids.GROUP_ID, READER, worker.principal_id)
    assert code(refusal) == "AuthorizationFailed"


def test_roles_stay_behind_when_their_holder_goes(azure, worker):
    """An identity that is made again is somebody else."""
    made = azure.assign(ids.GROUP_ID, READER, worker.principal_id)
    azure.identities.delete(ids.GROUP, "worker")
    again = azure.identity(ids.GROUP, "worker")
    assert again.principal_id != worker.principal_id
    assert azure.assignments.get_by_id(made.id).principal_id == worker.principal_id
    azure.assign(ids.GROUP_ID, READER, again.principal_id)
