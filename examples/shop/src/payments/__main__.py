"""Run the provider: `python -m payments --port 0 --store payments.db`.

It says where it listens in its first line, and ends with whoever started it: when its standard
input is closed. So nothing stays behind, however the other process ends.
"""

import argparse
import os
import signal
import socket
import sys
import threading

import uvicorn

from payments.service import create_provider
from payments.store import Store


def main() -> None:
    """Serve on this machine until standard input ends or SIGTERM comes."""
    given = argparse.ArgumentParser(prog="payments", description=__doc__)
    given.add_argument("--port", type=int, default=0, help="0 takes a free one")
    given.add_argument("--store", default=":memory:", help="file of the charges")
    asked = given.parse_args()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the process that started this one
    with socket.create_server(("127.0.0.1", asked.port)) as listener:
        threading.Thread(target=_end_with_input, daemon=True).start()
        sys.stdout.write(f"http://127.0.0.1:{listener.getsockname()[1]}\n")
        sys.stdout.flush()
        config = uvicorn.Config(
            create_provider(Store(asked.store)),
            lifespan="off",
            log_level="error",
            timeout_graceful_shutdown=1,
        )
        uvicorn.Server(config).run(sockets=[listener])


def _end_with_input() -> None:
    sys.stdin.read()
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    main()
