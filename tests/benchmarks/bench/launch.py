"""Runs one command and says what it cost: `launch.py REPORT COMMAND…`.

A process of its own, and a small one: Linux counts the memory of whoever starts a process towards that process's peak.
It uses the standard library alone and is run without `site`, so its own peak is about 10 MB.
"""

import json
import os
import sys
import time


def main():
    report, command = sys.argv[1], sys.argv[2:]
    began = time.monotonic()
    process = os.posix_spawnp(command[0], command, os.environ)
    _, status, usage = os.wait4(process, 0)
    wall = time.monotonic() - began
    spent = {
        "code": os.waitstatus_to_exitcode(status),
        "wall": wall,
        "cpu": usage.ru_utime + usage.ru_stime,
        # Kilobytes of 1,024 bytes on Linux.
        "memory": usage.ru_maxrss * 1024 / 1e6,
    }
    with open(report, "w", encoding="utf-8") as file:
        json.dump(spent, file)


main()
