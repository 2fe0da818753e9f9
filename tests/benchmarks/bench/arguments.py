"""The command line."""

import argparse
import os

from .cloud import PHASES

WORLDS = ["sandbox", "throttled", "moto"]


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
    add("--with", type=_list(["awscli", "ansible"]), default=[], dest="extra", metavar="PEER,…", help="awscli, ansible")
    add("--peers", type=_list(), default=[], metavar="PEER,…", help="only these peers")
    add("--beyond", type=_list(), default=[], metavar="PEER,…", help="peers to measure beyond the N where they stop")
    add("--worlds", type=_list(WORLDS), metavar="WORLD,…", help=f"of {', '.join(WORLDS)}")
    add("--repeat", type=int, help="runs of which the median is taken (3, from N=1,000 on 1)")
    add("--latency", type=float, default=0.05, metavar="SECONDS", help="of the sandbox (0.05)")
    add("--rate", type=float, default=400, metavar="R", help="requests a second in the world `sandbox` (400)")
    add("--throttled-rate", type=float, default=100, metavar="R", help="the same in the world `throttled` (100)")
    add("--cloud", choices=sorted(clouds), default="aws")
    add("--folder", default=os.environ.get("BENCHMARKS_FOLDER", "target/benchmarks"), help="where results are written")
    add("--document", metavar="FILE", help="a Markdown file to put the table into, between <!-- table --> marks")
    options = parser.parse_args()
    options.n = options.n or ([20] if options.quick else [20, 200, 1000])
    options.worlds = options.worlds or (["sandbox", "moto"] if options.quick else WORLDS)
    options.repeat = options.repeat or (1 if options.quick else None)
    return options
