"""All phases of one peer in one world, one after the other, as often as asked."""

import contextlib
import dataclasses
import shutil
import subprocess
import traceback

from . import measure
from .cloud import PHASES, Wrong

# Nothing here takes this long unless it hangs.
TIMEOUT = 1800


@dataclasses.dataclass
class Outcome:
    """What came of a phase: the good runs, and why the others failed."""

    runs: list = dataclasses.field(default_factory=list)
    failures: list = dataclasses.field(default_factory=list)


def run(cloud, peer, world, workload, phases, repeat, folder, say):
    """Outcomes by phase. Phases that aren't asked for are run where later ones need them, and not shown."""
    outcomes = {phase: Outcome() for phase in phases}
    last = max(PHASES.index(phase) for phase in phases)
    for at in range(repeat):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        try:
            with world.open(workload, folder) as running:
                peer.prepare(folder, workload, running)
                _phases(cloud, peer, running, workload, PHASES[: last + 1], folder, outcomes, say)
        except Exception as error:  # noqa: BLE001
            # Whatever it is, the other measurements go on.
            say(f"  {peer.name}: the world or the preparation FAILED, {_short(error)}")
            for outcome in outcomes.values():
                if len(outcome.runs) + len(outcome.failures) <= at:
                    outcome.failures.append(f"the world or the preparation: {_short(error)}")
    return outcomes


def _phases(cloud, peer, running, workload, phases, folder, outcomes, say):
    failed = None
    for phase in phases:
        outcome = outcomes.get(phase)
        if failed:
            if outcome:
                outcome.failures.append(f"not run, since {failed} failed")
            continue
        try:
            figures = _one(cloud, peer, running, workload, phase, folder)
            _enough(figures, cloud.floor(phase, workload))
        except Exception as error:  # noqa: BLE001
            failed = phase
            reason = _short(error)
            say(f"  {peer.name} {phase}: FAILED, {reason}")
            if not isinstance(error, (Wrong, subprocess.TimeoutExpired)):
                traceback.print_exc()
            with contextlib.suppress(Exception):
                running.end()
            if outcome:
                outcome.failures.append(reason)
            continue
        say(f"  {peer.name} {phase}: {figures.requests} requests, {figures.wall:.2f} s, {figures.cpu:.2f} s CPU")
        if outcome:
            outcome.runs.append(figures)


def _one(cloud, peer, running, workload, phase, folder):
    command = peer.command(phase, folder, workload)
    environment = peer.environment(running)
    running.begin()
    before = measure.emulator()
    ended = measure.run(command, folder, environment, TIMEOUT)
    emulator = measure.emulator() - before
    actions = running.end()
    try:
        peer.check(phase, workload, ended.code, ended.output)
        running.check(phase, workload)
        _reads_only(cloud, phase, actions)
    except Wrong as error:
        said = ended.errors.strip().splitlines()[-3:]
        raise Wrong(" · ".join([str(error), *said])) from error
    return measure.Figures(sum(actions.values()), ended.wall, ended.cpu, ended.memory, emulator, actions)


def _reads_only(cloud, phase, actions):
    writes = {action: count for action, count in actions.items() if not cloud.is_read(action)}
    if phase == "no-op" and writes:
        raise Wrong(f"a plan wrote: {writes}")


def _enough(figures, least):
    """Whoever needs less than the least has not done the work, or the floor is wrong."""
    if figures.requests < least.requests:
        raise Wrong(f"it made {figures.requests} requests where {least.requests} are the least: {least.why}")


def _short(error):
    return " ".join(str(error).split())[:300] or type(error).__name__
