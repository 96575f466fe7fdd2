#!/usr/bin/env python3
"""make check-rules: mutate_rules.py [WORDS...]. Switches off each rule of the canonical header
and of the evidence, one after the other, in a copy of the sources, and fails where no
named test of the header and match suites fails. WORDS: only rules with one of these in their
description. The seeded suites (truth) are not asked: they could say that something is
wrong, but not what."""

import os
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), ".."))
TESTS = ["tests/%s.c" % t for t in
         "test_header test_message test_match test_match_bodies test_match_sides "
         "test_match_dovecot test_match_size".split()]
HEADER, RULES, BODY = "src/model/header.c", "src/model/header_rules.c", "src/model/body.c"
MATCH, COPIES, JOIN = ("src/model/match%s.c" % x for x in ("", "_copies", "_join"))
MESSAGE, SIZE = "src/model/message.c", "src/model/match_size.c"

# What is switched off, where, the words there, and what stands there instead.
SWITCHES = [
    ("CRs at a line's end go", HEADER, "while (line.len > 0 && line.at[line.len - 1] == '\\r')", "while (0)"),
    ("one CR is not all", HEADER, "while (line.len > 0 && line.at[line.len - 1] == '\\r')",
     "if (line.len > 0 && line.at[line.len - 1] == '\\r')"),
    ("an empty line ends the header", HEADER, "		h->ended = true;", "		;"),
    ("lines behind the end do not count", HEADER, "	if (h->ended)\n		return true;", ""),
    ("folded lines count", HEADER, "	else if (h->open)\n		add_words(h, line);", ""),
    ("a tab folds, too", HEADER, "(c == ' ') | (c == '\\t')", "c == ' '"),
    ("a fold is a blank", HEADER, "size_t n = f->value.len > 0;", "size_t n = 0;"),
    ("runs of blanks are one", HEADER, "n += !(blank & gap);", "n++;"),
    ("runs of blanks are one, eight at a time", HEADER, "(blank & blank << 8) == 0", "1"),
    ("a run of blanks may begin in eight bytes", HEADER, "gap = line.at[i] == ' ';", "gap = false;"),
    ("blanks inside a value count", HEADER, "n += !(blank & gap);", "n += !blank;"),
    ("no blank at a value's end", HEADER, "	n -= gap && n > 0;\n", ""),
    ("no blank at a value's start", HEADER, "bool gap = true, raw", "bool gap = false, raw"),
    ("blanks before the colon go", HEADER, "while (name.len > 0 && is_blank(name.at[name.len - 1]))", "while (0)"),
    ("names are of 0x21 to 0x7e: low", HEADER, "return c >= 0x21 && c <= 0x7e;", "return (unsigned char)c <= 0x7e;"),
    ("names are of 0x21 to 0x7e: high", HEADER, "return c >= 0x21 && c <= 0x7e;", "return (unsigned char)c >= 0x21;"),
    ("lines without colon are dropped", HEADER, "	if (colon == line.len)\n		return;\n", ""),
    ("what follows a dropped line is dropped", HEADER, "	h->open = false;\n	if (colon == line.len)", "	if (colon == line.len)"),
    ("a name may not be empty", HEADER, "if (name.len == 0 || what == HEADER_DROPPED)", "if (what == HEADER_DROPPED)"),
    ("some headers are dropped", HEADER, "if (name.len == 0 || what == HEADER_DROPPED)", "if (name.len == 0)"),
    ("a header over the maximum has no digests", HEADER, "	if (h->text.full) {", "	if (0) {"),
    ("a line over the maximum", HEADER, "if (line.len + 2 > HEADER_MAX || h->octets + line.len + 2 > HEADER_MAX)",
     "if (0)"),
    ("octets count line ends", HEADER, "(line.len < HEADER_MAX ? line.len : HEADER_MAX) + 2;",
     "(line.len < HEADER_MAX ? line.len : HEADER_MAX);"),
    ("a header without end is cut", HEADER, "ev->flags |= MESSAGE_CUT_HEADER;", ";"),
    ("loose: without what a delivery adds", HEADER, "if (what != HEADER_DELIVERY && what != HEADER_RECEIVED)", "if (1)"),
    ("loose: without Received", HEADER, "if (what != HEADER_DELIVERY && what != HEADER_RECEIVED)", "if (what != HEADER_DELIVERY)"),
    ("loose: names in lower case", HEADER, "			to[i] = lower(name.at[i]);", "			to[i] = name.at[i];"),
    ("loose: sorted by name", HEADER, "for (size_t run = 1; run < *n; run *= 2)", "for (size_t run = *n; run < *n; run *= 2)"),
    ("loose: equal names in their order", HEADER, "compare_names(h, a, b) <= 0", "compare_names(h, a, b) < 0"),
    ("loose: sorted whatever the case", HEADER, "key = key << 8 | (i < name.len ? (unsigned char)lower(name.at[i]) : 0);",
     "key = key << 8 | (i < name.len ? (unsigned char)name.at[i] : 0);"),
    ("loose: sorted beyond eight bytes", HEADER, "for (size_t i = 8; i < x.len && i < y.len; i++)", "for (size_t i = 8; i < 8; i++)"),
    ("loose: the shorter name first", HEADER, "return (x.len > y.len) - (x.len < y.len);", "return 0;"),
    ("strict: names as they stand", HEADER, "	buf_add(&h->text, name);",
     "	for (size_t i = 0; i < name.len; i++)\n		buf_byte(&h->text, lower(name.at[i]));"),
    ("damaged: a run is one mark", HEADER, "if (!damaged || !run)", "if (1)"),
    ("damaged: '?' is part of a run", HEADER, "bool damaged = c == '?' || may_be_damaged(c);", "bool damaged = may_be_damaged(c);"),
    ("damaged: control bytes", HEADER, "return (unsigned char)(c - 0x20) >= 0x5f;", "return (unsigned char)c >= 0x7f;"),
    ("damaged: 8-bit bytes", HEADER, "return (unsigned char)(c - 0x20) >= 0x5f;", "return (unsigned char)c < 0x20;"),
    ("damaged: eight at a time", HEADER, "((v - ' ' * each) | (v + each) | v | mark) & high", "((v - ' ' * each) | (v + each) | v) & high"),
    ("8-bit is of what loose has", HEADER, "		odd |= f[i].odd;\n		if (f[i].raw)", "		odd |= f[i].odd;\n		if (f[i].odd)"),
    ("the 8-bit flag", HEADER, "ev->flags |= MESSAGE_8BIT;", ";"),
    ("id: the first of each", HEADER, "	for (size_t i = 0; i < h->nfields; i++)\n		if (h->fields[i].what == what)",
     "	for (size_t i = h->nfields; i-- > 0;)\n		if (h->fields[i].what == what)"),
    ("id: Message-ID", HEADER, "		{HEADER_MESSAGE_ID, \"message-id\"},\n", ""),
    ("id: Date", HEADER, "		{HEADER_DATE, \"date\"},\n", ""),
    ("id: From", HEADER, "		{HEADER_FROM, \"from\"},\n", ""),
    ("id: Subject", HEADER, "		{HEADER_SUBJECT, \"subject\"},\n", ""),
    ("id: To", HEADER, "		{HEADER_TO, \"to\"},\n", ""),
    ("id: none is not an empty one", HEADER, "			buf_byte(&h->scratch, ':');\n			buf_add(&h->scratch, text_at(h, f->value));",
     "			buf_add(&h->scratch, text_at(h, f->value));"),
    ("\"<>\" names nothing", HEADER, "!text_equal(text_at(h, id->value), text_of(\"<>\"))", "true"),
    ("an empty Message-ID names nothing", HEADER, "id->value.len > 0", "true"),
    ("an empty Date says nothing", HEADER, "date->value.len > 0", "true"),
    ("the Received flag", HEADER, "ev->flags |= MESSAGE_HAS_RECEIVED;", ";"),
    ("body: line ends are one", BODY, "while (line.len > 0 && line.at[line.len - 1] == '\\r')", "while (0)"),
    ("body: blank lines at the end", BODY, "		b->blank++;\n		return;", "		hash_add(&b->hash, lf);\n		return;"),
    ("body: blank lines inside", BODY, "	for (; b->blank > 0; b->blank--)\n		hash_add(&b->hash, lf);", "	b->blank = 0;"),

    ("a UIDL that stands twice", MATCH, "	if (m->flags & MESSAGE_TWICE)\n		return false;\n", ""),
    ("a bad UIDL of the new side", MATCH, "return side == 0 && uidl_is_printable(message_uidl(m));", "return true;"),
    ("a long UIDL of the old side", MATCH, "return side == 0 && uidl_is_printable(message_uidl(m));", "return false;"),
    ("an old UIDL with control bytes", MATCH, "return side == 0 && uidl_is_printable(message_uidl(m));", "return side == 0;"),
    ("who has a partner is taken", MATCH, "return partner[e->index] == MATCH_NONE &&\n	       uidl_is_fit", "return partner[e->index] >= 0 &&\n	       uidl_is_fit"),
    ("a refused body is not asked again", MATCH, "if (flags & (MESSAGE_BODY | MESSAGE_NO_BODY) || want[e->index])",
     "if (flags & MESSAGE_BODY || want[e->index])"),
    ("a size below its header says nothing", MATCH, "	if (m->size < m->header_octets)\n		return false;\n", ""),
    ("firm: equal strict", MATCH, "(strict_equal(a, b) && x->lengths == LENGTHS_COMPARABLE", "(true && x->lengths == LENGTHS_COMPARABLE"),
    ("firm: comparable lengths", MATCH, "x->lengths == LENGTHS_COMPARABLE &&\n			       lengths_equal(a, b));", "lengths_equal(a, b));"),
    ("firm: equal lengths", MATCH, "x->lengths == LENGTHS_COMPARABLE &&\n			       lengths_equal(a, b));", "x->lengths == LENGTHS_COMPARABLE);"),
    ("firm: or equal bodies", MATCH, "m->firm[old] = message_bodies_equal(a, b) ||\n", "m->firm[old] = false ||\n"),
    ("lengths: learnt from unique Message-IDs", MATCH, "if (c.n[0] != 1 || c.n[1] != 1)\n			continue;\n		const struct message *a", "const struct message *a"),
    ("lengths: a Message-ID there must be", MATCH, "		if (!(a->flags & b->flags & MESSAGE_HAS_ID))\n			continue;\n", ""),
    ("lengths: of equal headers", MATCH, "		if (!strict_equal(a, b) &&\n			memcmp(a->loose, b->loose, MESSAGE_DIGEST) != 0)\n			continue;\n", ""),
    ("lengths: or equal in loose", MATCH, "		if (!strict_equal(a, b) &&\n			memcmp(a->loose, b->loose, MESSAGE_DIGEST) != 0)", "		if (!strict_equal(a, b))"),
    ("lengths: nine in ten", MATCH, "10 * equal >= 9 * seen", "equal == seen"),
    ("lengths: not fewer", MATCH, "10 * equal >= 9 * seen", "equal > 0"),
    ("strict: on a part, a Message-ID", MATCH, "return x->whole || a->flags & MESSAGE_HAS_ID;", "return true;"),
    ("strict: other lengths forbid", MATCH, "	if (x->lengths != LENGTHS_DIFFER && known && la != lb)\n		return false;\n", ""),
    ("strict: equal comparable lengths suffice", MATCH, "if (x->lengths == LENGTHS_COMPARABLE && known && la == lb)", "if (0)"),
    ("strict: lengths must be comparable", MATCH, "if (x->lengths == LENGTHS_COMPARABLE && known && la == lb)", "if (known && la == lb)"),
    ("strict: unlike lengths, a whole side", MATCH, "return x->whole && x->unique_id[0][c->at[0].index] &&", "return x->unique_id[0][c->at[0].index] &&"),
    ("strict: unlike lengths, a unique Message-ID", MATCH, "return x->whole && x->unique_id[0][c->at[0].index] &&\n	       x->unique_id[1][c->at[1].index];", "return x->whole;"),
    ("loose: whole sides", MATCH, "return x->whole && x->lengths == LENGTHS_COMPARABLE &&\n	       lengths_equal(join", "return x->lengths == LENGTHS_COMPARABLE &&\n	       lengths_equal(join"),
    ("loose: comparable lengths", MATCH, "return x->whole && x->lengths == LENGTHS_COMPARABLE &&\n	       lengths_equal(join", "return x->whole &&\n	       lengths_equal(join"),
    ("loose: equal lengths", MATCH, "return x->whole && x->lengths == LENGTHS_COMPARABLE &&\n	       lengths_equal(join_message(&x->join, &c->at[0]),\n		       join_message(&x->join, &c->at[1]));", "return x->whole && x->lengths == LENGTHS_COMPARABLE && c;"),
    ("strict: Message-ID or Received", MATCH, "return a->flags & b->flags & (MESSAGE_HAS_ID | MESSAGE_HAS_RECEIVED);", "return true + 0 * (a == b);"),
    ("strict: Received will do", MATCH, "(MESSAGE_HAS_ID | MESSAGE_HAS_RECEIVED);", "MESSAGE_HAS_ID;"),
    ("strict: Message-ID will do", MATCH, "(MESSAGE_HAS_ID | MESSAGE_HAS_RECEIVED);", "MESSAGE_HAS_RECEIVED;"),
    ("loose: Message-ID", MATCH, "return a->flags & b->flags & MESSAGE_HAS_ID &&\n	       a->flags & b->flags & MESSAGE_HAS_DATE;", "return a->flags & b->flags & MESSAGE_HAS_DATE;"),
    ("loose: Date", MATCH, "return a->flags & b->flags & MESSAGE_HAS_ID &&\n	       a->flags & b->flags & MESSAGE_HAS_DATE;", "return a->flags & b->flags & MESSAGE_HAS_ID;"),
    ("id: a Message-ID or a Date", MATCH, "return !message_is_weak(a) && !message_is_weak(b);", "return true + 0 * (a == b);"),
    ("id, damaged: equal bodies", MATCH, "	(void)x;\n	(void)c;\n	return false;", "	(void)x;\n	(void)c;\n	return true;"),
    ("damaged: only if one is", MATCH, "return id_may(a, b) && !(a->flags & b->flags & MESSAGE_8BIT);", "return id_may(a, b);"),
    ("damaged: a Message-ID or a Date", MATCH, "return id_may(a, b) && !(a->flags & b->flags & MESSAGE_8BIT);", "return !(a->flags & b->flags & MESSAGE_8BIT);"),
    ("rule 1", MATCH, "	{JOIN_STRICT, EVIDENCE_STRICT, strict_may, strict_suffices},\n", ""),
    ("rule 2", MATCH, "	{JOIN_LOOSE, EVIDENCE_LOOSE, loose_may, loose_suffices},\n", ""),
    ("rule 3", MATCH, "	{JOIN_ID, EVIDENCE_ID, id_may, never_suffices},\n", ""),
    ("rule 4", MATCH, "	{JOIN_DAMAGED, EVIDENCE_DAMAGED, damaged_may, never_suffices},\n", ""),
    ("each pair asks whether it may", MATCH, "	if (!matcher_may_pair(x, &c->at[0]) || !matcher_may_pair(x, &c->at[1]))\n		return;\n", ""),
    ("known bodies decide", MATCH, "if (bodies ? message_bodies_equal(a, b) : r->suffices(x, c)) {", "if (r->suffices(x, c)) {"),
    ("bodies that differ forbid", MATCH, "if (bodies ? message_bodies_equal(a, b) : r->suffices(x, c)) {", "if (bodies || r->suffices(x, c)) {"),
    ("nothing is asked where one cannot be had", MATCH, "	if ((a->flags | b->flags) & MESSAGE_NO_BODY)\n		return;\n", ""),
    ("unique on the old side", MATCH, "if (c.n[0] == 1 && c.n[1] == 1)\n			try_pair", "if (c.n[0] >= 1 && c.n[1] == 1)\n			try_pair"),
    ("unique on the new side", MATCH, "if (c.n[0] == 1 && c.n[1] == 1)\n			try_pair", "if (c.n[0] == 1 && c.n[1] >= 1)\n			try_pair"),
    ("why: a partner that is not fit", MATCH, "		else if (unfit > 0)\n			*why = UNMATCHED_UIDL;\n", ""),
    ("why: one that differs", MATCH, "		else if (fit > 0)\n			*why = UNMATCHED_DIFFERENT;\n", ""),
    ("why: several could be it", MATCH, "		if (fit > 0 && (unread > 0 || !(a->flags & MESSAGE_BODY)))", "		if (0)"),
    ("why: one copy too many", MATCH, "if (m->unmatched[i] == UNMATCHED_GONE && m->copies[i] != 0)", "if (0)"),
    ("why: weak ones are not alike", MATCH, "			if (keys[k] >= JOIN_ID &&\n				message_is_weak(join_message(&x->join, c.at)))\n				continue;\n", ""),
    ("sides: the old one whole", MATCH, "x->whole = x->list[0]->whole && x->list[1]->whole;", "x->whole = x->list[1]->whole;"),
    ("sides: the new one whole", MATCH, "x->whole = x->list[0]->whole && x->list[1]->whole;", "x->whole = x->list[0]->whole;"),
    ("sides: an unknown header makes a part", MATCH, "			x->whole = x->whole && known;\n", ""),
    ("cut headers are asked for", MATCH, "			matcher_want(x, &(struct join_entry){.index = i, .side = side});\n", "			(void)0;\n"),
    ("cut headers are asked first", MATCH, "	if (m->nwant == 0) {", "	{"),
    ("why: no header", MATCH, "				x->m->unmatched[i] = UNMATCHED_NO_HEADER;", "				x->m->unmatched[i] = UNMATCHED_GONE;"),
    ("rule 5", MATCH, "		match_copies(&x);\n", ""),

    ("copies: who may pair", COPIES, "		if (!matcher_may_pair(x, e))\n			continue;\n", ""),
    ("copies: on both sides, with a body", COPIES, "	if (can[0] == 0 || can[1] == 0)\n		return;\n", ""),
    ("copies: a body that is refused", COPIES, "		if (!(join_message(&x->join, &c->at[i])->flags & MESSAGE_NO_BODY))\n			can", "		can"),
    ("copies: bodies are known", COPIES, "			matcher_want(x, e);\n			continue;\n", "			matcher_want(x, e);\n"),
    ("copies: equal bodies", COPIES, "		join_by(part, JOIN_BODY);\n		for (size_t i = 0; join_next(part, JOIN_BODY, &i, &same);)",
         "		join_by(part, s->key);\n		for (size_t i = 0; join_next(part, s->key, &i, &same);)"),
    ("copies: weak ones are strict", COPIES, "	{JOIN_STRICT, true, pair_in_order},\n", "	{JOIN_LOOSE, true, pair_in_order},\n"),
    ("copies: weak ones pair", COPIES, "	{JOIN_STRICT, true, pair_in_order},\n", ""),
    ("copies: others are loose", COPIES, "	{JOIN_LOOSE, false, pair_in_order},\n", ""),
    ("id of several", COPIES, "	{JOIN_ID, false, pair_the_only_two},\n", ""),
    ("id of several: not of weak ones", COPIES, "		if (message_is_weak(join_message(&x->join, c.at)) != s->weak)\n			continue;\n", ""),
    ("id of several: unique bodies", COPIES, "if (c->n[0] == 1 && c->n[1] == 1)", "if (c->n[0] > 0 && c->n[1] > 0)"),
    ("why: several of one id and body", COPIES, "			x->m->unmatched[c->at[i].index] = UNMATCHED_AMBIGUOUS;", "			;"),
    ("the join keeps its entries", COPIES,
     "		memcpy(part->at, c.at, (c.n[0] + c.n[1]) * sizeof(*c.at));\n		c.at = part->at;\n",
     "		struct join own = *part, *old = part;\n		own.at = c.at;\n		part = &own;\n		(void)old;\n"),
    ("copies: classes of the old side", COPIES, "		x->m->copies[old[i].index] = *number;", "		;"),
    ("copies: classes of the new side", COPIES, "		x->m->new_copies[new[i].index] = *number;", "		;"),

    ("a header that was refused", JOIN, "if (!(m->flags & MESSAGE_HEADER) || m->flags & MESSAGE_NO_HEADER)", "if (!(m->flags & MESSAGE_HEADER))"),
    ("a header that never came", JOIN, "if (!(m->flags & MESSAGE_HEADER) || m->flags & MESSAGE_NO_HEADER)", "if (m->flags & MESSAGE_NO_HEADER)"),
    ("a cut header needs the body", JOIN, "return !(m->flags & MESSAGE_CUT_HEADER) || m->flags & MESSAGE_BODY;", "return true;"),
    ("weak: no Message-ID and no Date", JOIN, "return !(m->flags & (MESSAGE_HAS_ID | MESSAGE_HAS_DATE));", "return !(m->flags & MESSAGE_HAS_ID);"),
    ("weak: no Date and no Message-ID", JOIN, "return !(m->flags & (MESSAGE_HAS_ID | MESSAGE_HAS_DATE));", "return !(m->flags & MESSAGE_HAS_DATE);"),
    ("only known headers are joined", JOIN, "if (message_is_known(&j->list[side]->at[i]))", "if (1)"),
    ("digests are compared in full", JOIN, "same = same && memcmp(digest_at(m, key), digest, len) == 0;", "(void)m, (void)digest, (void)len;"),
    ("pairs in order", JOIN, "return (x->index > y->index) - (x->index < y->index);", "return (x->index < y->index) - (x->index > y->index);"),
    ("the old side first", JOIN, "return x->side < y->side ? -1 : 1;", "return x->side > y->side ? -1 : 1;"),
    ("equal bodies need both known", JOIN, "return a->flags & b->flags & MESSAGE_BODY &&", "return"),

    ("size: one message's own", SIZE, "if (to - from != 2 || all[from].side == all[from + 1].side)",
     "if (to - from < 2 || all[from].side == all[to - 1].side)"),
    ("size: on each side", SIZE, "if (to - from != 2 || all[from].side == all[from + 1].side)", "if (to - from != 2)"),
    ("size: in order", SIZE, "	keep_rising(partner, old->n);\n", "	(void)keep_rising;\n"),
    ("size: in step", SIZE, "	if (old - r->old != new - r->new)\n		return false;\n", ""),
    ("size: equal at each step", SIZE, "		if (s->list[0]->at[r->old + k].size != s->list[1]->at[r->new + k].size)\n			return false;\n", "		;\n"),
    ("size: each so many'th is read", SIZE, "return k % SIZE_SAMPLE == 0 || k == r->n - 1;", "return k == 0 || k == r->n - 1;"),
    ("size: the last is read", SIZE, "return k % SIZE_SAMPLE == 0 || k == r->n - 1;", "return k % SIZE_SAMPLE == 0;"),
    ("size: the first is read", SIZE, "return k % SIZE_SAMPLE == 0 || k == r->n - 1;", "return (k > 0 && k % SIZE_SAMPLE == 0) || k == r->n - 1;"),
    ("size: copies prove, too", SIZE, "return m->partner[old] == new ||\n	       (m->copies[old] != 0 && m->copies[old] == m->new_copies[new]);", "return m->partner[old] == new;"),
    ("size: a header that is refused proves nothing", SIZE, "		return is_sample(r, k) || !is_alone(s, r, k) ? TOLD_TWO : TOLD_NOTHING;", "		return TOLD_NOTHING;"),
    ("size: one that is not itself spoils the run", SIZE, "			r->failed = r->failed || told == TOLD_TWO;\n", ""),
    ("size: half of the ends must be", SIZE, "if (seen > 0 && 100 * c->one >= PROVED_SHARE * seen)", "if (seen > 0)"),
    ("size: some there must be", SIZE, "if (seen > 0 && 100 * c->one >= PROVED_SHARE * seen)", "if (100 * c->one >= PROVED_SHARE * seen)"),
    ("size: a failed run is read", SIZE, "if (r->failed || is_sample(r, k) ||", "if (is_sample(r, k) ||"),
    ("size: those that share a size are read", SIZE, "|| (s->compared && !is_alone(s, r, k))) {", ") {"),
    ("size: what is outside of runs is read", SIZE, "			if (!in[side][i])\n				want(s, side, i);", "			;"),
    ("size: an old one with a partner", SIZE, "			m->partner[old] != MATCH_NONE || taken[new] ||", "			taken[new] ||"),
    ("size: a new one that is taken", SIZE, "			m->partner[old] != MATCH_NONE || taken[new] ||", "			m->partner[old] != MATCH_NONE ||"),
    ("size: the old UIDL is fit", SIZE, "			!is_fit(&s->list[0]->at[old], 0) ||\n", ""),
    ("size: the new UIDL is fit", SIZE, " ||\n			!is_fit(&s->list[1]->at[new], 1))", ")"),
    ("size: never firm", SIZE, "m->firm[old] = 0;", "m->firm[old] = 1;"),
    ("size: not of a failed run", SIZE, "		if (!s->runs[i].failed)\n", ""),

    ("UIDL: at most 70 bytes", MESSAGE, "return uidl.len <= UIDL_MAX && uidl_is_printable(uidl);", "return uidl_is_printable(uidl);"),
    ("UIDL: of 0x21 to 0x7e", MESSAGE, "if (uidl.at[i] < 0x21 || uidl.at[i] > 0x7e)", "if (0)"),
    ("UIDL: not empty", MESSAGE, "	return uidl.len > 0;", "	return true;"),
    ("UIDL: twice, both", MESSAGE, "		by[i - 1]->flags |= MESSAGE_TWICE;\n", ""),
    ("UIDL: plain if short", MESSAGE, "	if (uidl.len < UIDL_PLAIN)\n		return true;\n", ""),
    ("a body, once known, stays", MESSAGE, "} else if (ev->flags & MESSAGE_NO_BODY && !(m->flags & MESSAGE_BODY)) {", "} else if (ev->flags & MESSAGE_NO_BODY) {"),
    ("a body is known, though refused before", MESSAGE, "(m->flags & ~MESSAGE_NO_BODY) | MESSAGE_BODY", "m->flags | MESSAGE_BODY"),
]


