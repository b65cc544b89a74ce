#!/usr/bin/python3
"""A few hundred cases of the randomized differential test, in well under two minutes; the seed is printed. Fewer when
BULK_SYNC_QUICK is 1.

PGHOST, PGPORT, PGUSER and PGDATABASE give the server. More cases, or one again: see differential/run.py.
"""
import os
import sys

quick = os.environ.get("BULK_SYNC_QUICK") == "1"
limits = ["--cases", "200", "--seconds", "20"] if quick else ["--cases", "800", "--seconds", "90"]
run = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "differential", "run.py")
os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
os.execv(run, [run, *limits, "--keep-going"] + sys.argv[1:])
