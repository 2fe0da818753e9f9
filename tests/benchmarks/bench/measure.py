"""One command, measured."""

import dataclasses
import json
import os
import pathlib
import statistics
import subprocess
import sys

LAUNCH = pathlib.Path(__file__).with_name("launch.py")
MEASURES = ["requests", "wall", "cpu", "memory"]


@dataclasses.dataclass
class Figures:
    """Requests; wall seconds; CPU seconds of the client, user and system; MB at the peak; the emulator's CPU seconds."""

    requests: float
    wall: float
    cpu: float
    memory: float
    emulator: float = 0.0
    actions: dict = dataclasses.field(default_factory=dict)


@dataclasses.dataclass
class Ended:
    code: int
    output: str
    errors: str
    wall: float
    cpu: float
    memory: float


def run(command, folder, environment, timeout):
    """Runs it to its end, and measures it and all its children."""
    report, output, errors = folder / "report.json", folder / "output", folder / "errors"
    launched = [sys.executable, "-I", "-S", str(LAUNCH), str(report), *map(str, command)]
    with open(output, "w", encoding="utf-8") as out, open(errors, "w", encoding="utf-8") as err:
        process = subprocess.Popen(
            launched,
            cwd=folder,
            env=os.environ | environment,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=err,
            start_new_session=True,
        )
        try:
            process.wait(timeout)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, 9)
            process.wait()
            raise
    spent = json.loads(report.read_text(encoding="utf-8"))
    text = [path.read_text(encoding="utf-8", errors="replace") for path in (output, errors)]
    return Ended(spent["code"], *text, spent["wall"], spent["cpu"], spent["memory"])


def median(runs):
    """The median of each measure; the actions of the first run."""
    values = {name: statistics.median(getattr(one, name) for one in runs) for name in [*MEASURES, "emulator"]}
    return Figures(**values, actions=runs[0].actions)


def emulator():
    """CPU seconds so far of all processes that this one has: the world's, while no client runs. Linux alone tells."""
    processes = dict(filter(None, map(_process, pathlib.Path("/proc").glob("[0-9]*"))))
    ours = {os.getpid()}
    while more := {one for one, (parent, _) in processes.items() if parent in ours} - ours:
        ours |= more
    ticks = sum(processes[one][1] for one in ours - {os.getpid()} if one in processes)
    return ticks / os.sysconf("SC_CLK_TCK")


def _process(folder):
    """A process, its parent and its ticks, unless it has ended meanwhile."""
    try:
        # Behind the name, in which there may be anything: state, parent, and further on user and system time.
        fields = (folder / "stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    except OSError:
        return None
    return int(folder.name), (int(fields[1]), int(fields[11]) + int(fields[12]))
