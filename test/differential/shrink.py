"""Makes a failing case smaller while it goes on failing in the same way."""
import copy

from outcome import Failure, Invalid

TRIES = 400
TRIES_OF_CRASH = 40  # each costs the server a recovery


def shrink(case, failure, fails):
    """fails(case) gives the Failure of a case, or None. Returns the smallest case found, and its failure."""
    tries, limit = 0, TRIES_OF_CRASH if failure.kind == "crash" else TRIES
    progress = True
    while progress and tries < limit:
        progress = False
        for smaller in candidates(case):
            tries += 1
            if tries > limit:
                break
            try:
                found = fails(smaller)
            except (Invalid, KeyError, IndexError):
                continue
            if isinstance(found, Failure) and found.kind == failure.kind:
                case, failure, progress = smaller, found, True
                break
    return case, failure


def candidates(case):
    """Smaller cases, the boldest first."""
    for rows in ("target", "staging"):
        yield from fewer_rows(case, rows)
    for name in list(case.options):
        if name not in ("columns", "ignore_columns"):
            yield changed(case, lambda c, name=name: drop_option(c, name))
    for name in list(case.names):
        yield changed(case, lambda c, name=name: (c.names.pop(name), c.options.pop(name)))
    if case.settings:
        yield changed(case, lambda c: c.settings.clear())
        for i in range(len(case.settings)):
            yield changed(case, lambda c, i=i: c.settings.pop(i))
    if case.isolation != "READ COMMITTED":
        yield changed(case, lambda c: setattr(c, "isolation", "READ COMMITTED"))
    if case.function != "bulk_sync":
        yield changed(case, lambda c: setattr(c, "function", "bulk_sync"))
    if case.ragged:
        yield changed(case, lambda c: setattr(c, "ragged", False))
    if case.committed:
        yield changed(case, lambda c: (setattr(c, "committed", False), setattr(c, "frozen", False)))
    for column in case.target.columns:
        if droppable(case, column.name):
            yield changed(case, lambda c, name=column.name: drop_column(c, name))
    for column in case.staging.columns:
        if column.name not in (case.keys or []) and not case.refused:
            yield changed(case, lambda c, name=column.name: drop_staging_column(c, name))
    for key in case.keys or []:
        if len(case.keys) > 1:
            yield changed(case, lambda c, key=key: c.keys.remove(key))
    if case.filter is not None and not case.refused:
        yield changed(case, lambda c: (setattr(c, "filter", None), c.filter_columns.clear()))
    yield from plainer(case)


def fewer_rows(case, side):
    count = len(getattr(case, side).rows)
    size = count
    while size >= 1:
        for start in range(0, count, size):
            yield changed(case, lambda c, start=start, size=size: cut(getattr(c, side), start, size))
        size //= 2


def cut(table, start, size):
    del table.rows[start : start + size]
    if hasattr(table, "late_rows"):
        table.late_rows = max(min(table.late_rows, start), table.late_rows - size)
        table.child_rows = [i if i < start else i - size for i in table.child_rows if not start <= i < start + size]


def plainer(case):
    target = case.target
    if target.kind in ("temp", "unlogged"):
        yield changed(case, lambda c: setattr(c.target, "kind", "plain"))
    if target.partitions:
        yield changed(case, plain_target)
    if target.kind == "inherited":
        yield changed(case, lambda c: (setattr(c.target, "kind", "plain"), c.target.child_rows.clear()))
    if target.dropped:
        yield changed(case, lambda c: c.target.dropped.clear())
    if target.late:
        yield changed(case, lambda c: (setattr(c.target, "late", ""), setattr(c.target, "late_rows", 0)))
    for attribute, plain in (
        ("churned", False),
        ("rolled_back", False),
        ("storage", {}),
        ("index", False),
        ("analyzed", False),
        ("trigger", ""),
        ("watched", False),
        ("referenced", ""),
        ("self_reference", False),
        ("exclusion", []),
        ("policy", ""),
        ("child_generated", None),
        ("child_turned", False),
    ):
        if getattr(target, attribute):
            yield changed(case, lambda c, a=attribute, p=plain: setattr(c.target, a, p))
    if target.unique:
        yield changed(case, lambda c: setattr(c.target, "unique", ""))
    if target.primary_key:
        yield changed(case, lambda c: c.target.primary_key.clear())
    if case.staging.kind != "table":
        yield changed(case, lambda c: setattr(c.staging, "kind", "table"))
    for attribute, plain in (
        ("dropped", []),
        ("late", ""),
        ("churned", False),
        ("rolled_back", False),
        ("storage", {}),
    ):
        if getattr(case.staging, attribute):
            yield changed(case, lambda c, a=attribute, p=plain: setattr(c.staging, a, p))
    for i, column in enumerate(target.columns):
        for attribute, plain in (("default", None), ("not_null", False), ("generated", None)):
            if getattr(column, attribute) and not column.sequence:
                yield changed(case, lambda c, i=i, a=attribute, p=plain: setattr(c.target.columns[i], a, p))
    for side in ("target", "staging"):
        for i, row in enumerate(getattr(case, side).rows[:12]):
            for name, value in row.items():
                if value is not None and name not in (case.keys or []):
                    yield changed(
                        case, lambda c, side=side, i=i, name=name: getattr(c, side).rows[i].update({name: None})
                    )


def plain_target(case):
    case.target.kind, case.target.partition_by, case.target.partitions = "plain", "", []


def changed(case, change):
    smaller = copy.deepcopy(case)
    change(smaller)
    return smaller


def drop_option(case, name):
    case.options.pop(name)
    if name == "soft_delete":
        case.mark = ""
    elif name == "insert_defaults":
        case.insert_defaults.clear()
    elif name == "touch_columns":
        case.touched.clear()
    elif name == "update_when":
        case.update_when = None


def droppable(case, name):
    used = [other.generated or "" for other in case.target.columns] + [
        case.target.partition_by,
        case.target.policy,
        case.update_when or "",
        case.filter if case.refused and case.filter else "",
    ]
    return (
        not case.refused
        and name
        not in (case.keys or [])
        + case.filter_columns
        + [case.mark, case.target.trigger_column, "parent" if case.target.self_reference else ""]
        + list(case.insert_defaults)
        + case.touched
        and not any(name in text for text in used)
    )


def drop_column(case, name):
    column = case.target.column(name)
    case.target.columns.remove(column)
    case.target.primary_key = [key for key in case.target.primary_key if key != name]
    case.target.exclusion = [key for key in case.target.exclusion if key != name]
    if case.target.late == name:
        case.target.late, case.target.late_rows = "", 0
    case.target.dropped.clear()
    case.target.storage.pop(name, None)
    for row in case.target.rows:
        row.pop(name, None)
    drop_staging_column(case, name)


def drop_staging_column(case, name):
    case.staging.columns = [column for column in case.staging.columns if column.name != name]
    case.staging.dropped.clear()
    case.staging.storage.pop(name, None)
    if case.staging.late == name:
        case.staging.late = ""
    for row in case.staging.rows:
        row.pop(name, None)
    for option, names in list(case.names.items()):
        if name in names:
            names.remove(name)
            if not names:
                case.names.pop(option)
                case.options.pop(option)
            else:
                case.options[option] = "ARRAY[" + ", ".join(f"'{n}'" for n in names) + "]::text[]"
