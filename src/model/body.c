#include "model/header.h"

void
body_begin(struct body *b)
{
	hash_begin(&b->hash);
	b->blank = 0;
}

void
body_line(struct body *b, struct text line)
{
	static const struct text lf = {"\n", 1};

	while (line.len > 0 && line.at[line.len - 1] == '\r')
		line.len--;
	if (line.len == 0) {
		b->blank++;
		return;
	}
	for (; b->blank > 0; b->blank--)
		hash_add(&b->hash, lf);
	hash_add(&b->hash, line);
	hash_add(&b->hash, lf);
}

struct digest
body_end(struct body *b)
{
	return hash_end(&b->hash);
}

void
body_release(struct body *b)
{
	hash_release(&b->hash);
}
