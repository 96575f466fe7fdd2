/*
 * Each rule of the canonical header (docs/matching.md) has a test named after it, which
 * fails when the rule is switched off. Expected texts are written by hand.
 */
#include <criterion/criterion.h>
#include <strings.h>
#include <stdio.h>

#include "model/header.h"

/* What header_*() make of a header given as text; an empty line ends it. */
static struct evidence
evidence_of(struct text bytes)
{
	struct header h = {0};
	struct evidence ev = {0};
	struct cursor c = {bytes, 0};
	struct text line;

	header_begin(&h);
	/* Split at LF only, as a connection does that leaves a CR too many. */
	while (take_until(&c, '\n', &line)) {
		if (line.len > 0 && line.at[line.len - 1] == '\r')
			line.len--;
		if (header_line(&h, line))
			break;
	}
	header_end(&h, &ev);
	header_release(&h);
	return ev;
}

static bool
is_digest_of(struct digest d, const char *canonical)
{
	struct digest want = digest_of(text_of(canonical));

	return digest_equal(&d, &want);
}

static bool
strict_is(const char *header, const char *canonical)
{
	return is_digest_of(evidence_of(text_of(header)).strict, canonical);
}

static bool
loose_is(const char *header, const char *canonical)
{
	return is_digest_of(evidence_of(text_of(header)).loose, canonical);
}

static bool
damaged_is(const char *header, const char *canonical)
{
	return is_digest_of(evidence_of(text_of(header)).damaged, canonical);
}

static bool
same_strict(const char *a, const char *b)
{
	struct evidence x = evidence_of(text_of(a)), y = evidence_of(text_of(b));

	return digest_equal(&x.strict, &y.strict);
}

static bool
same_loose(const char *a, const char *b)
{
	struct evidence x = evidence_of(text_of(a)), y = evidence_of(text_of(b));

	return digest_equal(&x.loose, &y.loose);
}

Test(header, strict_is_the_fields_in_order)
{
	char hex[65];
	struct evidence ev = evidence_of(text_of("Subject: a\nFrom: b\n\n"));

	digest_hex(&ev.strict, hex);
	/* printf 'Subject:a\nFrom:b\n' | sha256sum */
	cr_assert_str_eq(
		hex, "f1ccd36e78eaf5b9fc6b04f583e79e4d5c9310b21c61b13d7cd9dae9593f806b");
	cr_assert(!same_strict("A: 1\nB: 2\n\n", "B: 2\nA: 1\n\n"));
}

Test(header, strict_keeps_names_as_they_stand)
{
	cr_assert(strict_is("SUBJECT: a\n\n", "SUBJECT:a\n"));
	cr_assert(!same_strict("SUBJECT: a\n\n", "Subject: a\n\n"));
}

Test(header, line_ends_are_unified)
{
	cr_assert(strict_is("Subject: a\r\nTo: b\r\n\r\n", "Subject:a\nTo:b\n"));
	cr_assert(strict_is("Subject: a\r\r\nTo: b\r\r\n\r\r\n", "Subject:a\nTo:b\n"));
	/* Twice stored, twice sent. */
	cr_assert(strict_is(
		"Subject: a\r\r\r\nTo: b\n\r\r\r\nC: d\n", "Subject:a\nTo:b\n"));
}

Test(header, line_of_a_cr_ends_it)
{
	/* One CR is left to header_line(), as from Courier's \r\r\n. */
	struct evidence ev =
		evidence_of(text_of("Subject: a\r\r\n\r\r\nnot: this\r\r\n"));

	cr_assert(is_digest_of(ev.strict, "Subject:a\n"));
	cr_assert(!(ev.flags & MESSAGE_CUT_HEADER));
	/* Counted as they were given: 11 + 2 and 1 + 2. */
	cr_assert_eq(ev.header_octets, 16);
}

Test(header, octets_are_those_of_the_wire)
{
	cr_assert_eq(evidence_of(text_of("Subject: a\nStatus: RO\n \n\n")).header_octets,
		12 + 12 + 3 + 2);
}

Test(header, without_an_end_it_is_cut)
{
	cr_assert(evidence_of(text_of("Subject: a\n")).flags & MESSAGE_CUT_HEADER);
	cr_assert(!(evidence_of(text_of("Subject: a\n\n")).flags & MESSAGE_CUT_HEADER));
}

