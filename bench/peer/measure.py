#!/usr/bin/env python3
"""Runs a command and prints its CPU time, largest memory and exit code as JSON.

Resident memory counts each page that is mapped; proportional memory shares out the pages that other processes use, too;
private memory is what no other process uses.
"""

import json
import os
import sys
import time

SAMPLE_EVERY = 0.25

started = time.time()
quiet = [(os.POSIX_SPAWN_OPEN, fd, os.devnull, os.O_WRONLY, 0) for fd in (1,)]
process = os.posix_spawnp(sys.argv[1], sys.argv[1:], os.environ, file_actions=quiet)
proportional = private = 0
while True:
    ended, status, usage = os.wait4(process, os.WNOHANG)
    if ended:
        break
    try:
        with open(f"/proc/{process}/smaps_rollup") as file:
            sizes = {line.split(":")[0]: int(line.split()[1]) for line in file if line.endswith(" kB\n")}
        proportional = max(proportional, sizes["Pss"])
        private = max(private, sizes["Private_Clean"] + sizes["Private_Dirty"])
    except (OSError, KeyError):  # it is ending
        pass
    time.sleep(SAMPLE_EVERY)
print(
    json.dumps(
        {
            "started": started,
            "cpu": usage.ru_utime + usage.ru_stime,
            "rssMb": usage.ru_maxrss / 1000,
            "pssMb": proportional / 1000,
            "privateMb": private / 1000,
            "code": os.waitstatus_to_exitcode(status),
        }
    )
)
