/*
 * The hash that Eudora stores with each UIDL and looks at instead of it: Karp and Rabin's,
 * of the UIDL and then the personality's name, bit by bit, so
 *
 *     stored = (h(UIDL) * 2^(bits of the name) + h(name)) mod p + 1,    p = 2147483629
 *
 * Neither part of the name is told by the file, but two UIDLs with their hashes tell both.
 */
#ifndef MODEL_EUDORA_HASH_H
#define MODEL_EUDORA_HASH_H

#include "base/text.h"

struct eudora_hash {
	uint32_t mul, add;
};

/* h(UIDL): where these are equal, so are the stored ones of one personality. */
uint32_t eudora_hash_alone(struct text uidl);
uint32_t eudora_hash_stored(const struct eudora_hash *h, struct text uidl);
void eudora_hash_of_name(struct eudora_hash *h, struct text personality);
/* False: no name of up to 128 bytes gives both. That one does by chance happens once in
 * sixteen million. */
bool eudora_hash_solve(struct eudora_hash *h, struct text a, uint32_t stored_a,
	struct text b, uint32_t stored_b);

#endif