Test(header, folds_become_one_blank)
{
	cr_assert(strict_is("Subject: a\n\tb\n  c\n\n", "Subject:a b c\n"));
	cr_assert(same_strict("Subject: a\n\tb\n\n", "Subject: a b\n\n"));
	cr_assert(strict_is("Subject:\n a\n\n", "Subject:a\n"));
}

Test(header, runs_of_blanks_become_one)
{
	cr_assert(strict_is("Subject:  a \t b\t\n\n", "Subject:a b\n"));
}

/* Values are taken eight bytes at a time: wherever in these the run stands. */
Test(header, runs_of_blanks_become_one_anywhere)
{
	static const char words[] = "abcdefghijklmnopqrstuvwxyz";
	char text[64], canonical[64];

	for (int i = 1; i < 26; i++) {
		for (int blanks = 2; blanks < 12; blanks++) {
			snprintf(text, sizeof(text), "A: %.*s%*s%s\n\n", i, words, blanks,
				"", words + i);
			snprintf(canonical, sizeof(canonical), "A:%.*s %s\n", i, words,
				words + i);
			cr_assert(strict_is(text, canonical), "%s", text);
		}
	}
}

Test(header, a_tab_is_a_blank)
{
	cr_assert(strict_is("Subject: a\tb\n\n", "Subject:a b\n"));
}

Test(header, blanks_inside_a_word_count)
{
	cr_assert(!same_strict("Subject: re member\n\n", "Subject: remember\n\n"));
	cr_assert(!same_loose("Subject: re member\n\n", "Subject: remember\n\n"));
}

Test(header, blank_folded_lines_are_skipped)
{
	cr_assert(strict_is("Subject: a\n \t\n b\nTo: c\n\n", "Subject:a b\nTo:c\n"));
	cr_assert(strict_is("Subject: a\n \nTo: c\n\n", "Subject:a\nTo:c\n"));
	cr_assert(strict_is(" \nTo: c\n\n", "To:c\n"));
}

Test(header, lines_without_colon_are_dropped)
{
	cr_assert(strict_is("A: 1\nnonsense\nB: 2\n\n", "A:1\nB:2\n"));
}

Test(header, continuation_of_a_dropped_line_is_dropped)
{
	cr_assert(strict_is("A: 1\nnonsense\n more: of it\nB: 2\n\n", "A:1\nB:2\n"));
	cr_assert(strict_is("A: 1\nX-UID: 1\n\t2\nB: 2\n\n", "A:1\nB:2\n"));
	cr_assert(strict_is("\tlost\nB: 2\n\n", "B:2\n"));
}

Test(header, continuation_with_colon_is_no_field)
{
	cr_assert(strict_is("A: 1\n Status: RO\n\n", "A:1 Status: RO\n"));
}

Test(header, mbox_from_line_is_dropped)
{
	cr_assert(strict_is("From a@b Mon Jan  1 10:11:12 2024\nA: 1\n\n", "A:1\n"));
	cr_assert(strict_is(">From a@b Mon Jan  1 10:11:12 2024\nA: 1\n\n", "A:1\n"));
}

Test(header, names_of_other_bytes_are_dropped)
{
	cr_assert(strict_is("Gr\xc3\xb6\xc3\x9f"
			    "e: 1\nA: 1\n\n",
		"A:1\n"));
	cr_assert(strict_is("a b: 1\nA: 1\n\n", "A:1\n"));
	cr_assert(strict_is("a\x01: 1\nA: 1\n\n", "A:1\n"));
	cr_assert(strict_is("a\x7f: 1\nA: 1\n\n", "A:1\n"));
	cr_assert(strict_is(": 1\nA: 1\n\n", "A:1\n"));
}

Test(header, blanks_before_the_colon_are_no_part_of_the_name)
{
	cr_assert(strict_is("Subject \t: a\nStatus : RO\n\n", "Subject:a\n"));
}

Test(header, nul_bytes_are_bytes)
{
	struct evidence a = evidence_of((struct text){"Subject: a\0b\n\n", 14});
	struct evidence b = evidence_of((struct text){"Subject: a\0c\n\n", 14});

	cr_assert(!digest_equal(&a.strict, &b.strict));
	cr_assert(digest_equal(&a.damaged, &a.damaged));
	cr_assert(is_digest_of(a.damaged, "subject:a?b\n"));
}

