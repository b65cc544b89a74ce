#!/usr/bin/python3
"""A few hundred cases of the randomized differential test, in well under two minutes; the seed is printed.

PGHOST, PGPORT, PGUSER and PGDATABASE give the server. More cases, or one again: see differential/run.py.
"""
import os
import sys

run = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "differential", "run.py")
os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
os.execv(run, [run, "--cases", "800", "--seconds", "90", "--keep-going"] + sys.argv[1:])
