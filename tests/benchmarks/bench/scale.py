"""`python -m bench.scale`: what it costs to plan large manifests in the sandbox, without a network.

Measures the program that CLOUDGRANT names, one process a line, and prints a Markdown table. The sandbox is in the same
process, and fresh; its quotas are raised, so that a plan comes out. Beside it, what it takes the YAML reader that most
of Python's programs use to read the same file and do nothing with it: how fast the machine is.
"""

import argparse
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

from . import manifests, measure

QUOTAS = {
    "aws": ["PoliciesQuota", "RolesQuota", "AttachedPoliciesPerRoleQuota", "AssumeRolePolicySizeQuota"],
    "azure": ["RoleAssignmentsPerSubscription"],
}
ENOUGH = 1_000_000
# cloudgrant reads no larger manifest; of a notation that takes more for each grant, fewer are measured.
LARGEST = 8 << 20
REFUSED = 2
# The cases of a number of grants: cloud, notation, output, and whether something is wrong with the manifest.
CASES = [
    ("aws", "yaml", "text", False),
    ("aws", "yaml", "json", False),
    ("aws", "yaml", "text", True),
    ("aws", "toml", "text", False),
    ("aws", "json", "text", False),
    ("azure", "yaml", "text", False),
    ("azure", "yaml", "json", False),
]


def main():
    parser = argparse.ArgumentParser(prog="python -m bench.scale", description=__doc__.splitlines()[0])
    parser.add_argument("--n", default="1000,10000,100000", help="numbers of grants (1000,10000,100000)")
    parser.add_argument("--only", default="", help="only cases with this text, such as `aws yaml text`")
    parser.add_argument("--keep", metavar="FOLDER", help="leave the manifests here")
    options = parser.parse_args()
    program = os.environ.get("CLOUDGRANT")
    if not program:
        parser.error("the variable CLOUDGRANT has to name the program")
    print("| grants | cloud | notation | MB of it | output | exit | wall s | CPU s | MB at the peak |")
    print("|--:|---|---|--:|---|--:|--:|--:|--:|")
    failed = False
    for n in map(int, options.n.split(",")):
        for case in CASES:
            label = " ".join([*case[:3], "refused" if case[3] else "planned"])
            if options.only in label:
                failed |= not one(pathlib.Path(program).resolve(), n, *case, options.keep)
        if options.only in "aws yaml read":
            failed |= not only_read(n)
    return 1 if failed else 0


def one(program, n, cloud, notation, output, wrong, keep):
    """Measures one run and prints its line; whether it ended as it should."""
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        manifest = manifests.write(folder / f"m.{notation}", n, cloud, wrong)
        while manifest.stat().st_size > LARGEST:
            n = n * 9 // 10
            manifests.write(manifest, n, cloud, wrong)
        if keep:
            shutil.copy(manifest, pathlib.Path(keep) / f"{cloud}-{n}{'-wrong' if wrong else ''}.{notation}")
        size = manifest.stat().st_size
        command = [program, "plan", "--file", manifest, "--output", output, f"--sandbox={folder / 'sandbox'}"]
        command += ["--faults", ",".join(f"quota.{name}={ENOUGH}" for name in QUOTAS[cloud])]
        spent, errors = run(command, folder)
    good = spent["code"] == (REFUSED if wrong else 0) and (manifests.WRONG in errors or not wrong)
    said = output if good else f"{output}: {' '.join(errors.split())[:200]}"
    cells = [f"{n:,}", cloud, notation, f"{size / 1e6:.2f}", said, spent["code"]]
    cells += [f"{spent['wall']:.2f}", f"{spent['cpu']:.2f}", f"{spent['memory']:.0f}"]
    print("| " + " | ".join(map(str, cells)) + " |", flush=True)
    return good


def only_read(n):
    """Measures how long PyYAML, with libyaml, reads the manifest, and prints that line; whether it could."""
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        manifest = manifests.write(folder / "m.yaml", n, "aws", False)
        read = "import sys, yaml; yaml.load(open(sys.argv[1]), Loader=yaml.CSafeLoader)"
        spent, _ = run([sys.executable, "-c", read, manifest], folder)
        size = manifest.stat().st_size
    cells = [f"{n:,}", "aws", "yaml", f"{size / 1e6:.2f}", "*PyYAML reads it*", spent["code"]]
    cells += [f"{spent['wall']:.2f}", f"{spent['cpu']:.2f}", f"{spent['memory']:.0f}"]
    print("| " + " | ".join(map(str, cells)) + " |", flush=True)
    return spent["code"] == 0


def run(command, folder):
    """The report of the launcher, and what the command said on standard error. Its results go nowhere."""
    report = folder / "report.json"
    launched = [sys.executable, "-I", "-S", str(measure.LAUNCH), str(report), *map(str, command)]
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "CLOUDGRANT_"))}
    kept = {name: value for name, value in kept.items() if not name.lower().endswith("_proxy")}
    done = subprocess.run(
        launched,
        cwd=folder,
        env=kept,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        check=True,
    )
    return json.loads(report.read_text(encoding="utf-8")), done.stderr.decode(errors="replace")


sys.exit(main())