static const char *const dropped[] = {
	"Content-Length",
	"Lines",
	"Return-Path",
	"Status",
	"X-Status",
	"X-IMAP",
	"X-IMAPbase",
	"X-Keywords",
	"X-UID",
	"X-UIDL",
	"X-Message-Flag",
	"X-Mozilla-Status",
	"X-Mozilla-Status2",
	"X-Mozilla-Keys",
	"X-Yahoo-Newman-Property",
	"X-Evolution",
	"X-Evolution-Source",
	"X-Gmail-Labels",
	"X-GMAIL-Received",
	"X-Account-Key",
	"Mbox-Line",
	"status",
	"CONTENT-LENGTH",
};

Test(header, dropped_by_name)
{
	char text[128];

	for (size_t i = 0; i < sizeof(dropped) / sizeof(*dropped); i++) {
		snprintf(text, sizeof(text), "A: 1\n%s: x\n y\nB: 2\n\n", dropped[i]);
		cr_assert(strict_is(text, "A:1\nB:2\n"), "%s", dropped[i]);
		cr_assert(loose_is(text, "a:1\nb:2\n"), "%s", dropped[i]);
	}
}

static const char *const delivery[] = {
	"Received",
	"Delivered-To",
	"X-Original-To",
	"Envelope-To",
	"X-Spam-Status",
	"X-Spam-",
	"X-Virus-Scanned",
	"X-Antivirus",
	"X-Antivirus-Status",
	"Authentication-Results",
	"ARC-Seal",
	"ARC-Message-Signature",
	"DKIM-Signature",
	"X-Received",
	"Bcc",
	"received",
};

Test(header, loose_drops_what_a_delivery_adds)
{
	char text[128], strict[128];

	for (size_t i = 0; i < sizeof(delivery) / sizeof(*delivery); i++) {
		snprintf(text, sizeof(text), "A: 1\n%s: x\n y\nB: 2\n\n", delivery[i]);
		snprintf(strict, sizeof(strict), "A:1\n%s:x y\nB:2\n", delivery[i]);
		cr_assert(strict_is(text, strict), "%s", delivery[i]);
		cr_assert(loose_is(text, "a:1\nb:2\n"), "%s", delivery[i]);
	}
}

static const char *const kept[] = {
	"Reply-To",
	"Statu",
	"Status2",
	"X-UIDLs",
	"X-Spam",
	"X-Gmail",
	"X-Mozilla",
	"Receive",
	"Received-SPF",
	"List-Id",
	"A",
	"~",
	"Authentication-Results-Original",
};

Test(header, other_names_are_kept)
{
	for (size_t i = 0; i < sizeof(kept) / sizeof(*kept); i++)
		cr_assert_eq(header_what(text_of(kept[i])), HEADER_KEPT, "%s", kept[i]);
}

/* Only those with a "*" in docs/matching.md stand for more than themselves. */
static bool
stands_for_more(const char *name)
{
	static const char *const starred[] = {"X-Mozilla-", "X-Evolution", "X-Gmail-",
		"X-Spam-", "X-Virus-", "X-Antivirus", "ARC-"};

	for (size_t i = 0; i < sizeof(starred) / sizeof(*starred); i++)
		if (strncasecmp(name, starred[i], strlen(starred[i])) == 0)
			return true;
	return false;
}

Test(header, longer_names_are_other_names)
{
	static const char *const special[] = {
		"Date", "From", "Message-ID", "Subject", "To"};
	static const struct {
		const char *const *names;
		size_t n;
	} lists[] = {{dropped, sizeof(dropped) / sizeof(*dropped)},
		{delivery, sizeof(delivery) / sizeof(*delivery)}, {special, 5}};
	char name[64];

	for (size_t k = 0; k < 3; k++) {
		for (size_t i = 0; i < lists[k].n; i++) {
			if (stands_for_more(lists[k].names[i]))
				continue;
			snprintf(name, sizeof(name), "%s-Too", lists[k].names[i]);
			cr_expect_eq(header_what(text_of(name)), HEADER_KEPT, "%s", name);
		}
	}
}

Test(header, loose_folds_the_case_of_names)
{
	cr_assert(loose_is("SubJect: A\n\n", "subject:A\n"));
	cr_assert(same_loose("MIME-VERSION: 1\n\n", "Mime-Version: 1\n\n"));
}

Test(header, loose_is_sorted_by_name)
{
	cr_assert(loose_is(
		"X-Long-Name-B: 1\nTo: b\nX-Long-Name-A: 2\nCc: c\nX-Long: 3\n\n",
		"cc:c\nto:b\nx-long:3\nx-long-name-a:2\nx-long-name-b:1\n"));
}

