#include <criterion/criterion.h>

#include "model/message.h"

static struct text
repeat(char *to, char c, size_t n)
{
	memset(to, c, n);
	return (struct text){to, n};
}

Test(message, uidl_is_one_to_70_printable_bytes)
{
	char s[80];

	cr_assert(uidl_is_valid(text_of("1")));
	cr_assert(uidl_is_valid(text_of("!~")));
	cr_assert(uidl_is_valid(repeat(s, 'a', 70)));
	cr_assert(!uidl_is_valid(repeat(s, 'a', 71)));
	cr_assert(uidl_is_printable(repeat(s, 'a', 71)));
	cr_assert(!uidl_is_valid(text_of("")));
	cr_assert(!uidl_is_printable(text_of("")));
	cr_assert(!uidl_is_valid(text_of("a b")));
	cr_assert(!uidl_is_valid(text_of("a\x7f")));
	cr_assert(!uidl_is_valid(text_of("a\x1f")));
	cr_assert(!uidl_is_valid(text_of("\xc3\xb6")));
}

Test(message, plain_uidls_may_come_again)
{
	cr_assert(uidl_is_plain(text_of("1")));
	cr_assert(uidl_is_plain(text_of("abcdefghijk")));
	cr_assert(!uidl_is_plain(text_of("abcdefghijkl")));
	cr_assert(uidl_is_plain(text_of("123456789012345678901234567890")));
	cr_assert(!uidl_is_plain(text_of("1795355606.1")));
}

Test(message, uidls_that_stand_twice_are_marked)
{
	struct listing l = {0};

	listing_add(&l, text_of("b"), 1);
	listing_add(&l, text_of("a"), 2);
	listing_add(&l, text_of("b"), 3);
	listing_add(&l, text_of("b c"), 4);
	listing_mark(&l);
	cr_assert_eq(l.at[0].flags, MESSAGE_TWICE);
	cr_assert_eq(l.at[1].flags, 0);
	cr_assert_eq(l.at[2].flags, MESSAGE_TWICE);
	cr_assert_eq(l.at[3].flags, MESSAGE_BAD_UIDL);
	cr_assert_eq(l.at[3].number, 4);
	cr_assert_eq(l.at[3].size, 4);
	cr_assert(text_equal(message_uidl(&l.at[3]), text_of("b c")));
	listing_release(&l);
	listing_mark(&l);
	listing_release(&l);
}

Test(message, learns_header_and_body_apart)
{
	struct listing l = {0};
	struct message *m = listing_add(&l, text_of("a"), 1);
	struct evidence header = {
		.flags = MESSAGE_HEADER | MESSAGE_HAS_ID | MESSAGE_CUT_HEADER,
		.header_octets = 7,
		.message_id = 9};
	struct evidence body = {.flags = MESSAGE_BODY};
	struct evidence none = {.flags = MESSAGE_NO_BODY};

	m->flags = MESSAGE_TWICE;
	header.strict.byte[15] = 1;
	body.body.byte[0] = 2;
	message_learn(m, &header);
	message_learn(m, &none);
	cr_assert_eq(m->flags, MESSAGE_TWICE | header.flags | MESSAGE_NO_BODY);
	message_learn(m, &body);
	cr_assert_eq(m->flags, MESSAGE_TWICE | header.flags | MESSAGE_BODY);
	cr_assert_eq(m->header_octets, 7);
	cr_assert_eq(m->message_id, 9);
	cr_assert_eq(m->strict[15], 1);
	cr_assert_eq(m->body[0], 2);
	/* The whole message has been read, and its header is there after all. */
	header.flags = MESSAGE_HEADER | MESSAGE_HAS_DATE | MESSAGE_BODY;
	message_learn(m, &header);
	cr_assert_eq(m->flags,
		MESSAGE_TWICE | MESSAGE_HEADER | MESSAGE_HAS_DATE | MESSAGE_BODY);
	message_learn(m, &none);
	cr_assert(!(m->flags & MESSAGE_NO_BODY));
	/* What was refused once has been given. */
	none.flags = MESSAGE_NO_HEADER;
	message_learn(m, &none);
	cr_assert_eq(m->flags, MESSAGE_TWICE | MESSAGE_NO_HEADER | MESSAGE_BODY);
	message_learn(m, &header);
	cr_assert_eq(m->flags,
		MESSAGE_TWICE | MESSAGE_HEADER | MESSAGE_HAS_DATE | MESSAGE_BODY);
	listing_release(&l);
}
