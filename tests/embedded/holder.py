"""A process that holds a lease until told otherwise: `holder.py DIRECTORY [fork]`.

It prints the URL and the id of a forked child (0 without one), and ends with its input.
"""

import os
import sys
import time
from pathlib import Path

from fastgres.embedded import acquire

cluster = acquire(Path(sys.argv[1]), durable=False)
child = os.fork() if "fork" in sys.argv else 0
if "fork" in sys.argv and not child:
    time.sleep(600)
sys.stdout.write(f"{cluster.url()} {child}\n")
sys.stdout.flush()
sys.stdin.read()
cluster.release()
