"""How charts and tables call the methods, where it is not as the results do."""

LABELS = {
    "temporary table, then by ctid": "FULL JOIN, temporary table",
    "MERGE, NOT MATCHED BY SOURCE": "MERGE",
    "COPY, temporary table": "COPY, FULL JOIN, temporary table",
    "COPY alone": "COPY into staging, nothing else",
}


def label(method):
    return LABELS.get(method, method)
