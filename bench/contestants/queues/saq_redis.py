"""SAQ as its documentation sets it up, on Redis."""

import sys

from bench.contestants.queues import program
from bench.contestants.queues.saq import OfSaq

if __name__ == "__main__":
    program.run(OfSaq(program.REDIS), sys.argv[1:])
