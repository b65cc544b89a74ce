/*
 * Pieces that the builders of statements put together.
 */
#pragma once

#include "pg/relation.hpp"

namespace bulk_sync {

/* Adds pieces to a text, with a separator between them. */
class SeparatedList {
  public:
	SeparatedList(pg::String &text, const char *separator) noexcept
		: text_(text), separator_(separator)
	{
	}

	/* The text, to which the next piece is to be added. Throws std::bad_alloc. */
	pg::String &next()
	{
		if (!first_)
			text_.append(separator_);
		first_ = false;
		return text_;
	}
	bool is_empty() const noexcept { return first_; }

  private:
	pg::String &text_;
	const char *separator_;
	bool first_ = true;
};

/* All return the text that they add to, and throw std::bad_alloc. */
pg::String &append_number(pg::String &text, std::size_t number);
/* d.c5: a column of a store or of a sub-select, by its position, from 1. */
pg::String &append_column(pg::String &text, const char *relation, std::size_t position);

/*
 * t.tableoid OPERATOR(pg_catalog.=) d.c1 AND t.ctid OPERATOR(pg_catalog.=) d.c2
 * AND t.xmin OPERATOR(pg_catalog.=) d.c3
 *
 * The target as t with a store of row ids as d. ctid alone is not unique in a tree of partitions.
 * xmin makes sure that it is still the version that was compared: server releases before September
 * 2025 follow an updated row to its new version without looking at the ctid again.
 */
pg::String &append_row_id_join(pg::String &text);

} // namespace bulk_sync
