"""What a cloud has to say in order to be measured: `bench/aws` and `bench/azure` do; another one adds a folder beside.

A cloud is a module with

- `NAME`;
- `worlds(options)`: its worlds, emulators that clients can be measured against;
- `peers(options)`: the ways to do the work, cloudgrant among them;
- `workload(n)`: N grants, as a manifest and as the objects that must come of it;
- `floor(phase, workload)`: what nobody can do with less, as `Least`;
- `is_read(action)`: whether a request of that kind, as the world counts it, leaves everything as it is;
- `CHECKED`: what is compared after each phase, in words, for the table.
"""

import dataclasses

# The bucket of a world that has one for all requests.
ALL = "all"
PHASES = ["apply", "no-op", "change", "revoke"]


class Wrong(Exception):
    """A run that did not do what it should: it is shown as failed, with this as the reason."""


@dataclasses.dataclass(frozen=True)
class Least:
    """What a phase takes at least, whoever does it."""

    requests: int
    # The longest chain of requests of which each needs the answer to the one before.
    depth: int
    why: str
    # The same requests by the bucket that they are taken from; by default there is one for all. A request may be taken
    # from several, so these may add up to more.
    buckets: dict = dataclasses.field(default_factory=dict)

    def taken(self):
        """How many requests come out of which bucket."""
        return self.buckets or {ALL: self.requests}


@dataclasses.dataclass(frozen=True)
class Limit:
    """A bucket of tokens: what flows in each second, and what it holds, which is what it begins with."""

    rate: float
    burst: float


class World:
    """An emulator with its conditions."""

    name = ""
    # Seconds before each answer.
    latency = 0.0
    # The buckets from which requests are taken, by name, as `Limit`; none where nobody is throttled.
    limits = {}
    # The largest N that it can hold.
    most = None

    def describe(self, workload):
        """The conditions, for the table."""
        raise NotImplementedError

    def open(self, workload, folder):
        """A context manager: a `Running` that is prepared for the workload and otherwise empty."""
        raise NotImplementedError


class Running:
    """A world while it runs."""

    def environment(self):
        """The variables with which a client works in it."""
        raise NotImplementedError

    def begin(self):
        """From now on the conditions hold and requests are counted."""
        raise NotImplementedError

    def end(self):
        """The conditions end. Answers with the requests since `begin`, by action."""
        raise NotImplementedError

    def check(self, phase, workload):
        """Raises `Wrong` unless everything is as it must be after the phase."""
        raise NotImplementedError


class Peer:
    """A way to do the work."""

    name = ""
    # The largest N that is measured unless asked for, and the largest that is measured more than once.
    most = None
    repeat_up_to = None
    # The names of the worlds where it is measured, unless asked for; all of them otherwise.
    worlds = None

    def version(self):
        """What is measured, with its version."""
        raise NotImplementedError

    def missing(self):
        """Why it can't be measured here, or nothing."""

    def prepare(self, folder, workload, running):
        """What comes before all phases and isn't measured."""

    def command(self, phase, folder, workload):
        """The command of a phase."""
        raise NotImplementedError

    def environment(self, running):
        """The command's own variables."""
        return running.environment()

    def check(self, phase, workload, code, output):
        """Raises `Wrong` unless the command said that all is well."""
        if code:
            raise Wrong(f"exit code {code}")
