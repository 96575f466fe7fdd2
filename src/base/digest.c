#include "base/digest.h"
#include "base/arena.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
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

static void
to_hex(const uint8_t *bytes, size_t n, char *out)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < n; i++) {
		out[2 * i] = digits[bytes[i] >> 4];
		out[2 * i + 1] = digits[bytes[i] & 15];
	}
	out[2 * n] = '\0';
}

void
digest_hex(const struct digest *d, char out[65])
{
	to_hex(d->byte, 32, out);
}

void
md5_hex(struct text a, struct text b, char out[33])
{
	EVP_MD_CTX *c = EVP_MD_CTX_new();
	uint8_t bytes[EVP_MAX_MD_SIZE];

	if (c == NULL || EVP_DigestInit_ex(c, EVP_md5(), NULL) != 1 ||
		EVP_DigestUpdate(c, a.at, a.len) != 1 ||
		EVP_DigestUpdate(c, b.at, b.len) != 1 ||
		EVP_DigestFinal_ex(c, bytes, NULL) != 1)
		abort();
	EVP_MD_CTX_free(c);
	to_hex(bytes, 16, out);
}

void
hmac_md5_hex(struct text key, struct text t, char out[33])
{
	uint8_t bytes[EVP_MAX_MD_SIZE];
	unsigned n = 0;

	if (HMAC(EVP_md5(), key.at, (int)key.len, (const uint8_t *)t.at, t.len, bytes,
		    &n) == NULL)
		abort();
	to_hex(bytes, 16, out);
}
