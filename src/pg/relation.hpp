/*
 * A relation, opened by OID under a lock.
 *
 * What outlives the call that got it from one of the server's caches is a copy, or an OID or number
 * that was taken out at once. DDL which our lock lets pass (VALIDATE CONSTRAINT, SET STATISTICS..)
 * makes the relation cache build a descriptor anew, and the old one is freed when the statement
 * that used it last has ended, in the middle of our call: names and types that pointed into it
 * would be those of whatever table got the memory.
 */
#pragma once

#include "pg/name_list.hpp"
#include "pg/type.hpp"

extern "C" {
#include "access/genam.h"
#include "utils/rel.h"
}

namespace bulk_sync::pg {

/* A column of a relation; dropped columns are left out. The name lives as long as the relation's
 * descriptor does. */
struct Attribute {
	AttrNumber number = InvalidAttrNumber; /* from 1 */
	const char *name = nullptr;			   /* as in the catalog, not quoted */
	ColumnType type;
	bool not_null = false;
	bool generated = false;
	char identity = '\0'; /* ATTRIBUTE_IDENTITY_ALWAYS, _BY_DEFAULT or none */
};

/* The columns of a relation, or of what stands in for one. */
class ColumnList {
  public:
	const Vector<Attribute> &attributes() const noexcept { return attributes_; }

	/* nullptr when there is no such column. Names are exact. */
	const Attribute *find(const char *name) const noexcept;
	/* The same for the columns of a relation, which are in the order of their numbers. */
	const Attribute *find(AttrNumber number) const noexcept;

	/* Throws std::bad_alloc. */
	void add(const Attribute &attribute)
	{
		names_.add(attribute.name);
		attributes_.push_back(attribute);
	}

  protected:
	/* Calls change(attribute) for each; the names stay. */
	template <typename Change> void change_each(Change &&change)
	{
		for (Attribute &attribute : attributes_)
			change(attribute);
	}

  private:
	NameList names_;
	Vector<Attribute> attributes_;
};

/* The name as SQL needs it, in double quotes where necessary; in the current memory context.
 * Throws Error. */
const char *quoted(const char *name);

/* The name of a relation, not quoted, in the current memory context; nullptr when it is gone.
 * Throws Error. */
const char *relation_name(Oid relation);

/* "left OPERATOR(schema.name) right", with casts where the operator's types need them. Throws
 * Error.
 *  */
const char *operator_clause(const char *left, Oid left_type, Oid oper, const char *right,
							Oid right_type);

/* The relations that one is a partition or child of, at any distance, in the order of their OIDs.
 * Throws Error. */
Vector<Oid> ancestors_of(Oid relation);

/*
 * An open relation. The lock is kept until the end of the transaction. close() on success; after an
 * error the resource owner closes it. Columns and descriptor are those of the moment when it was
 * opened, and live in the memory context that was current then; what can change in them takes a
 * lock that conflicts with ours.
 */
class Relation : public ColumnList {
  public:
	/* Throws Error: 42P01 when the relation is gone. */
	static Relation open(Oid oid, LOCKMODE mode);
	/*
	 * The same for a shard of a distributed table, which has its rows and constraints. Its name,
	 * identity columns and defaults are those of the table. Throws Error.
	 */
	static Relation open_shard(Oid shard, Oid table, LOCKMODE mode);
	void close();

	Oid oid() const noexcept { return RelationGetRelid(relation_); }
	/* What users call it. Of an open relation the cache keeps this one struct in its place. */
	const char *name() const noexcept
	{
		return RelationGetRelationName(table_ != nullptr ? table_ : relation_);
	}
	/* What a FROM list has to call it, so that an expression may name it; nullptr for its own
	 * name. */
	const char *alias() const noexcept { return table_ != nullptr ? name() : nullptr; }
	/* Name with its schema, quoted, as it is now: a schema can be renamed in spite of our lock.
	 * Throws Error. */
	const char *qualified_name() const;
	char kind() const noexcept { return relation_->rd_rel->relkind; }
	/* The columns, dropped ones too, without defaults and constraints. */
	TupleDesc tuple_desc() const noexcept { return desc_; }
	/* The entry of the cache, for a call of the server; nothing that it points to is kept. */
	::Relation get() const noexcept { return relation_; }

	/* The entry that has the defaults, and the number of one of our columns in it. */
	::Relation defaults() const noexcept { return table_ != nullptr ? table_ : relation_; }
	AttrNumber number_in_defaults(AttrNumber column) const noexcept;
	/* Are the defaults those of another table, which the server does not know when it writes? */
	bool has_defaults_elsewhere() const noexcept { return table_ != nullptr; }
	/* Puts an expression of the column's type in the place of its default. Throws
	 * std::bad_alloc. The other gives it; nullptr for none. */
	void replace_default(AttrNumber column, Node *expression)
	{
		replaced_defaults_.push_back({column, expression});
	}
	Node *replaced_default(AttrNumber column) const noexcept;

	/* May rows be in other relations than this one: partitions, or children? */
	bool has_children() const noexcept;
	bool is_temporary_of_other_session() const noexcept;
	bool has_rules() const noexcept;
	/* The average width of the values of these columns together, in bytes, as far as the statistics
	 * know. Throws Error. */
	int64 width(const Vector<AttrNumber> &columns) const;
	/* Do these columns make up most of a row, as far as the statistics know? Throws Error. */
	bool is_mostly(const Vector<AttrNumber> &columns) const;

	/* Members of the inheritance or partition tree, this relation among them; locks them in
	 * `mode`. Throws Error. */
	Vector<Oid> tree(LOCKMODE mode) const;
	/* Has it, or a partition or child, a BEFORE trigger for rows, which may suppress them? Throws
	 * Error. */
	bool has_before_row_triggers() const;
	/* The relations that it is a partition or child of, and has columns of, in the order of their
	 * OIDs. Throws Error. */
	Vector<Oid> ancestors() const;

	/* Column numbers of the primary key; empty without one. Throws Error. */
	Vector<AttrNumber> primary_key() const;

	/*
	 * Is there a unique index which makes sure that two rows never have equal `keys`, whoever
	 * writes them? Asked of the rows for which `condition` (over this relation as entry 1 of a
	 * range table, or nullptr for all rows) is true, in which each of the columns `fixed` has one
	 * value, and no NULL. Throws Error.
	 */
	bool has_unique_index_on(const Vector<AttrNumber> &keys, const Vector<AttrNumber> &fixed,
							 Node *condition) const;

  private:
	Relation(::Relation relation, TupleDesc desc);

	::Relation relation_;
	TupleDesc desc_;
	::Relation table_ = nullptr; /* of a shard */
	Vector<std::pair<AttrNumber, Node *>> replaced_defaults_;
};

/* The kind of a relation in words, such as "It is an index.". Throws Error. */
const char *describe_kind(const Relation &relation);

} // namespace bulk_sync::pg
