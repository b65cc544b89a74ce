/*
 * The allocator of the containers, and the memory contexts of the work.
 */
#include <cstdint>
#include <stdexcept>
#include <utility>

#include "unit.hpp"

namespace bulk_sync::unit {

using pg::Allocator;
using pg::pg_call;
using pg::String;
using pg::Vector;
using pg::WorkContext;

namespace {

template <typename Function> bool runs_out_of_memory(Function &&f)
{
	try {
		f();
	} catch (const std::bad_alloc &) {
		return true;
	}
	return false;
}

} // namespace

UNIT_TEST(large_pieces,
		  "memory: large pieces begin with a huge page, and are written as others are")
{
	for (std::size_t bytes : {std::size_t{8}, std::size_t{3} << 20, std::size_t{9} << 20}) {
		WorkContext context("unit large pieces");
		char *const memory = pg_call([&] { return pg::allocate_aligned(context.get(), bytes); });
		if (bytes >= 2 * pg::huge_page)
			CHECK(reinterpret_cast<std::uintptr_t>(memory) % pg::huge_page == 0);
		std::size_t const part = bytes / 3 + 1;
		memset(memory, 1, part);
		pg::populate(memory, 2 * part);
		CHECK(memory[0] == 1 && memory[part - 1] == 1);
		memset(memory, 2, bytes);
		CHECK(memory[bytes - 1] == 2);
		context.finish();
	}
}

UNIT_TEST(absurd_sizes, "memory: absurd sizes are bad_alloc, never an error of PostgreSQL")
{
	sigjmp_buf *const handler = PG_exception_stack;
	for (std::size_t bytes : {SIZE_MAX, SIZE_MAX - 7, SIZE_MAX / 2 + 1, SIZE_MAX / 2,
							  SIZE_MAX / 2 - 4096, SIZE_MAX / 4, std::size_t{1} << 48}) {
		CHECK(runs_out_of_memory([&] { Allocator<char>().allocate(bytes); }));
		CHECK(runs_out_of_memory([&] { Allocator<std::int64_t>().allocate(bytes / 2); }));
	}
	CHECK(runs_out_of_memory([] { Vector<char>().reserve(SIZE_MAX / 4); }));
	CHECK(runs_out_of_memory([] { String().reserve(SIZE_MAX / 4); }));
	CHECK(PG_exception_stack == handler);
}

UNIT_TEST(large_sizes, "memory: more than the 1 GB of palloc, and nothing, can be had")
{
	Allocator<char> allocator;
	auto const size = std::size_t{MaxAllocSize} + 1024;
	char *const large = allocator.allocate(size);
	large[0] = 1;
	large[size - 1] = 1;
	pg_call([&] { pfree(large); });
	allocator.deallocate(allocator.allocate(0), 0);
}

UNIT_TEST(containers, "memory: containers work, grow, move and nest")
{
	Vector<std::int64_t> numbers;
	for (std::int64_t i = 0; i < 100000; i++)
		numbers.push_back(i);
	bool all = true;
	for (std::int64_t i = 0; i < 100000; i++)
		all = all && numbers[i] == i;
	CHECK(all);

	Vector<Vector<String>> nested(3);
	for (int i = 0; i < 300; i++)
		nested[i % 3].push_back(String(static_cast<std::size_t>(i), 'a'));
	Vector<Vector<String>> const copy = nested;
	Vector<Vector<String>> const moved = std::move(nested);
	CHECK(moved.size() == 3 && moved[2].size() == 100 && moved[2][99].size() == 299);
	CHECK(copy == moved);

	String text("a");
	text.append(5000, 'b').append("c");
	CHECK(text.size() == 5002 && text.back() == 'c' && text.find('c') == 5001);
}

UNIT_TEST(belongs, "memory: a container stays in the context that it was made in")
{
	MemoryContext const outer = CurrentMemoryContext;
	Vector<char> before;
	WorkContext inner("unit inner");
	CHECK(CurrentMemoryContext == inner.get());
	Vector<char> inside;
	before.resize(1000);
	inside.resize(1000);
	CHECK(GetMemoryChunkContext(before.data()) == outer);
	CHECK(GetMemoryChunkContext(inside.data()) == inner.get());
	CHECK(before.get_stored_allocator() != inside.get_stored_allocator());
	CHECK(Allocator<int>(outer) == Allocator<char>(before.get_stored_allocator()));
	/* A copy is made where it is made, and moving between contexts copies. */
	Vector<char> const copy(before);
	CHECK(copy == before);
	before = std::move(inside);
	CHECK(GetMemoryChunkContext(before.data()) == before.get_stored_allocator().context());
	inner.finish();
	CHECK(CurrentMemoryContext == outer);
}

UNIT_TEST(work_context, "memory: a work context is current while it lives, and freed at its end")
{
	MemoryContext const outer = CurrentMemoryContext;
	Size const before = MemoryContextMemAllocated(outer, true);
	for (int i = 0; i < 100; i++) {
		WorkContext context("unit work");
		Vector<char> const memory(1024 * 1024);
		CHECK(CurrentMemoryContext == context.get() && memory.size() == 1024 * 1024);
		context.finish();
		CHECK(CurrentMemoryContext == outer);
	}
	CHECK(MemoryContextMemAllocated(outer, true) < before + 100 * 1024);
	try {
		WorkContext context("unit failed");
		Counted counted;
		throw std::runtime_error("leaves the context to the abort");
	} catch (const std::exception &) {
	}
	CHECK(CurrentMemoryContext == outer);
	CHECK(Counted::alive() == 0);
}

} // namespace bulk_sync::unit
