/* rootlet help ID: a message at length. The texts are the library's. */
#include "cli/cli.h"

#include "base/buffer.h"
#include "base/error.h"
#include "base/tint.h"
#include "term/paragraph.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { WIDEST = 90, INDENT = 4, NEAR_PRINTED = 6 };

static void print_part(const char *head, const char *text, int width)
{
	if (!*text)
		return;
	printf("\n%s\n%*s", head, INDENT, "");
	paragraph_print(stdout, text, INDENT, INDENT, width);
}

bool help_message(const char *id)
{
	int width = paragraph_width(WIDEST);
	rootlet_message m;

	if (rootlet_message_explain(id, &m) < 0)
		return false;
	if (message_color(1))
		printf("\033[" TINT_BOLD "m%s\033[0m: %s\n", m.id, m.title);
	else
		printf("%s: %s\n", m.id, m.title);
	print_part("What happened", m.happened, width);
	print_part("Why", m.why, width);
	print_part("What to do", m.mend, width);
	return true;
}

void help_messages(void)
{
	rootlet_message m;

	for (size_t i = 0; rootlet_message_get(i, &m) == 0; i++)
		printf("  %-26s %s\n", m.id, m.title);
}

/* Ids that hold the word, or share its first part. */
void help_unknown(const char *word)
{
	size_t len = strcspn(word, "-");
	struct rootlet_error err = {0};
	AUTO_BUFFER near = {0};
	int found = 0;
	rootlet_message m;

	for (size_t i = 0; rootlet_message_get(i, &m) == 0 && found < NEAR_PRINTED; i++)
		if (len && (strstr(m.id, word) || !strncmp(m.id, word, len)))
			buffer_printf(&near, "%s%s", found++ ? ", " : "did you mean ", m.id);
	error_set(&err, -EINVAL, "help-unknown", word,
		  "help: %.64s: there is no such command or message", word);
	if (found && !buffer_failed(&near))
		error_hint(&err, "%s?", near.data);
	else
		error_hint(&err, "`rootlet help` lists the commands, `rootlet help messages` the "
				 "messages");
	message_error(&err);
}
