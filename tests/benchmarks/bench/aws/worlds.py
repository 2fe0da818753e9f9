"""The worlds: cloudgrant's own sandbox with two sets of conditions, and moto."""

import contextlib
import json
import urllib.request

from support import accounts, moto_server
from support import sandbox as sandbox_server

from .. import cloud
from ..cloudgrant import BINARY
from . import checking

# Below the quotas that IAM has by default: 1,000 roles and 1,500 policies in an account.
DEFAULT_QUOTAS_HOLD = 900


def worlds(options):
    """All of them."""
    return [
        Sandbox("sandbox", options.latency, options.rate),
        Sandbox("throttled", options.latency, options.throttled_rate),
        Moto(),
    ]


class _Account(cloud.Running):
    def __init__(self, account, workload):
        self.account = account
        checking.prepare(account.iam)
        checking.prepare_buckets(account.s3, workload.n)

    def environment(self):
        return self.account.environment()

    def check(self, phase, workload):
        checking.check(self.account.iam, phase, workload)


class Sandbox(cloud.World):
    """The sandbox, as a process of its own."""

    def __init__(self, name, latency, rate):
        self.name = name
        self.latency = latency
        self.rate = rate
        # A full bucket holds what comes in during one second.
        self.limits = {cloud.ALL: cloud.Limit(rate, max(rate, 1.0))}

    def faults(self, workload):
        """The conditions, as `--faults` takes them."""
        return ",".join([f"latency={self.latency * 1000:g}ms", f"rate={self.rate:g}", *_quotas(workload)])

    def describe(self, workload):
        return f"cloudgrant sandbox --faults {self.faults(workload)}"

    @contextlib.contextmanager
    def open(self, workload, folder):
        with sandbox_server.serve(BINARY, folder, "--provider", "aws") as server:
            yield _Sandbox(server, workload, self.faults(workload), ",".join(_quotas(workload)))


class _Sandbox(_Account):
    def __init__(self, server, workload, faults, quotas):
        self.url, self.faults, self.quotas = server.url, faults, quotas
        self._post("knobs", quotas)
        super().__init__(server.data_plane, workload)

    def begin(self):
        # Turning the knobs fills the bucket of requests as well.
        self._post("knobs", self.faults)
        self._post("reset", "")

    def end(self):
        with urllib.request.urlopen(f"{self.url}/_sandbox/requests") as answer:
            counts = json.load(answer)["by_action"]
        self._post("knobs", self.quotas)
        return counts

    def _post(self, what, text):
        request = urllib.request.Request(f"{self.url}/_sandbox/{what}", data=text.encode(), method="POST")
        urllib.request.urlopen(request).read()


class Moto(cloud.World):
    """moto under gunicorn: no latency of its own, one request at a time."""

    name = "moto"
    # Its quotas are IAM's default ones and can't be raised, which clients may heed; and its pages are longer than IAM's.
    most = 400

    def describe(self, workload):
        return "moto under gunicorn, one process, a lock around it"

    @contextlib.contextmanager
    def open(self, workload, folder):
        with moto_server.serve(folder / "moto.log") as server:
            yield _Moto(server, workload)


class _Moto(_Account):
    def __init__(self, server, workload):
        self.server = server
        super().__init__(accounts.of_moto(server.url)[0], workload)

    def begin(self):
        self.before = self.server.counts()

    def end(self):
        spent = {action: count - self.before.get(action, 0) for action, count in self.server.counts().items()}
        return {action: count for action, count in spent.items() if count}


def _quotas(workload):
    if workload.n <= DEFAULT_QUOTAS_HOLD:
        return []
    # As if AWS had been asked for more.
    return [f"quota.RolesQuota={2 * workload.n}", f"quota.PoliciesQuota={2 * workload.n}"]
