"""Azure: what the benchmarks expect, and whether their check would notice what is wrong."""

import copy

import pytest
from azure_support import ids
from bench import azure
from bench.azure import checking
from bench.azure.workload import PROJECTS
from bench.azure.worlds import BUCKETS, limits
from bench.cloud import PHASES, Wrong


def test_the_least_that_must_be_asked():
    workload = azure.workload(1000)
    least = {phase: azure.floor(phase, workload) for phase in PHASES}
    assert {phase: (one.requests, one.depth) for phase, one in least.items()} == {
        # A token, 3 identities, 18 credentials and 1,000 role assignments; the six credentials of an identity in a row.
        "apply": (1022, 8),
        # A token, 5 pages of role assignments, the identities, and the credentials of each.
        "no-op": (10, 3),
        "change": (12, 4),
        "revoke": (1004, 2),
    }
    assert least["apply"].buckets == {"writes": 1021, "writes of identities": 21, "writes of an identity": 7}


def test_every_bucket_that_is_used_has_a_limit():
    for phase in PHASES:
        assert azure.floor(phase, azure.workload(20)).buckets.keys() <= BUCKETS.keys()


def test_buckets_keep_their_proportions():
    tenfold, azures = limits(100), limits(10)
    assert (azures["writes"].rate, azures["writes"].burst) == (10, 200)
    assert all(tenfold[name].rate == 10 * one.rate for name, one in azures.items())


@pytest.mark.parametrize("n", [1, 20, 200])
def test_the_manifest_and_the_objects_say_the_same(n):
    workload = azure.workload(n)
    before, after = workload.objects(False), workload.objects(True)
    assert sum(len(one["assignments"]) for one in before) == n == len(workload.manifest(False)["grants"])
    assert all(len(one["credentials"]) == len(PROJECTS) for one in before)
    assert len(before) == min(n, 3) == workload.identities
    changed = [
        (old, new)
        for one, other in zip(before, after, strict=True)
        for old, new in zip(one["assignments"], other["assignments"], strict=True)
        if old != new
    ]
    assert len(changed) == 1 and changed[0][0]["scope"] == changed[0][1]["scope"]


def test_what_only_reads():
    assert azure.is_read("Microsoft.Authorization/roleAssignments/read") and azure.is_read("entra/token")
    assert not azure.is_read("Microsoft.Authorization/roleAssignments/write")
    assert not azure.is_read("Microsoft.ManagedIdentity/userAssignedIdentities/delete")


BEFORE = {
    "identities": {("flyte-tasks",)},
    "credentials": set(),
    "assignments": [("flyte-tasks", "role", "/scope", "")],
}


def found(workload, changed=False):
    """A subscription in which everything is as it should be."""
    there = copy.deepcopy(BEFORE)
    for one in workload.objects(changed):
        there["identities"].add((one["name"], *sorted(one["tags"].items())))
        for each in one["credentials"]:
            there["credentials"].add((one["name"], each["name"], ids.ISSUER, each["subject"], (ids.AUDIENCE,)))
        for each in one["assignments"]:
            there["assignments"].append((one["name"], each["role"].rsplit("/", 1)[-1], each["scope"], ""))
    there["assignments"].sort()
    return there


def test_the_check_takes_what_is_right():
    workload = azure.workload(20)
    checking.check(found(workload), BEFORE, "apply", workload)
    checking.check(found(workload, changed=True), BEFORE, "change", workload)
    checking.check(BEFORE, BEFORE, "revoke", workload)


def missing(there):
    del there["assignments"][3]


def doubled(there):
    there["assignments"].append(there["assignments"][3])


def wider(there):
    principal, role, _, condition = there["assignments"][3]
    there["assignments"][3] = (principal, role, ids.GROUP_ID, condition)


def narrowed(there):
    there["assignments"][3] = (*there["assignments"][3][:3], "a condition")


def unmarked(there):
    there["identities"] = {(one[0],) for one in there["identities"]}


def foreign(there):
    there["credentials"].add(("flyte-tasks", "x", "https://issuer/", "somebody", ("audience",)))


def others_gone(there):
    there["assignments"].remove(BEFORE["assignments"][0])


@pytest.mark.parametrize("spoil", [missing, doubled, wider, narrowed, unmarked, foreign, others_gone])
def test_the_check_refuses_what_is_wrong(spoil):
    workload = azure.workload(20)
    there = found(workload)
    spoil(there)
    with pytest.raises(Wrong, match="were to be there"):
        checking.check(there, BEFORE, "apply", workload)


def test_the_check_knows_which_phase_it_is():
    workload = azure.workload(20)
    for phase in ("change", "revoke"):
        with pytest.raises(Wrong):
            checking.check(found(workload), BEFORE, phase, workload)
