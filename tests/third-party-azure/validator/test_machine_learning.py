"""Azure Machine Learning: requests and the sandbox's answers, against Microsoft's specification (2024-04-01)."""

import copy

import pytest
from azure_support import ids
from azure_support.machine_learning import API, WORKSPACE, Caller, cluster, endpoint, inside, store, users, workspace

OPERATIONS = {
    "Workspaces_CreateOrUpdate",
    "Workspaces_Update",
    "Workspaces_Get",
    "Workspaces_ListByResourceGroup",
    "Workspaces_ListBySubscription",
    "Workspaces_Delete",
    "Compute_CreateOrUpdate",
    "Compute_Update",
    "Compute_Get",
    "Compute_List",
    "Compute_Delete",
    "Datastores_CreateOrUpdate",
    "Datastores_Get",
    "Datastores_List",
    "Datastores_ListSecrets",
    "Datastores_Delete",
    "OnlineEndpoints_CreateOrUpdate",
    "OnlineEndpoints_Update",
    "OnlineEndpoints_Get",
    "OnlineEndpoints_List",
    "OnlineEndpoints_Delete",
}

# What is polled, which no specification has.
NOT_COVERED = {
    "microsoft.machinelearningservices/locations/workspaceoperationsstatus",
    "microsoft.machinelearningservices/locations/computeoperationsstatus",
    "microsoft.machinelearningservices/locations/mfeoperationsstatus",
    "microsoft.machinelearningservices/locations/mfeoperationresults",
}


@pytest.fixture
def caller(home):
    caller = Caller(home)
    home.record()
    return caller


@pytest.fixture
def check(machine_learning):
    def check(exchanges):
        assert exchanges
        problems, operations, others = machine_learning.check(exchanges)
        # The service has clients wait for at least ten seconds; the sandbox has done most things before.
        problems = [problem for problem in problems if "MINIMUM at .headers['retry-after']" not in problem]
        assert not problems, "\n".join(problems)
        kinds = {name.split(" ")[1] for name in others}
        assert kinds <= NOT_COVERED, kinds - NOT_COVERED
        return operations

    return check


def lifetime(caller):
    """All that is done with a workspace, its identities, and what is in it."""
    caller.done("PUT", WORKSPACE, workspace())
    caller.done("PATCH", WORKSPACE, {"tags": {"team": "vision"}, "properties": {"description": "of vision"}})
    both = users("SystemAssigned,UserAssigned", ids.TASK_IDENTITY)
    caller.done("PATCH", WORKSPACE, {"identity": both})
    caller.done("GET", WORKSPACE)
    caller.done("GET", f"{ids.GROUP_ID}/providers/Microsoft.MachineLearningServices/workspaces")
    caller.done("GET", f"{ids.SUBSCRIPTION_ID}/providers/Microsoft.MachineLearningServices/workspaces")
    cpu = inside("computes/cpu")
    caller.done("PUT", cpu, cluster({"type": "SystemAssigned"}))
    caller.done("PUT", cpu, cluster(users("UserAssigned", ids.TASK_IDENTITY, ids.KUBELET)))
    scale = {"scaleSettings": {"minNodeCount": 1, "maxNodeCount": 2, "nodeIdleTimeBeforeScaleDown": "PT10M"}}
    caller.done("PATCH", cpu, {"properties": {"properties": scale}})
    instance = {"computeType": "ComputeInstance", "properties": {"vmSize": "STANDARD_DS3_V2"}}
    caller.done("PUT", inside("computes/own"), {"location": ids.LOCATION, "properties": instance})
    kubernetes = {
        "computeType": "Kubernetes",
        "resourceId": f"{ids.GROUP_ID}/providers/Microsoft.ContainerService/managedClusters/{ids.GROUP}-aks",
        "properties": {"namespace": "ml"},
    }
    caller.done("PUT", inside("computes/k8s"), {"location": ids.LOCATION, "properties": kubernetes})
    caller.done("GET", inside("computes"))
    for name in ("cpu", "own", "k8s"):
        caller.done("GET", inside(f"computes/{name}"))
    inputs = inside("datastores/inputs")
    caller.done("PUT", inputs, store({"credentialsType": "None"}))
    caller.done("PUT", inputs, store(KEYS))
    caller.done("POST", f"{inputs}/listSecrets", {})
    caller.done("GET", inputs)
    caller.done("GET", inside("datastores"))
    scoring = inside("onlineEndpoints/scoring")
    caller.done("PUT", scoring, endpoint({"type": "SystemAssigned"}))
    caller.done("PATCH", scoring, {"tags": {"team": "vision"}})
    caller.done("GET", scoring)
    caller.done("GET", inside("onlineEndpoints"))
    caller.done("DELETE", scoring)
    caller.done("DELETE", inputs)
    caller.done("DELETE", cpu, underlyingResourceAction="Delete")
    caller.done("DELETE", WORKSPACE)


