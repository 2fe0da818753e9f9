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


def modules():
    """The folder with oav's packages."""
    return pathlib.Path(os.environ.get("OAV_MODULES") or "node_modules").resolve()


@pytest.fixture(scope="session")
def traffic(specifications, request):
    with oav.serve(specifications, modules()) as validator:
        seen = Traffic(validator)
        request.config.stash.setdefault(SEEN, []).append(seen)
        yield seen


@pytest.fixture(scope="session")
def machine_learning(platform_specifications, request):
    """The same for Azure Machine Learning."""
    files = ("**/machineLearningServices.json", "**/mfe.json")
    with oav.serve(platform_specifications, modules(), *files) as validator:
        seen = Traffic(validator)
        request.config.stash.setdefault(SEEN, []).append(seen)
        yield seen


def pytest_terminal_summary(terminalreporter, config):
    for seen in config.stash.get(SEEN, []):
        summary(terminalreporter, seen)


def summary(terminalreporter, seen):
    write = terminalreporter.write_line
    terminalreporter.section("exchanges")
    for title, counts in (("covered by the specifications", seen.covered), ("not covered", seen.others)):
        write(f"{title}: {counts.total()} exchanges of {len(counts)} operations")
        for name, count in sorted(counts.items()):
            write(f"  {count:5} {name}")
