"""`python -m labelkeep.operations NAME PARENT`: a worker process of a server."""

from __future__ import annotations

import sys

from labelkeep.operations.process import run_worker

if __name__ == "__main__":
    run_worker(sys.argv[1], parent=int(sys.argv[2]))