def rows():
    """Each row of the table of names, and the '*' of those that have one."""
    with open(os.path.join(ROOT, RULES), encoding="utf-8") as f:
        found = re.findall(r'^\tROW\("([^"]+)", (true|false), (\w+)\),\n', f.read(), re.M)
    for name, prefix, what in found:
        line = '\tROW("%s", %s, %s),\n' % (name, prefix, what)
        yield "name: " + name, RULES, line, ""
        other = "false" if prefix == "true" else "true"
        yield "name: %s%s" % (name, "*" if prefix == "true" else " and no longer one"), RULES, \
            line, line.replace(prefix, other)
    yield "names: whatever the case", RULES, "lower[i] = c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;", "lower[i] = c;"


def build(where, files):
    """Compile into where/o/…; the linked tests' path, or None where it does not compile."""
    cc = os.environ.get("CC", "cc").split()
    for f in files:
        out = os.path.join(where, "o", os.path.basename(f)[:-2] + ".o")
        if subprocess.run(cc + ["-O0", "-std=c11", "-D_GNU_SOURCE", "-w", "-Isrc", "-c", f, "-o", out],
                          cwd=where).returncode != 0:
            return None
    objects = [os.path.join(where, "o", o) for o in sorted(os.listdir(os.path.join(where, "o"))) if o.endswith(".o")]
    program = os.path.join(where, "tests_of_rules")
    subprocess.run(cc + ["-o", program] + objects + ["-lcriterion", "-lcrypto"], check=True)
    return program


