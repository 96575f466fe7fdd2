#include "model/spell.h"

#define SHOWN 120 /* bytes of a value that a message shows */

const char *
spell_word(enum edit_what what)
{
	static const char *const words[] = {
		[EDIT_UIDL] = "UIDL", [EDIT_HOST] = "host", [EDIT_USER] = "user name"};

	return words[what];
}

int
spell_plain(const struct store *s, struct text value, bool bad, const char *word,
	const char *client, struct buf *out, struct err *e)
{
	char shown[SHOWN];

	if (bad)
		return err_set(e, ERR_DATA, "format",
			"%s: \"%s\" cannot be written there as a %s: %s has no way to quote "
			"it",
			s->source->path, text_escape(value, shown, sizeof(shown)), word,
			client);
	buf_add(out, value);
	return 0;
}
