"""What cloudgrant itself sends to Azure Machine Learning and gets back, against Microsoft's specification.

cloudgrant sends version 2026-05-01, of which Microsoft publishes no specification that could be brought here in parts. The exchanges are
judged as such of 2024-04-01: the version in their URLs is replaced, and the one property that came later and is sent is taken out
(`azure_support.training`). What the newer version says of the bodies of PUT is checked in `ml/test_written.py`.
"""

import copy

import pytest
from azure_support import training
from azure_support.machine_learning import WORKSPACE, Caller

OPERATIONS = {
    "Workspaces_Get",
    "Workspaces_Update",
    "Compute_Get",
    "Compute_CreateOrUpdate",
    "Datastores_List",
    "OnlineEndpoints_Get",
    "OnlineEndpoints_Update",
}


@pytest.fixture
def exchanges(data_plane):
    """All that is done for such a manifest, from the first plan to the end."""
    plane = data_plane(training.training())
    training.prepared(Caller(plane.sandbox))
    plane.sandbox.record()
    plane.cloudgrant.plan(plane.path)
    plane.cloudgrant.apply(plane.path)
    plane.cloudgrant.drift(plane.path)
    plane.cloudgrant.revoke(plane.path, "--all")
    return training.of_machine_learning(plane.sandbox.recorded())


def but_for_pauses(problems):
    """The service has clients wait for at least ten seconds; the sandbox has done most things before."""
    return [problem for problem in problems if "MINIMUM at .headers['retry-after']" not in problem]


def test_all_of_it_is_as_specified(machine_learning, exchanges):
    problems, operations, others = machine_learning.check([training.as_specified(one) for one in exchanges])
    problems = but_for_pauses(problems)
    assert not problems, "\n".join(problems)
    assert not others, others
    assert set(operations) == OPERATIONS, OPERATIONS ^ set(operations)


def test_the_check_can_fail(machine_learning, exchanges):
    """The same exchange passes, and doesn't once something about it is wrong."""
    changes = [one for one in exchanges if one["request"]["method"] == "PATCH" and WORKSPACE in one["request"]["url"]]
    exchange = training.as_specified(next(one for one in changes if "identity" in one["request"]["body"]))
    assert not but_for_pauses(machine_learning.validator.ask(exchange)["problems"])
    broken = copy.deepcopy(exchange)
    broken["request"]["body"]["identity"]["userAssignedIdentities"] = ["one"]
    assert but_for_pauses(machine_learning.validator.ask(broken)["problems"])
