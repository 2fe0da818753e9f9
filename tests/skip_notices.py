"""Which tests were skipped and why, for the summary of tests/run: a line each in the file that SKIP_NOTICES names."""

import os
import pathlib


def _note(report):
    if not report.skipped or hasattr(report, "wasxfail"):
        return
    _, _, reason = report.longrepr
    file = pathlib.PurePath(report.nodeid.partition("::")[0]).name
    with open(os.environ["SKIP_NOTICES"], "a", encoding="utf-8") as notices:
        notices.write(f"{file}: {reason.removeprefix('Skipped: ')}\n")


def pytest_runtest_logreport(report):
    _note(report)


def pytest_collectreport(report):
    _note(report)
