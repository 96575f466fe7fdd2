#include "model/date.h"

static void
skip_blanks(struct cursor *c)
{
	while (c->off < c->all.len && memchr(" \t\r\n", c->all.at[c->off], 4) != NULL)
		c->off++;
}

static bool
take_byte(struct cursor *c, char byte)
{
	if (c->off == c->all.len || c->all.at[c->off] != byte)
		return false;
	c->off++;
	return true;
}

/* So many digits. */
static bool
take_digits(struct cursor *c, size_t least, size_t most, unsigned *number)
{
	size_t n = 0;

	*number = 0;
	while (n < most && c->off + n < c->all.len && c->all.at[c->off + n] >= '0' &&
		c->all.at[c->off + n] <= '9')
		*number = *number * 10 + (unsigned)(c->all.at[c->off + n++] - '0');
	c->off += n;
	return n >= least;
}

/* Three letters out of a row of names; 0: none of them. */
static unsigned
take_name(struct cursor *c, const char *names)
{
	for (unsigned i = 0; names[i * 3] != '\0' && c->all.len - c->off >= 3; i++)
		if (text_equal_nocase((struct text){c->all.at + c->off, 3},
			    (struct text){names + i * 3, 3})) {
			c->off += 3;
			return i + 1;
		}
	return 0;
}

static bool
take_zone(struct cursor *c, int64_t *seconds)
{
	bool west = take_byte(c, '-');
	unsigned hours, minutes;

	*seconds = 0;
	if (!west && !take_byte(c, '+'))
		return take_name(c, "GMTUTC") != 0;
	if (!take_digits(c, 2, 2, &hours) || !take_digits(c, 2, 2, &minutes) ||
		hours > 14 || minutes > 59)
		return false;
	*seconds = (int64_t)(hours * 3600 + minutes * 60) * (west ? -1 : 1);
	return true;
}

/* Days since 1970 in the Gregorian calendar, March being the first month of a year. */
static int64_t
days(unsigned year, unsigned month, unsigned day)
{
	int64_t y = (int64_t)year - (month <= 2), m = (month + 9) % 12;

	return y * 365 + y / 4 - y / 100 + y / 400 + (m * 153 + 2) / 5 + day - 1 - 719468;
}

bool
date_read(struct text value, int64_t *seconds)
{
	struct cursor c = {value, 0};
	unsigned day, month, year, hour, minute, second = 0;
	int64_t zone;

	skip_blanks(&c);
	if (take_name(&c, "MonTueWedThuFriSatSun") != 0 && !take_byte(&c, ','))
		return false;
	skip_blanks(&c);
	if (!take_digits(&c, 1, 2, &day) || day < 1 || day > 31)
		return false;
	skip_blanks(&c);
	if ((month = take_name(&c, "JanFebMarAprMayJunJulAugSepOctNovDec")) == 0)
		return false;
	skip_blanks(&c);
	if (!take_digits(&c, 4, 4, &year) || year < 1970)
		return false;
	skip_blanks(&c);
	if (!take_digits(&c, 2, 2, &hour) || hour > 23 || !take_byte(&c, ':') ||
		!take_digits(&c, 2, 2, &minute) || minute > 59)
		return false;
	if (take_byte(&c, ':') && (!take_digits(&c, 2, 2, &second) || second > 60))
		return false;
	skip_blanks(&c);
	if (!take_zone(&c, &zone))
		return false;
	skip_blanks(&c);
	if (c.off < value.len && value.at[c.off] != '(')
		return false;
	*seconds = days(year, month, day) * 86400 + (int64_t)hour * 3600 +
		   (int64_t)minute * 60 + second - zone;
	return true;
}

bool
date_of_message(struct text bytes, int64_t *seconds)
{
	struct cursor c = {bytes, 0};
	struct text line, value = {"", 0};
	bool in_date = false, found = false;

	while (take_line(&c, &line) && c.off < bytes.len) {
		if (line.len == 0)
			return found && date_read(value, seconds);
		if (line.at[0] == ' ' || line.at[0] == '\t') {
			if (in_date)
				value.len = (size_t)(line.at + line.len - value.at);
			continue;
		}
		in_date = line.len >= 5 &&
			  text_equal_nocase((struct text){line.at, 5}, text_of("Date:"));
		if (in_date && found)
			return false;
		if (in_date)
			value = (struct text){line.at + 5, line.len - 5};
		found |= in_date;
	}
	return false;
}
