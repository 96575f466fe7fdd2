#include "model/eudora_hash.h"

#define PRIME	  2147483629u
#define NAME_MOST 128

static uint32_t
multiply(uint32_t a, uint32_t b)
{
	return (uint32_t)((uint64_t)a * b % PRIME);
}

static uint32_t
minus(uint32_t a, uint32_t b)
{
	return (uint32_t)(((uint64_t)a + PRIME - b) % PRIME);
}

uint32_t
eudora_hash_alone(struct text uidl)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < uidl.len; i++)
		sum = (sum * 256 + (unsigned char)uidl.at[i]) % PRIME;
	return (uint32_t)sum;
}

uint32_t
eudora_hash_stored(const struct eudora_hash *h, struct text uidl)
{
	uint64_t sum = multiply(eudora_hash_alone(uidl), h->mul);

	return (uint32_t)((sum + h->add) % PRIME) + 1;
}

void
eudora_hash_of_name(struct eudora_hash *h, struct text personality)
{
	h->mul = 1;
	for (size_t i = 0; i < personality.len; i++)
		h->mul = multiply(h->mul, 256);
	h->add = eudora_hash_alone(personality);
}

bool
eudora_hash_solve(struct eudora_hash *h, struct text a, uint32_t stored_a, struct text b,
	uint32_t stored_b)
{
	uint32_t ua = eudora_hash_alone(a), ub = eudora_hash_alone(b);
	uint32_t ha = stored_a - 1, hb = stored_b - 1;

	if (ua == ub || ha >= PRIME || hb >= PRIME)
		return false;
	h->mul = 1;
	for (int n = 0; n <= NAME_MOST; n++) {
		if (multiply(minus(ua, ub), h->mul) == minus(ha, hb)) {
			h->add = minus(ha, multiply(ua, h->mul));
			return true;
		}
		h->mul = multiply(h->mul, 256);
	}
	return false;
}
