#!/usr/bin/env python3
"""Runs a command and prints its CPU time, largest resident memory and exit code as JSON."""

import json
import os
import sys
import time

started = time.time()
quiet = [(os.POSIX_SPAWN_OPEN, fd, os.devnull, os.O_WRONLY, 0) for fd in (1,)]
process = os.posix_spawnp(sys.argv[1], sys.argv[1:], os.environ, file_actions=quiet)
_, status, usage = os.wait4(process, 0)
print(
    json.dumps(
        {
            "started": started,
            "cpu": usage.ru_utime + usage.ru_stime,
            "rssMb": usage.ru_maxrss / 1000,
            "code": os.waitstatus_to_exitcode(status),
        }
    )
)
