"""The validator, and what it says at the end of a run: how much it saw, and what it knows nothing of."""

import collections
import os
import pathlib

import pytest
from azure_support import differences, oav
from azure_support.resources import resource_type

SEEN = pytest.StashKey()


class Traffic:
    """Holds recorded exchanges against the specifications, and counts them."""

    def __init__(self, validator):
        self.validator = validator
        self.covered = collections.Counter()
        self.others = collections.Counter()

    def check(self, exchanges):
        """The problems of all exchanges, which operations they are, and how many have no specification."""
        problems, operations, others = [], collections.Counter(), collections.Counter()
        for exchange in exchanges:
            request = exchange["request"]
            verdict = self.validator.ask(differences.specified(exchange))
            if verdict["covered"]:
                operations[verdict["operation"]] += 1
            else:
                others[f"{request['method']} {resource_type(request['url'])}"] += 1
            said = f"{request['method']} {request['url']} -> {exchange['response']['statusCode']}"
            found = differences.unexcused(verdict["operation"], exchange, verdict["problems"])
            problems += [f"{said}: {problem}" for problem in found]
        self.covered += operations
        self.others += others
        return problems, operations, others


@pytest.fixture(scope="session")
def traffic(specifications, request):
    modules = pathlib.Path(os.environ.get("OAV_MODULES") or "node_modules").resolve()
    with oav.serve(specifications, modules) as validator:
        seen = Traffic(validator)
        request.config.stash[SEEN] = seen
        yield seen


def pytest_terminal_summary(terminalreporter, config):
    seen = config.stash.get(SEEN, None)
    if seen is None:
        return
    write = terminalreporter.write_line
    terminalreporter.section("exchanges")
    for title, counts in (("covered by the specifications", seen.covered), ("not covered", seen.others)):
        write(f"{title}: {counts.total()} exchanges of {len(counts)} operations")
        for name, count in sorted(counts.items()):
            write(f"  {count:5} {name}")