Test(header, loose_has_the_shorter_name_first)
{
	cr_assert(loose_is("X-Long-Name-B: 1\nX-Long-Name: 2\n\n",
		"x-long-name:2\nx-long-name-b:1\n"));
}

Test(header, loose_keeps_the_order_of_equal_names)
{
	cr_assert(loose_is(
		"X: 2\nB: 1\nx: 1\nA: 1\nX: 3\n\n", "a:1\nb:1\nx:2\nx:1\nx:3\n"));
	cr_assert(!same_loose("X: 1\nX: 2\n\n", "X: 2\nX: 1\n\n"));
}

Test(header, damaged_is_each_run_as_one_mark)
{
	cr_assert(damaged_is("Subject: Gr\xc3\xb6\xc3\x9f"
			     "e\n\n",
		"subject:Gr?e\n"));
	cr_assert(damaged_is("Subject: Gr????e\n\n", "subject:Gr?e\n"));
	cr_assert(damaged_is("Subject: Gr?\xc3?e a\x01?\n\n", "subject:Gr?e a?\n"));
	cr_assert(damaged_is("Subject: ?? ?\n\n", "subject:? ?\n"));
	cr_assert(damaged_is("X?\?: a\x7f\n\n", "x?\?:a?\n"));
}

/* Eight bytes at a time, too: wherever in these they stand. */
Test(header, damaged_is_one_mark_anywhere)
{
	static const char words[] = "abcdefghijklmnopqrstuvwxyz";
	static const char *const marks[] = {"??", "\xc3\xb6", "\x01", "\x7f\xff?"};
	char text[64], canonical[64];

	for (int i = 1; i < 26; i++) {
		for (size_t k = 0; k < 4; k++) {
			snprintf(text, sizeof(text), "A: %.*s%s%s\n\n", i, words,
				marks[k], words + i);
			snprintf(canonical, sizeof(canonical), "a:%.*s?%s\n", i, words,
				words + i);
			cr_assert(damaged_is(text, canonical), "%d %zu", i, k);
		}
	}
}

Test(header, loose_and_strict_keep_8bit)
{
	cr_assert(strict_is("Subject: \xc3\xb6\n\n", "Subject:\xc3\xb6\n"));
	cr_assert(loose_is("Subject: \xc3\xb6\n\n", "subject:\xc3\xb6\n"));
	cr_assert(!same_loose("Subject: Gr\xc3\xb6\xc3\x9f"
			      "e\n\n",
		"Subject: Gr\xc3\xa4\xc3\x9f"
		"e\n\n"));
}

Test(header, damaged_is_loose_where_nothing_is_odd)
{
	struct evidence ev = evidence_of(text_of("Subject: =?utf-8?Q?a?=\nTo: b\n\n"));

	cr_assert(digest_equal(&ev.loose, &ev.damaged));
	cr_assert(!(ev.flags & MESSAGE_8BIT));
}

Test(header, flag_8bit_is_of_loose_fields)
{
	cr_assert(evidence_of(text_of("Subject: \xc3\xb6\n\n")).flags & MESSAGE_8BIT);
	cr_assert(!(evidence_of(text_of("Received: \xc3\xb6\n\n")).flags & MESSAGE_8BIT));
	cr_assert(!(evidence_of(text_of("Subject: a\tb ?\n\n")).flags & MESSAGE_8BIT));
}

Test(header, id_is_five_first_fields)
{
	struct evidence ev = evidence_of(text_of("TO: t\nSubject: s\nSubject: s2\n"
						 "message-id: <m>\nFrom: f\nX: y\n\n"));

	cr_assert(is_digest_of(ev.id, "message-id:<m>\ndate\nfrom:f\nsubject:s\nto:t\n"));
	ev = evidence_of(text_of("Date:\n\n"));
	cr_assert(is_digest_of(ev.id, "message-id\ndate:\nfrom\nsubject\nto\n"));
}

Test(header, message_id_is_of_its_value)
{
	struct evidence ev = evidence_of(text_of("Message-Id:\n <1@a>\n\n"));
	/* printf '<1@a>' | sha256sum */
	static const uint8_t want[8] = {0x8e, 0x48, 0x94, 0x9e, 0x13, 0x71, 0xcd, 0xbf};

	cr_assert_eq(memcmp(&ev.message_id, want, 8), 0);
	cr_assert(ev.flags & MESSAGE_HAS_ID);
}

