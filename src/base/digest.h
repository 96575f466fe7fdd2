/*
 * SHA-256 by OpenSSL's libcrypto, and MD5 for old logins. Digests decide which message is which, so they are
 * never home-made and never short enough for a sender to make two collide.
 */
#ifndef BASE_DIGEST_H
#define BASE_DIGEST_H

#include "base/text.h"

struct digest {
	uint8_t byte[32];
};

/* Running digest; begin, add…, end, and then it may begin again. */
struct hash {
	void *context;
};

void hash_begin(struct hash *h);
void hash_add(struct hash *h, struct text t);
struct digest hash_end(struct hash *h);
void hash_release(struct hash *h);

struct digest digest_of(struct text t);
bool digest_equal(const struct digest *a, const struct digest *b);
/* What APOP (RFC 1939) and CRAM-MD5 (RFC 2195) are made of; proves nothing. 32 lower-case hex digits
 * and a NUL. */
void md5_hex(struct text a, struct text b, char out[33]);
void hmac_md5_hex(struct text key, struct text t, char out[33]);
/* 64 lower-case hex digits and a NUL. */
void digest_hex(const struct digest *d, char out[65]);

#endif
