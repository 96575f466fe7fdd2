#include "base/digest.h"
#include "base/arena.h"

#include <openssl/evp.h>
#include <stdlib.h>

/* The provider look-up behind EVP_sha256() costs more than the digest of a short
 * header, so the algorithm is fetched once; it is a constant from then on. */
static const EVP_MD *
sha256(void)
{
	static EVP_MD *md;

	if (md == NULL)
		md = EVP_MD_fetch(NULL, "SHA256", NULL);
	if (md == NULL)
		abort();
	return md;
}

void
hash_begin(struct hash *h)
{
	if (h->context == NULL)
		h->context = EVP_MD_CTX_new();
	if (h->context == NULL || EVP_DigestInit_ex2(h->context, sha256(), NULL) != 1)
		abort();
}

void
hash_add(struct hash *h, struct text t)
{
	if (t.len > 0 && EVP_DigestUpdate(h->context, t.at, t.len) != 1)
		abort();
}

struct digest
hash_end(struct hash *h)
{
	struct digest d;

	if (EVP_DigestFinal_ex(h->context, d.byte, NULL) != 1)
		abort();
	return d;
}

void
hash_release(struct hash *h)
{
	EVP_MD_CTX_free(h->context);
	h->context = NULL;
}

struct digest
digest_of(struct text t)
{
	struct hash h = {NULL};

	hash_begin(&h);
	hash_add(&h, t);
	struct digest d = hash_end(&h);
	hash_release(&h);
	return d;
}

bool
digest_equal(const struct digest *a, const struct digest *b)
{
	return memcmp(a->byte, b->byte, sizeof(a->byte)) == 0;
}

void
digest_hex(const struct digest *d, char out[65])
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < 32; i++) {
		out[2 * i] = digits[d->byte[i] >> 4];
		out[2 * i + 1] = digits[d->byte[i] & 15];
	}
	out[64] = '\0';
}
