"""The measurement of large manifests, `bench/scale.py`: a program of its own, which prints its table."""

import importlib.util
import os
import subprocess
import sys

from .cloudgrant import BINARY


def run(say):
    """Its table, and whether all went well."""
    if not importlib.util.find_spec("bench.scale"):
        return "Large manifests are not measured: there is no `bench/scale.py`.\n", True
    say("large manifests")
    done = subprocess.run(
        [sys.executable, "-m", "bench.scale"],
        env=os.environ | {"CLOUDGRANT": str(BINARY)},
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    return done.stdout, done.returncode == 0