def failing(program, suites="*"):
    """The first test that fails, or None."""
    out = subprocess.run([program, "-j2", "--fail-fast", "--filter", suites + "/*"], stdout=subprocess.PIPE,
                         stderr=subprocess.STDOUT, timeout=120).stdout.decode("utf-8", "replace")
    tested = re.search(r"Tested: (\d+)", out)
    if not tested or tested[1] == "0":
        sys.exit("the tests did not run:\n" + out)
    names = re.findall(r"\[FAIL\] (\w+::\w+)|(\w+::\w+): CRASH", out)
    return next((a or b for a, b in names), None)


def switch(where, rule):
    what, path, old, new = rule
    full = os.path.join(where, path)
    with open(full, encoding="utf-8") as f:
        text = f.read()
    if text.count(old) != 1:
        return "%s stands %d times in %s: correct tests/mutate_rules.py" % (repr(old), text.count(old), path)
    kept = os.path.join(where, "o", os.path.basename(path)[:-2] + ".o")
    os.rename(kept, kept + ".kept")
    with open(full, "w", encoding="utf-8") as f:
        f.write(text.replace(old, new))
    try:
        program = build(where, [path])
        if program is None:
            return "does not compile"
        near = "@(header|body)" if path in (HEADER, RULES, BODY) else "match_size" if path == SIZE else "@(match|dovecot)*"
        name = failing(program, near) or failing(program)
    finally:
        with open(full, "w", encoding="utf-8") as f:
            f.write(text)
        os.rename(kept + ".kept", kept)
    if name is None:
        return "no test fails"
    print("%-50s %s" % (what, name), flush=True)
    return None


def main():
    with tempfile.TemporaryDirectory() as where:
        for d in ("src", "tests"):
            shutil.copytree(os.path.join(ROOT, d), os.path.join(where, d),
                            ignore=shutil.ignore_patterns("clients", "servers"))
        os.mkdir(os.path.join(where, "o"))
        base = ["src/base/" + f for f in os.listdir(os.path.join(ROOT, "src/base")) if f.endswith(".c")]
        model = [HEADER, RULES, BODY, MATCH, COPIES, JOIN, MESSAGE, SIZE, "src/model/header_describe.c"]
        name = failing(build(where, TESTS + base + model))
        if name is not None:
            sys.exit("with all rules on: %s" % name)
        rules = [r for r in list(rows()) + SWITCHES if not sys.argv[1:] or any(w in r[0] for w in sys.argv[1:])]
        bad = 0
        for r in rules:
            why = switch(where, r)
            bad += why is not None
            if why is not None:
                print("NOT SEEN: %s: %s" % (r[0], why), flush=True)
    print("%d rules, %d of them switched off without a word" % (len(rules), bad))
    sys.exit(bad > 0)


if __name__ == "__main__":
    main()