KEYS = {"credentialsType": "AccountKey", "secrets": {"secretsType": "AccountKey", "key": "a-key"}}


@pytest.mark.parametrize("seconds", [0, 1])
def test_lifetime(check, caller, seconds):
    caller.sandbox.knobs(f"quota.OperationSeconds={seconds}")
    lifetime(caller)
    operations = check(caller.sandbox.recorded())
    assert set(operations) == OPERATIONS, OPERATIONS ^ set(operations)


def test_refusals(check, caller):
    """What is refused, is refused in the form that the specification gives to errors."""
    both = users("SystemAssigned,UserAssigned", ids.TASK_IDENTITY)
    caller.refused(404, "GET", WORKSPACE)
    caller.refused(404, "PUT", inside("computes/cpu"), cluster({"type": "SystemAssigned"}))
    caller.done("PUT", WORKSPACE, workspace(both))
    caller.refused(400, "PATCH", WORKSPACE, {"identity": {"type": "SystemAssigned"}})
    caller.refused(400, "PUT", inside("computes/cpu"), cluster(both))
    caller.refused(404, "GET", inside("datastores/nothing"))
    caller.refused(400, "PUT", inside("onlineEndpoints/a_b"), endpoint({"type": "SystemAssigned"}))
    caller.sandbox.knobs("quota.OperationSeconds=60")
    caller.done("PUT", WORKSPACE, workspace(both), waits=False)
    caller.refused(409, "PUT", WORKSPACE, workspace(both))
    caller.sandbox.knobs("deny=Microsoft.MachineLearningServices/workspaces/datastores/listSecrets:action")
    caller.refused(403, "POST", inside("datastores/workspaceblobstore/listSecrets"), {})
    check(caller.sandbox.recorded())


BREAKS = {
    "an identity in a PATCH of a compute": lambda one: one["request"]["body"].update(identity={"type": "None"}),
    "an answer without its type": lambda one: one["response"]["body"]["properties"].pop("computeType"),
    "another type of a number": lambda one: one["request"]["body"]["properties"]["properties"].update(scaleSettings=7),
    "an answer that is no object": lambda one: one["response"].update(body=[1]),
    "an unknown version": lambda one: one["request"].update(url=one["request"]["url"].replace(API, "2012-04-01")),
}


@pytest.mark.parametrize("name", BREAKS)
def test_the_check_can_fail(machine_learning, caller, name):
    """The same exchange passes, and doesn't once something about it is wrong."""
    caller.done("PUT", WORKSPACE, workspace())
    caller.done("PUT", inside("computes/cpu"), cluster({"type": "SystemAssigned"}))
    scale = {"scaleSettings": {"minNodeCount": 0, "maxNodeCount": 2, "nodeIdleTimeBeforeScaleDown": "PT10M"}}
    caller.done("PATCH", inside("computes/cpu"), {"properties": {"properties": scale}})
    exchange = next(one for one in caller.sandbox.recorded() if one["request"]["method"] == "PATCH")
    good = machine_learning.validator.ask(exchange)
    assert good["covered"] and not good["problems"], good
    broken = copy.deepcopy(exchange)
    BREAKS[name](broken)
    verdict = machine_learning.validator.ask(broken)
    assert verdict["problems"] or not verdict["covered"], verdict