Test(header, flags_say_what_there_is)
{
	cr_assert_eq(
		evidence_of(text_of("Received: a\nDate: b\nMessage-ID: <c>\n\n")).flags,
		MESSAGE_HEADER | MESSAGE_HAS_ID | MESSAGE_HAS_DATE |
			MESSAGE_HAS_RECEIVED);
	cr_assert_eq(
		evidence_of(text_of("X-Received: a\nDate:\nMessage-ID: <>\n\n")).flags,
		MESSAGE_HEADER);
	cr_assert_eq(evidence_of(text_of("Message-ID: \n \n\n")).flags, MESSAGE_HEADER);
	cr_assert_eq(evidence_of(text_of("\n")).flags, MESSAGE_HEADER);
	cr_assert_eq(evidence_of(text_of("")).flags, MESSAGE_HEADER | MESSAGE_CUT_HEADER);
}

Test(header, over_the_maximum_there_is_none)
{
	struct header h = {0};
	struct evidence ev = {.flags = MESSAGE_BODY};
	char *line = malloc(1 << 20);

	memset(line, 'a', 1 << 20);
	line[1] = ':';
	header_begin(&h);
	for (int i = 0; i < 5; i++)
		header_line(&h, (struct text){line, 1 << 20});
	cr_assert(header_line(&h, text_of("")));
	header_end(&h, &ev);
	cr_assert_eq(ev.flags, MESSAGE_NO_HEADER | MESSAGE_BODY);
	/* Lines that are dropped count, too. */
	line[1] = 'a';
	header_begin(&h);
	for (int i = 0; i < 5; i++)
		header_line(&h, (struct text){line, 1 << 20});
	header_end(&h, &ev);
	cr_assert_eq(ev.flags, MESSAGE_NO_HEADER | MESSAGE_BODY);
	/* The next message is not the worse for it. */
	header_begin(&h);
	header_line(&h, text_of("A: 1"));
	header_line(&h, text_of(""));
	header_end(&h, &ev);
	cr_assert_eq(ev.flags, MESSAGE_HEADER | MESSAGE_BODY);
	cr_assert(is_digest_of(ev.strict, "A:1\n"));
	header_release(&h);
	free(line);
}

Test(header, lines_behind_the_end_are_not_its)
{
	struct header h = {0};
	struct evidence ev = {0};

	header_begin(&h);
	cr_assert(!header_line(&h, text_of("A: 1")));
	cr_assert(header_line(&h, text_of("")));
	cr_assert(header_line(&h, text_of("B: 1")));
	header_end(&h, &ev);
	cr_assert(is_digest_of(ev.strict, "A:1\n"));
	cr_assert_eq(ev.header_octets, 8);
	header_release(&h);
}

Test(header, describe_gives_date_from_subject)
{
	struct header h = {0};
	struct evidence ev = {0};
	struct buf out;
	struct text v[3];

	buf_init(&out, 1000);
	header_begin(&h);
	header_line(&h, text_of("Subject: a"));
	header_line(&h, text_of("\tb"));
	header_line(&h, text_of("Date: today"));
	header_describe(&h, &out, v);
	cr_assert(text_equal(v[0], text_of("today")));
	cr_assert_eq(v[1].len, 0);
	cr_assert(text_equal(v[2], text_of("a b")));
	header_end(&h, &ev);
	header_describe(&h, &out, v);
	cr_assert(text_equal(v[2], text_of("a b")));
	buf_release(&out);
	header_release(&h);
}

static struct digest
body_of(const char *bytes)
{
	struct body b = {0};
	struct cursor c = {text_of(bytes), 0};
	struct text line;

	body_begin(&b);
	while (take_line(&c, &line))
		body_line(&b, line);
	struct digest d = body_end(&b);
	body_release(&b);
	return d;
}

Test(body, line_ends_are_unified)
{
	cr_assert(is_digest_of(body_of("a\r\nb\r\r\n c\n"), "a\nb\n c\n"));
	cr_assert(is_digest_of(body_of("a\nb"), "a\nb\n"));
}

Test(body, trailing_blank_lines_are_dropped)
{
	cr_assert(is_digest_of(body_of("\n\na\n\n\nb\n\r\n\r\r\n"), "\n\na\n\n\nb\n"));
	cr_assert(is_digest_of(body_of("\n\n"), ""));
	cr_assert(is_digest_of(body_of("a\n \n"), "a\n \n"));
}
