#include "model/ini.h"

/* Without its ']' the section has no name, and what follows belongs to none. */
static struct text
section_of(struct text line)
{
	struct cursor c = {line, 1};
	struct text section;

	return take_until(&c, ']', &section) ? section : (struct text){line.at, 0};
}

bool
ini_next(struct ini *i)
{
	struct text line;

	if (i->at.off == 0 && text_starts(i->at.all, "\xef\xbb\xbf"))
		i->at.off = 3;
	while (take_line(&i->at, &line)) {
		while (line.len > 0 && (line.at[0] == ' ' || line.at[0] == '\t'))
			line = (struct text){line.at + 1, line.len - 1};
		if (line.len == 0 || line.at[0] == '#' || line.at[0] == ';')
			continue;
		if (line.at[0] == '[') {
			i->section = section_of(line);
			continue;
		}
		struct cursor c = {line, 0};
		if (i->section.len == 0 || !take_until(&c, '=', &i->key) ||
			i->key.len == 0)
			continue;
		i->value = (struct text){line.at + c.off, line.len - c.off};
		return true;
	}
	return false;
}
