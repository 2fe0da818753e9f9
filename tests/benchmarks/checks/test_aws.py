"""AWS: what the benchmarks expect, and whether their check would notice what is wrong."""

import pytest
from bench import aws
from bench.cloud import PHASES


def test_the_least_that_must_be_asked():
    workload = aws.workload(1000)
    least = {phase: aws.floor(phase, workload) for phase in PHASES}
    assert {phase: (one.requests, one.depth) for phase, one in least.items()} == {
        "apply": (4000, 2),
        # 1,001 policies and as many roles, a thousand to a page.
        "no-op": (3, 2),
        "change": (4, 3),
        "revoke": (4001, 2),
    }


@pytest.mark.parametrize("n", [1, 20, 200])
def test_the_manifest_and_the_objects_say_the_same(n):
    workload = aws.workload(n)
    before, after = workload.objects(False), workload.objects(True)
    assert len({one["name"] for one in before}) == n == len(workload.manifest(False)["grants"])
    assert workload.summary("apply") == {"create": 4 * n}
    assert sum(old != new for old, new in zip(before, after, strict=True)) == 1
    grants = [workload.manifest(changed)["grants"] for changed in (False, True)]
    assert sum(old != new for old, new in zip(*grants, strict=True)) == 1


def test_what_only_reads():
    assert aws.is_read("iam:GetAccountAuthorizationDetails") and aws.is_read("sts:AssumeRole")
    assert not aws.is_read("iam:CreatePolicy") and not aws.is_read("iam:AttachRolePolicy")
