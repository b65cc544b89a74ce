#!/usr/bin/python3
"""The figures of README.md and docs/performance.md: measures them, and makes the charts and tables from the results.

    test/bench figures run      measures; writes the results
    test/bench figures make     makes the charts and what stands between <!-- figures: .. --> in the documents
    test/bench figures check    whether the documents have the numbers of the results, and the charts are of them

`run` needs what test/bench needs. PYTHONPATH can name a folder with the package django-bulk-sync, which is left out
where Python does not find it. `make` needs matplotlib. The results are docs/performance/results.json, unless an option
says otherwise.
"""
import argparse
import pathlib
import sys

TOP = pathlib.Path(__file__).resolve().parents[2]
RESULTS = TOP / "docs" / "performance" / "results.json"


def main():
    options = parse()
    if options.command == "run":
        import series

        return series.run(options)
    import document

    if options.command == "make":
        import charts

        charts.make(options.results, TOP)
        document.make(options.results, TOP)
        return 0
    wrong = document.check(options.results, TOP)
    print("\n".join(wrong) if wrong else "the documents have what the results say")
    return 1 if wrong else 0


def parse():
    parser = argparse.ArgumentParser(
        prog="test/bench figures", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("command", choices=("run", "make", "check"))
    parser.add_argument("--results", type=pathlib.Path, default=RESULTS, metavar="FILE")
    parser.add_argument(
        "--rows", type=int, default=1_000_000, help="run: those of the base; all else is scaled with it (1 M)"
    )
    parser.add_argument(
        "--rounds", type=int, default=3, help="run: for that size; smaller tables have more, some points one less"
    )
    parser.add_argument("--only", nargs="+", metavar="PART", help="run: shares, rows, memory, file, django, not all")
    parser.add_argument("--machine", help="run: how the documents call this machine")
    parser.add_argument("--database", default="bulk_sync_bench", help="run: to make, and to drop at the end")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
