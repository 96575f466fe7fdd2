/*
 * Windows Mail (Vista) and Windows Live Mail: what they have had from a server is in an
 * ESE database, which nothing but Windows's own esent.dll can write (pages with checksums,
 * logs, a signature). So a store is known, its accounts are told, and it is refused.
 *
 * The accounts are a file each, account{GUID}.oeaccount, UTF-16 (Microsoft, "New Handling
 * for Account Data"), of what differs from the standard:
 *
 *     <MessageAccount>
 *         <Account_Name type="SZ">mypop3account</Account_Name>
 *         <POP3_Server type="SZ">mail.example.com</POP3_Server>
 *         <POP3_User_Name type="SZ">don</POP3_User_Name>
 *         <POP3_Port type="DWORD">3e3</POP3_Port>
 *     </MessageAccount>
 */
#include "model/format.h"

#include <libxml/parser.h>

/* Of both, below a folder that is named in the user's language on Windows XP. */
static const char *const places[] = {
	"*/*/Microsoft/Windows Mail/WindowsMail.MSMessageStore",
	"*/*/Microsoft/Windows Live Mail/Mail.MSMessageStore",
	NULL,
};

/* In "Local Folders", and in a folder each. */
static const char *const settings_places[] = {
	"*/*/Microsoft/Windows Mail/*/*.oeaccount",
	"*/*/Microsoft/Windows Live Mail/*/*.oeaccount",
	NULL,
};

#define ACCOUNT_MAX ((size_t)1 << 20)

static int
windows_mail_probe(const struct source *src)
{
	static const char magic[] = {'\xef', '\xcd', '\xab', '\x89'};

	return src->bytes.len >= 8 && memcmp(src->bytes.at + 4, magic, 4) == 0
		       ? PROBE_CONTENT | PROBE_MAGIC
		       : PROBE_NO;
}

static int
windows_mail_read(struct store *s, struct err *e)
{
	const char *path = s->source->path;

	if (windows_mail_probe(s->source) == PROBE_NO)
		return err_at_byte(e, s->source, 4,
			"want the signature of an ESE database: this is no store of "
			"Windows Mail");
	return err_set(e, ERR_DATA, "read-only",
		"%s: Windows Mail and Windows Live Mail keep their UIDLs in an ESE "
		"database, which only Windows itself can write: reuidl leaves it as it is, "
		"and the client will download everything from the new server again",
		path);
}

/* Nothing of a file may be defined in the file. */
static void
refuse_doctype(
	void *parser, const xmlChar *name, const xmlChar *id, const xmlChar *system)
{
	(void)name, (void)id, (void)system;
	((xmlParserCtxtPtr)parser)->wellFormed = 0;
	xmlStopParser(parser);
}

static xmlDocPtr
parse(struct text bytes)
{
	xmlParserCtxtPtr parser = xmlNewParserCtxt();
	xmlDocPtr doc = NULL;

	if (parser == NULL || bytes.len > ACCOUNT_MAX) {
		xmlFreeParserCtxt(parser);
		return NULL;
	}
	parser->sax->internalSubset = refuse_doctype;
	doc = xmlCtxtReadMemory(parser, bytes.at, (int)bytes.len, NULL, NULL,
		XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
	xmlFreeParserCtxt(parser);
	return doc;
}

/* The text of the element of that name below the root; empty: it is not there. */
static struct text
value_of(xmlDocPtr doc, const char *name, struct arena *a)
{
	xmlNodePtr node = xmlDocGetRootElement(doc);

	for (node = node != NULL ? node->children : NULL; node != NULL;
		node = node->next) {
		xmlNodePtr text = node->children;
		if (node->type == XML_ELEMENT_NODE &&
			xmlStrEqual(node->name, (const xmlChar *)name) && text != NULL &&
			text->type == XML_TEXT_NODE && text->next == NULL)
			return arena_text(a, text_trim(text_of((char *)text->content)));
	}
	return (struct text){"", 0};
}

/* A DWORD: hexadecimal, without 0x. */
static uint32_t
number_of(xmlDocPtr doc, const char *name, uint32_t otherwise, struct arena *a)
{
	struct text t = value_of(doc, name, a);
	uint32_t n = 0;

	if (t.len == 0 || t.len > 8)
		return otherwise;
	for (size_t i = 0; i < t.len; i++) {
		char c = t.at[i];
		uint32_t digit = c >= '0' && c <= '9'	? (uint32_t)(c - '0')
				 : c >= 'a' && c <= 'f' ? (uint32_t)(c - 'a' + 10)
				 : c >= 'A' && c <= 'F' ? (uint32_t)(c - 'A' + 10)
							: 16;
		if (digit == 16)
			return otherwise;
		n = n << 4 | digit;
	}
	return n;
}

/* …/Windows Live Mail/FOLDER/account{GUID}.oeaccount lies two below the store. */
static const char *
store_of(const char *settings, struct arena *a)
{
	struct text folder = text_of(settings);

	for (int parts = 0; parts < 2; parts++) {
		while (folder.len > 0 && folder.at[folder.len - 1] != '/')
			folder.len--;
		folder.len -= folder.len > 0;
	}
	return arena_print(a, "%.*s/%s", TEXT_ARG(folder),
		text_ends(folder, "/Windows Live Mail") ? "Mail.MSMessageStore"
							: "WindowsMail.MSMessageStore");
}

static int
windows_mail_accounts(const struct source *src, struct arena *a,
	struct account_list *list, struct err *e)
{
	xmlDocPtr doc = parse(src->bytes);
	struct listed_account account = {.server = "POP3"};
	struct settings *set = &account.settings;

	(void)e;
	if (doc == NULL)
		return 0;
	set->known = true;
	set->host = value_of(doc, "POP3_Server", a);
	set->user = value_of(doc, "POP3_User_Name", a);
	set->name = value_of(doc, "Account_Name", a);
	set->key = set->name;
	set->port = number_of(doc, "POP3_Port", 110, a);
	set->leave_on_server = number_of(doc, "Leave_Mail_On_Server", 0, a) != 0;
	set->until_deleted = number_of(doc, "Remove_When_Deleted", 0, a) != 0;
	if (number_of(doc, "Remove_When_Expired", 0, a) != 0)
		set->delete_after_days = number_of(doc, "Expire_Days", 0, a);
	set->windows = true;
	xmlFreeDoc(doc);
	if (set->host.len == 0)
		return 0; /* of another kind: IMAP, news */
	account.store = store_of(src->path, a);
	list->at = array_grow(list->at, &list->cap, list->n + 1, sizeof(*list->at));
	list->at[list->n++] = account;
	return 0;
}

const struct format format_windows_mail = {
	.name = "windows_mail",
	.client = "Windows Mail, Windows Live Mail",
	.what = "nothing: its *.MSMessageStore is found, and refused",
	.places = places,
	.settings_places = settings_places,
	.probe = windows_mail_probe,
	.read = windows_mail_read,
	.accounts = windows_mail_accounts,
};
