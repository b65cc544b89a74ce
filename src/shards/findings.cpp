#include "shards/findings.hpp"

#include "write/guards.hpp"

namespace bulk_sync::shards {

namespace {

void write(const char *name, const KeyList &keys, pg::MessageWriter &message)
{
	message.begin(name, '{');
	message.add("count", static_cast<int64>(keys.count));
	message.begin("shown", '[');
	for (uint64 i = 0; i < keys.count && i < KeyList::most_shown; i++)
		message.add_element(keys.shown[i]);
	message.end(']');
	message.end('}');
}

void add(KeyList &keys, const pg::MessageReader &message)
{
	pg::MessageReader const shown = message.member("shown");
	for (int i = 0; i < shown.count() && keys.count + i < KeyList::most_shown; i++)
		keys.shown[keys.count + i] = shown.element_text(i);
	keys.count += message.number("count");
}

void write(const DiffCounts &counts, pg::MessageWriter &message)
{
	message.add("staged", static_cast<int64>(counts.staged));
	message.add("in_scope", static_cast<int64>(counts.in_scope));
	message.add("marked", static_cast<int64>(counts.marked));
	message.add("unchanged", static_cast<int64>(counts.unchanged));
	message.add("matched", static_cast<int64>(counts.matched));
}

void add(DiffCounts &counts, const pg::MessageReader &message)
{
	counts.staged += message.number("staged");
	counts.in_scope += message.number("in_scope");
	counts.marked += message.number("marked");
	counts.unchanged += message.number("unchanged");
	counts.matched += message.number("matched");
}

} // namespace

void check_findings(const Plan &plan, const Findings &findings)
{
	check_duplicates(plan, findings.diff);
	check_guards(plan, findings.diff.counts, findings.deletes);
	refuse_out_of_scope(plan, findings.out_of_scope);
	refuse_other_keys(plan, findings.other_keys);
}

bool have_same_rows(const DiffCounts &one, const DiffCounts &other) noexcept
{
	return one.staged == other.staged && one.in_scope == other.in_scope &&
		   one.marked == other.marked && one.unchanged == other.unchanged &&
		   one.matched == other.matched;
}

bool did_the_same(const Done &one, const Done &other) noexcept
{
	return have_same_rows(one.counts, other.counts) && one.stats.created == other.stats.created &&
		   one.stats.updated == other.stats.updated && one.stats.deleted == other.stats.deleted &&
		   one.stats.skipped == other.stats.skipped && one.deletes == other.deletes;
}

void write(const Findings &findings, pg::MessageWriter &message)
{
	write(findings.diff.counts, message);
	write("staging_duplicates", findings.diff.staging_duplicates, message);
	write("target_duplicates", findings.diff.target_duplicates, message);
	message.add("marked_among_duplicates", findings.diff.marked_among_duplicates);
	message.add("creates", static_cast<int64>(findings.creates));
	message.add("updates", static_cast<int64>(findings.updates));
	message.add("deletes", static_cast<int64>(findings.deletes));
	message.add("skipped", static_cast<int64>(findings.skipped));
	write("out_of_scope", findings.out_of_scope.keys, message);
	message.add("new_rows_out_of_scope", findings.out_of_scope.has_new_rows);
	message.begin("other_keys", '[');
	for (const KeyList &keys : findings.other_keys) {
		message.begin_element();
		write("keys", keys, message);
		message.end('}');
	}
	message.end(']');
}

void add(Findings &findings, const pg::MessageReader &message)
{
	add(findings.diff.counts, message);
	add(findings.diff.staging_duplicates, message.member("staging_duplicates"));
	add(findings.diff.target_duplicates, message.member("target_duplicates"));
	if (message.flag("marked_among_duplicates"))
		findings.diff.marked_among_duplicates = true;
	findings.creates += message.number("creates");
	findings.updates += message.number("updates");
	findings.deletes += message.number("deletes");
	findings.skipped += message.number("skipped");
	add(findings.out_of_scope.keys, message.member("out_of_scope"));
	if (message.flag("new_rows_out_of_scope"))
		findings.out_of_scope.has_new_rows = true;
	pg::MessageReader const other_keys = message.member("other_keys");
	for (int i = 0; i < other_keys.count(); i++)
		add(findings.other_keys[i], other_keys.element(i).member("keys"));
}

void write(const Done &done, pg::MessageWriter &message)
{
	write(done.counts, message);
	message.add("created", static_cast<int64>(done.stats.created));
	message.add("updated", static_cast<int64>(done.stats.updated));
	message.add("deleted", static_cast<int64>(done.stats.deleted));
	message.add("skipped", static_cast<int64>(done.stats.skipped));
	message.add("deletes", static_cast<int64>(done.deletes));
}

void add(Done &done, const pg::MessageReader &message)
{
	add(done.counts, message);
	done.stats.created += message.number("created");
	done.stats.updated += message.number("updated");
	done.stats.deleted += message.number("deleted");
	done.stats.unchanged += message.number("unchanged");
	done.stats.skipped += message.number("skipped");
	done.deletes += message.number("deletes");
}

} // namespace bulk_sync::shards
