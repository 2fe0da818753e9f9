"""The results: as a table for people, and as JSON."""

import dataclasses
import os
import platform
import textwrap

from . import floor, measure

# As many as Terraform and the scripts have in flight at a time.
IN_FLIGHT = 16
FIRST = "cloudgrant"
BOUNDS = ["seconds", "seconds_with_burst", "seconds_in_flight"]


class Result:
    """Everything that was measured."""

    def __init__(self, cloud, options):
        self.cloud, self.options = cloud, options
        self.peers, self.notices, self.rows = {}, [], []
        self.failed = False
        self.minutes = 0.0
        # Below 0.5 or so, the machine was quiet.
        self.load = os.getloadavg()[0]

    def notice(self, text):
        if text not in self.notices:
            self.notices.append(text)

    def add(self, world, workload, phase, peer, outcome):
        least = self.cloud.floor(phase, workload)
        self.failed |= bool(outcome.failures)
        self.rows.append(
            {
                "world": world.name,
                "conditions": world.describe(workload),
                "n": workload.n,
                "phase": phase,
                "peer": peer.name,
                "runs": [dataclasses.asdict(run) for run in outcome.runs],
                "failures": outcome.failures,
                "median": dataclasses.asdict(measure.median(outcome.runs)) if outcome.runs else None,
                "floor": dataclasses.asdict(least)
                | {
                    "seconds": floor.seconds(least, world),
                    "seconds_with_burst": floor.seconds_with_burst(least, world),
                    "seconds_in_flight": floor.seconds_in_flight(least, world, IN_FLIGHT),
                },
            }
        )

    def content(self):
        """All of it, with each single run."""
        described = {"cloud": self.cloud.NAME, "machine": machine(), "load": self.load, "minutes": self.minutes}
        return described | {"peers": self.peers, "notices": self.notices, "rows": self.rows}

    def markdown(self):
        repeat = f"{self.options.repeat} run(s) for each figure" if self.options.repeat else "three runs, or one"
        lines = [f"Machine: {machine()}; load {self.load:.1f} when this began."]
        lines += [f"{repeat}; {self.minutes:.0f} minutes in all.", ""]
        lines += [f"- {name}: {version}" for name, version in self.peers.items()]
        lines += [f"- {notice}" for notice in self.notices]
        for conditions in dict.fromkeys(row["conditions"] for row in self.rows):
            rows = [row for row in self.rows if row["conditions"] == conditions]
            lines += ["", f"### {rows[0]['world']}: `{conditions}`", ""]
            lines += [*_table(rows), "", *_busy(rows)]
        lines += ["", *_legend(self.cloud)]
        return "\n".join(lines) + "\n"


def _busy(rows):
    """How busy the emulator was: near 100 % and it is what was measured."""
    shares = [(run["emulator"] / run["wall"], row) for row in rows for run in row["runs"] if run["wall"] >= 1]
    if shares:
        share, row = max(shares, key=lambda one: one[0])
        which = f"{row['peer']} {row['phase']} at N={row['n']:,}"
        yield f"The emulator was busy for at most {share:.0%} of a core during a run of a second or more ({which})."


HEAD = ["N", "phase", "client", "requests", "wall s", "CPU s", "MB", "wall ÷ floor", "÷ with burst", "÷ floor₁₆"]
HEAD += ["requests, wall, CPU, MB ÷ cloudgrant's"]


def _table(rows):
    lines = ["| " + " | ".join(HEAD) + " |", "|" + "|".join(["--:", "---", "---"] + ["--:"] * (len(HEAD) - 3)) + "|"]
    for key in dict.fromkeys((row["n"], row["phase"]) for row in rows):
        group = [row for row in rows if (row["n"], row["phase"]) == key]
        least = group[0]["floor"]
        base = next((row["median"] for row in group if row["peer"] == FIRST), None)
        bounds = " / ".join(_seconds(least[name]) for name in BOUNDS)
        lines.append(_line(key, "*floor / with burst / floor₁₆*", least["requests"], bounds, *[""] * 6))
        lines += [_peer(key, row, least, base) for row in group]
    return lines


def _peer(key, row, least, base):
    if not row["median"]:
        reason = "; ".join(dict.fromkeys(row["failures"])).replace("|", "/")
        return _line(key, row["peer"], f"**failed**: {reason}", *[""] * 7)
    figures = row["median"]
    far = [_ratio(figures["wall"], least[name]) for name in BOUNDS]
    if row["peer"] == FIRST:
        # It has as many requests in flight as the cloud takes: that bound is not its own.
        far[-1] = ""
    compared = ""
    if base and row["peer"] != FIRST:
        compared = ", ".join(_ratio(figures[name], base[name]) for name in measure.MEASURES)
    name = row["peer"]
    if row["failures"]:
        name += f" ({len(row['failures'])} of {len(row['failures']) + len(row['runs'])} runs **failed**)"
    shown = [f"{figures['requests']:g}", f"{figures['wall']:.2f}", f"{figures['cpu']:.2f}", f"{figures['memory']:.0f}"]
    return _line(key, name, *shown, *far, compared)


def _line(key, *cells):
    return "| " + " | ".join(str(cell) for cell in (f"{key[0]:,}", key[1], *cells)) + " |"


def _ratio(value, base):
    if not base:
        return "–"
    ratio = value / base
    return f"{ratio:.2f}" if ratio < 10 else f"{ratio:.0f}"


def _seconds(value):
    return "–" if value is None else f"{value:.2f}"


def _legend(cloud):
    text = (
        f"Each figure is the median of its runs, and each run was checked: {cloud.CHECKED} are there afterwards, and a "
        "plan wrote nothing. *floor* is the larger of requests ÷ rate and depth × latency; *with burst* takes what the "
        f"buckets hold at the beginning off the requests; *floor₁₆* is the latter for a client that has {IN_FLIGHT} "
        "requests in flight, as the peers have and cloudgrant has not."
    )
    return textwrap.wrap(text, 116)


def machine():
    """In general terms: what the figures depend on."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    return f"{os.cpu_count()} cores ({platform.machine()}), {memory:.0f} GB, {platform.system()}"
