#!/usr/bin/env bash
#
# test/raising finds what it is there for: small sources that break the rules of src/pg/guard.hpp, and others that keep
# them. A line of them that ends in "// FINDING" is to be found with these words, every other line is to be passed over.
# Needs no server; exits with 77 without the compiler.
set -euo pipefail
# shellcheck source=test/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
make_work

source_of() {
	{
		printf '#include "pg/memory.hpp"\n#include "pg/scratch.hpp"\nnamespace bulk_sync::pg {\n'
		cat
		printf '}\n'
	} >"$work/$1.cpp"
}

source_of destructors <<'END'
PG_RAISES void local()
{
	Vector<int> numbers(3);
	pfree(numbers.data()); // local() has Vector<int> alive where pfree may raise
}
PG_RAISES void temporary()
{
	pfree(String("text").data()); // temporary() has String alive where pfree may raise
}
void in_pg_call()
{
	pg_call([] {
		String const text("text");
		palloc(text.size()); // has String alive where palloc may raise
	});
}
PG_RAISES void ended_before()
{
	{
		Vector<int> const numbers(3);
	}
	palloc(3);
}
void outside_of_pg_call()
{
	Vector<int> const numbers(3);
	pg_call([&] { palloc(numbers.size()); });
}
PG_RAISES void owned_by_caller(Vector<int> &numbers)
{
	pfree(numbers.data());
}
PG_RAISES void in_scratch(const Scratch &scratch)
{
	scratch.run([] { palloc(3); });
}
END

source_of declarations <<'END'
void *undeclared()
{
	return palloc(3); // undeclared() calls palloc, which may raise
}
PG_RAISES void *declared()
{
	return palloc(3);
}
void *calls_declared()
{
	return declared(); // calls_declared() calls pg::declared(), which may raise
}
int through_header(TupleTableSlot *slot)
{
	slot_getallattrs(slot); // through_header(TupleTableSlot*) calls slot_getallattrs(TupleTableSlot*), which may raise
	return slot->tts_nvalid;
}
Datum by_pointer(FunctionCallInfo call)
{
	return FunctionCallInvoke(call); // by_pointer(FunctionCallInfoBaseData*) calls what a pointer tells, which may raise
}
template <typename Visit> void three_times(Visit &&visit)
{
	for (int i = 0; i < 3; i++)
		visit(i);
}
void by_template()
{
	three_times([](int i) { palloc(i); }); // by_template() calls void pg::three_times<
}
int harmless_by_template()
{
	int sum = 0;
	three_times([&](int i) { sum += i; });
	return sum;
}
PG_RAISES int stale() // stale() is declared PG_RAISES and never does
{
	return 3;
}
PG_RAISES void promises() noexcept // promises() may raise and is noexcept
{
	palloc(3);
}
PG_NEVER_RAISES void vouched_for()
{
	palloc(3);
}
PG_NEVER_RAISES void vouched_for_in_vain() // vouched_for_in_vain() is declared PG_NEVER_RAISES and
{
}
void calls_vouched_for()
{
	vouched_for();
	MemoryContextReset(CurrentMemoryContext);
}
END

source_of virtual_functions <<'END'
class Base {
  public:
	PG_RAISES virtual void raising() = 0;
	virtual int harmless() = 0;

  protected:
	~Base() = default;
};
class Declared final : public Base {
  public:
	PG_RAISES void raising() override { palloc(3); }
	int harmless() override { return 3; }
};
class Undeclared final : public Base {
  public:
	void raising() override { palloc(3); } // Undeclared::raising() calls palloc, which may raise
	int harmless() override { return 3; }
};
void calls(Base &base)
{
	base.raising(); // calls(pg::Base&) calls a virtual function of pg::Base, which may raise
}
int calls_harmless(Base &base)
{
	Vector<int> const numbers(3);
	return base.harmless();
}
PG_RAISES void calls_while_alive(Base &base)
{
	Vector<int> const numbers(3);
	base.raising(); // has Vector<int> alive where a virtual function of pg::Base may raise
}
void use()
{
	Declared declared;
	Undeclared undeclared;
	calls(declared);
	calls_harmless(undeclared);
}
END

status=0
"$top/test/raising" "$work"/*.cpp >"$work/found" || status=$?
[ "$status" != 77 ] || { cat "$work/found"; exit 77; }
failed=no
fail() {
	say "FAILED  $*"
	failed=yes
}
[ "$status" = 1 ] || fail "exit code $status"

grep -nE '// [^ ]' "$work"/*.cpp | while IFS=: read -r file line text; do
	printf '%s:%s:%s\n' "${file##*/}" "$line" "${text#*// }"
done >"$work/expected"
[ "$(wc -l <"$work/expected")" = 14 ] || fail 'the sources do not expect 14 findings'
while IFS=: read -r file line words; do
	if grep -F "$file:$line: " "$work/found" | grep -qF "$words"; then
		say "ok      $file:$line $words"
	else
		fail "not found: $file:$line $words"
	fi
done <"$work/expected"
while IFS=: read -r file line words; do
	grep -q "^${file##*/}:$line:" "$work/expected" || fail "found without a reason: ${file##*/}:$line:$words"
done <"$work/found"

# What keeps to the rules is passed over as a whole.
source_of clean <<'END'
PG_RAISES void *declared()
{
	return palloc(3);
}
void guarded()
{
	pg_call([] { declared(); });
}
END
"$top/test/raising" "$work/clean.cpp" || fail 'a clean source'
[ "$failed" = no ]
