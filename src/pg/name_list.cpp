#include "pg/name_list.hpp"

#include <algorithm>

extern "C" {
#include "common/hashfn.h"
}

namespace bulk_sync::pg {

uint32 NameList::hash_of(std::string_view name) noexcept
{
	return hash_bytes(reinterpret_cast<const unsigned char *>(name.data()),
					  static_cast<int>(name.size()));
}

void NameList::add(const char *name)
{
	names_.push_back(name);
	if (2 * names_.size() > slots_.size())
		grow();
	else
		put(hash_of(name), static_cast<uint32>(names_.size()));
}

std::optional<std::size_t> NameList::find(std::string_view name) const noexcept
{
	if (slots_.empty())
		return std::nullopt;
	uint32 const hash = hash_of(name);
	std::size_t const mask = slots_.size() - 1;
	for (std::size_t i = hash & mask; slots_[i].place != 0; i = (i + 1) & mask)
		if (slots_[i].hash == hash && name == names_[slots_[i].place - 1])
			return slots_[i].place - 1;
	return std::nullopt;
}

void NameList::put(uint32 hash, uint32 place) noexcept
{
	std::size_t const mask = slots_.size() - 1;
	std::size_t i = hash & mask;
	while (slots_[i].place != 0)
		i = (i + 1) & mask;
	slots_[i] = {hash, place};
}

/* The number of slots is a power of 2. */
void NameList::grow()
{
	constexpr std::size_t fewest_slots = 32;
	slots_ = Vector<Slot>(std::max(fewest_slots, 2 * slots_.size()));
	for (std::size_t i = 0; i < names_.size(); i++)
		put(hash_of(names_[i]), static_cast<uint32>(i + 1));
}

} // namespace bulk_sync::pg
