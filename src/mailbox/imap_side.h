/*
 * The kind of imap: and imaps: URLs. What a client knows is POP3's list; IMAP has no
 * UIDLs. So an IMAP mailbox is read beside a POP3 one of the same account, whose list
 * this is; a rule (model/rule.h) says which message of IMAP is which of POP3, and is
 * proved. From then on IMAP gives headers and bodies, POP3 those that IMAP has not.
 *
 * imap_side.c has the jobs, imap_rule.c looks for the rule, imap_proof.c proves it.
 */
#ifndef MAILBOX_IMAP_SIDE_H
#define MAILBOX_IMAP_SIDE_H

#include "mailbox/imap.h"
#include "model/rule.h"

#define IMAP_NONE UINT32_MAX
/* Longer than any UIDL that a rule makes. */
#define IMAP_UIDL_MOST 4096

enum imap_phase {
	PHASE_IDLE,
	PHASE_LISTING, /* both */
	PHASE_HEADERS, /* of the sample, from both */
	PHASE_PARTING, /* POP3 is done with: QUIT */
	PHASE_READING,
	PHASE_QUITTING,
};

/* A message whose header both servers are asked for. */
struct imap_sample {
	uint32_t index;
	struct {
		struct digest strict;
		uint16_t flags;
		bool there;
	} seen[2]; /* POP3, IMAP */
};

/* How a rule fits the two lists. */
struct imap_fit {
	const char *rule;
	struct text prefix;
	size_t both, only_pop3, only_imap;
	size_t sizes_differ; /* of `both` */
	bool twice;	     /* it gives one UIDL to two messages */
	/* The first that has no partner, IMAP_NONE: there is none. */
	uint32_t index, position;
};

struct imap_side {
	struct imap session;
	struct mailbox *m;
	struct mailbox_job job; /* the caller's */
	enum imap_phase phase;
	uint8_t *want, *want_pop3; /* by position, by index */
	uint32_t *position;	   /* by index: of IMAP's message, or IMAP_NONE */

	struct mailbox pop3;
	bool has_pop3;
	unsigned guess; /* of where POP3 is: the next */
	uint64_t pop3_bytes, pop3_commands;
	char why_not[768]; /* there is no POP3 */
	double parting;
	bool trusting; /* without POP3 the rule is believed */
	bool by_pop3;  /* sizes say nothing: all is read over POP3 */

	struct arena arena;
	const char **rules; /* candidates */
	struct imap_fit fit;
	struct imap_sample *sample;
	size_t nsample, sample_cap;
};

/* imap_rule.c: the best of s->rules, in s->fit, and POP3's messages by it, in s->position;
 * ERR_DATA, in words: none fits. */
int imap_rule_find(struct imap_side *s, struct err *e);
struct rule_fields
imap_fields(const struct imap_side *s, size_t position, struct text prefix);
/* "{v}.{u} (cyrus)" */
const char *imap_rule_shown(struct imap_side *s, const char *rule);

/* imap_proof.c */
/* --trust-rule, and one rule that it can be about. */
bool imap_proof_trusts(struct imap_side *s);
/* What of the options can be known to be wrong before anybody is asked, and the rules. */
int imap_proof_begin(struct imap_side *s, struct err *e);
/* Start to list over POP3; without any, has_pop3 stays false. */
int imap_proof_open(struct imap_side *s, struct err *e);
/* POP3 has failed: the next place where it may be. -1 if that ends it all. */
int imap_proof_failed(struct imap_side *s, struct err *e);
/* Both have listed: which rule fits? Fills s->position and s->sample. */
int imap_proof_lists(struct imap_side *s, struct err *e);
int imap_proof_take(void *arg, struct mailbox *m, size_t index, const struct evidence *ev,
	struct err *e);
/* Both have given the sample's headers: are they the same? */
int imap_proof_headers(struct imap_side *s, struct err *e);
/* Without POP3: the list by the rule. */
int imap_proof_trust(struct imap_side *s, struct err *e);

#endif
