/*
 * Names that are looked up by a hash: what users pass or stage can make such a list long.
 */
#pragma once

#include <optional>
#include <string_view>

#include "pg/memory.hpp"

namespace bulk_sync::pg {

/* Names in the order they were added, each once. The characters belong to the caller, and have to
 * live as long as the list. */
// NOLINTNEXTLINE(bugprone-exception-escape): its vectors move their memory along
class NameList {
  public:
	/* Adds the name, which the list must not have yet. Throws std::bad_alloc. */
	void add(const char *name);

	/* Position of the name, from 0. Names are exact. */
	std::optional<std::size_t> find(std::string_view name) const noexcept;
	bool contains(std::string_view name) const noexcept { return find(name).has_value(); }

	const char *operator[](std::size_t position) const noexcept { return names_[position]; }
	std::size_t size() const noexcept { return names_.size(); }
	bool empty() const noexcept { return names_.empty(); }
	auto begin() const noexcept { return names_.begin(); }
	auto end() const noexcept { return names_.end(); }

  private:
	/* Open addressing with linear probing, at most half full. */
	struct Slot {
		uint32 hash = 0;
		uint32 place = 0; /* position + 1; 0: empty */
	};
	static uint32 hash_of(std::string_view name) noexcept;
	void put(uint32 hash, uint32 place) noexcept;
	void grow();

	Vector<const char *> names_;
	Vector<Slot> slots_;
};

} // namespace bulk_sync::pg
