/*
 * INI files as Mozilla writes and reads them (nsINIParser.cpp), a line at a time:
 *
 *     [Profile0]
 *     Name=default
 *     Path=abcd.default
 *
 * Never an error: lines of another shape are skipped, and a line belongs to the last
 * section that began before it. Everything points into the bytes; nothing is kept.
 */
#ifndef MODEL_INI_H
#define MODEL_INI_H

#include "base/text.h"

struct ini {
	struct cursor at; /* {bytes, 0} to begin with */
	struct text section, key, value;
};

/* The next KEY=VALUE, into section, key and value; false at the end. */
bool ini_next(struct ini *i);

#endif
