"""The command line."""

import argparse
import os

from .cloud import PHASES

WORLDS = ["sandbox", "throttled", "moto"]
EXTRA = ["awscli", "ansible", "az"]


def _list(known=None):
    def parse(text):
        names = [name for name in text.split(",") if name]
        odd = [name for name in names if known and name not in known]
        if odd:
            raise argparse.ArgumentTypeError(f"{', '.join(odd)}: known are {', '.join(known)}")
        return names

    return parse


def _numbers(text):
    return [int(number) for number in text.split(",")]


def parse(clouds):
    """The options."""
    parser = argparse.ArgumentParser(prog="tests/benchmarks/run", description="Measures cloudgrant and its peers.")
    add = parser.add_argument
    add("--quick", action="store_true", help="N=20 in all worlds but `throttled`, one run each")
    add("--only", type=_list(PHASES), default=PHASES, dest="phases", metavar="PHASE,…", help=f"of {', '.join(PHASES)}")
    add("--n", type=_numbers, metavar="N,…", help="numbers of grants (20,200,1000)")
    add("--with", type=_list(EXTRA), default=[], dest="extra", metavar="PEER,…", help=", ".join(EXTRA))
    add("--peers", type=_list(), default=[], metavar="PEER,…", help="only these peers")
    add("--beyond", type=_list(), default=[], metavar="PEER,…", help="peers to measure beyond the N where they stop")
    add("--worlds", type=_list(WORLDS), metavar="WORLD,…", help=f"of {', '.join(WORLDS)}")
    add("--repeat", type=int, help="runs of which the median is taken (3, from N=1,000 on 1)")
    add("--latency", type=float, default=0.05, metavar="SECONDS", help="of the sandbox (0.05)")
    add("--rate", type=float, default=1000, metavar="R", help="AWS: requests a second in the world `sandbox` (1000)")
    add("--throttled-rate", type=float, default=100, metavar="R", help="the same in the world `throttled` (100)")
    add("--azure-rate", type=float, default=10, metavar="R", help="Azure: writes a second in `throttled` (Azure's 10)")
    add("--cloud", type=_list(clouds), default=list(clouds), metavar="CLOUD,…", help=f"of {', '.join(clouds)}")
    add("--scale", action="store_true", help="also how long large manifests take, without a network (bench/scale.py)")
    add("--folder", default=os.environ.get("BENCHMARKS_FOLDER", "target/benchmarks"), help="where results are written")
    add("--document", metavar="FILE", help="a Markdown file to put the tables into, between their marks")
    options = parser.parse_args()
    options.n = options.n or ([20] if options.quick else [20, 200, 1000])
    options.worlds = options.worlds or (["sandbox", "moto"] if options.quick else WORLDS)
    options.repeat = options.repeat or (1 if options.quick else None)
    return options
