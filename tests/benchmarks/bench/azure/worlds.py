"""The worlds: cloudgrant's own sandbox with two sets of conditions."""

import contextlib
import json

from azure_support import sandbox as sandbox_server
from azure_support.clients import Clients

from .. import cloud
from ..cloudgrant import BINARY
from . import checking

# "Azure RBAC limits": role assignments in a subscription. Some are for those who are there already.
DEFAULT_QUOTA_HOLDS = 3900
# The writes a second at which the sandbox's `rate` knob makes everything as it is in Azure.
AZURE = 10
# What flows into a bucket each second, and what it holds, at that rate.
BUCKETS = {
    "reads": (25, 250),
    "writes": (10, 200),
    "deletes": (10, 200),
    "reads of identities": (10, 200),
    "writes of identities": (2, 40),
    "deletes of identities": (2, 40),
    "reads of an identity": (0.5, 10),
    "writes of an identity": (0.25, 5),
    "deletes of an identity": (0.25, 5),
}


def worlds(options):
    """All of them."""
    return [Sandbox("sandbox", options.latency, None), Sandbox("throttled", options.latency, options.azure_rate)]


def limits(rate):
    """The buckets, which keep their proportions whatever the rate."""
    share = rate / AZURE
    return {name: cloud.Limit(flow * share, max(held * share, 1.0)) for name, (flow, held) in BUCKETS.items()}


class Sandbox(cloud.World):
    """The sandbox, as a process of its own; where there is no rate it throttles nobody."""

    def __init__(self, name, latency, rate):
        self.name = name
        self.latency = latency
        self.rate = rate
        self.limits = limits(rate) if rate else {}

    def faults(self, workload):
        """The conditions, as `--faults` takes them."""
        rate = [f"rate={self.rate:g}"] if self.rate else []
        return ",".join([f"latency={self.latency * 1000:g}ms", *rate, *_quotas(workload)])

    def describe(self, workload):
        return f"cloudgrant sandbox --faults {self.faults(workload)}"

    @contextlib.contextmanager
    def open(self, workload, folder):
        # What the platform has before there are grants, the sandbox takes from the manifest.
        file = folder / "seed.json"
        file.write_text(json.dumps(workload.manifest(False)), encoding="utf-8")
        with sandbox_server.serve(BINARY, folder, "--file", file) as server:
            yield _Subscription(server, self.faults(workload), ",".join(_quotas(workload)))


class _Subscription(cloud.Running):
    def __init__(self, server, faults, quotas):
        self.server, self.faults, self.quotas = server, faults, quotas
        self.server.knobs(quotas)
        self.clients = Clients(server)
        self.before = checking.everything(self.clients)

    def environment(self):
        return self.server.exports

    def begin(self):
        # Turning the knobs fills the buckets as well.
        self.server.knobs(self.faults)
        self.server.ask("reset", "POST")

    def end(self):
        counts = self.server.ask("requests")["by_action"]
        self.server.knobs(self.quotas)
        return counts

    def check(self, phase, workload):
        checking.check(checking.everything(self.clients), self.before, phase, workload)


def _quotas(workload):
    if workload.n <= DEFAULT_QUOTA_HOLDS:
        return []
    # As if Azure had been asked for more.
    return [f"quota.RoleAssignmentsPerSubscription={2 * workload.n}"]
