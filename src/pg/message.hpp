/*
 * What nodes tell each other: JSON objects, of texts and numbers and of lists and objects again.
 */
#pragma once

#include "pg/memory.hpp"

extern "C" {
#include "utils/jsonb.h"
}

namespace bulk_sync::pg {

class MessageReader;

/* Builds the text of one object. All functions throw std::bad_alloc or Error. */
class MessageWriter {
  public:
	/* A member; nothing for nullptr. */
	void add(const char *name, const char *text);
	void add(const char *name, int64 number);
	void add(const char *name, bool flag) { add(name, static_cast<int64>(flag)); }

	/* What was read elsewhere. */
	void add(const char *name, const MessageReader &object);

	/* A member that is a list; nullptr is NULL in it. */
	void add_texts(const char *name, const Vector<const char *> &texts);

	/* A member that is an object, or a list of objects and texts. */
	void begin(const char *name, char bracket);
	/* An element of a list: a text, or an object. */
	void add_element(const char *text);
	void begin_element() { open('{'); }
	void end(char bracket) { text_.push_back(bracket); }

	/* The object as jsonb. */
	Datum finish();

  private:
	void separate();
	void open(char bracket);
	void add_quoted(const char *text);

	String text_{"{"};
};

/* Reads an object or a list, which may come from anybody. Texts are in the current memory context.
 * All functions throw Error: 22023 for what is of another kind. A null is as good as nothing. */
class MessageReader {
  public:
	/* Throws Error, 22023, for what is no object. */
	static MessageReader of(Datum json);

	/* 22023 when there is no such member; the other gives nullptr. */
	const char *text(const char *name) const;
	const char *text_if_any(const char *name) const;
	/* 0 when there is no such member; 22023 when it is not a whole number in these limits. */
	int64 number(const char *name, int64 least = PG_INT64_MIN, int64 most = PG_INT64_MAX) const;
	bool flag(const char *name) const { return number(name, 0, 1) != 0; }
	/* An empty one when there is no such member. */
	MessageReader member(const char *name) const;

	bool has(const char *name) const { return find(name) != nullptr; }
	/* A member that is a list of texts, with nullptr for NULL. */
	Vector<const char *> texts(const char *name) const;

	/* Of a list; 22023 for an element that is not there. */
	int count() const noexcept;
	const char *element_text(int position) const;
	MessageReader element(int position) const;
	/* Names of the members of an object. */
	Vector<const char *> names() const;

  private:
	friend class MessageWriter;
	explicit MessageReader(JsonbContainer *container) noexcept : container_(container) {}
	JsonbValue *find(const char *name) const;
	JsonbValue *at(int position) const;

	JsonbContainer *container_; /* nullptr: empty */
};

} // namespace bulk_sync::pg
