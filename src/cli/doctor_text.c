/* doctor's screen: a line for each thing that was looked at, then what to do about those that are
 * not well, then a text to send on. Colour is never the only sign: each line has a symbol and a
 * word as well. */
#include "cli/doctor.h"

#include "base/tint.h"
#include "term/paragraph.h"

#include <stdio.h>
#include <string.h>

enum {
	WIDEST = 100,
	WORD = 7,
	TITLE = 18,
	FOUND_AT = 2 + 1 + 1 + WORD + 1 + TITLE + 2,
	LABEL = 15,
	LETTER = 76,
	NEVER = 1 << 20
};

static const struct sign {
	const char *symbol, *ascii, *word, *sgr;
} signs[] = {
	[ROOTLET_VERDICT_UNKNOWN] = {"?", "?", "unknown", TINT_DIM},
	[ROOTLET_VERDICT_GREEN] = {"✓", "+", "ok", TINT_GOOD},
	[ROOTLET_VERDICT_AMBER] = {"!", "!", "limited", TINT_WARN},
	[ROOTLET_VERDICT_RED] = {"✗", "x", "broken", TINT_BOLD_BAD},
};

static const char *symbol(rootlet_verdict v)
{
	return paragraph_utf8() ? signs[v].symbol : signs[v].ascii;
}

static void colored(const char *sgr, const char *text)
{
	if (message_color(1))
		printf("\033[%sm%s\033[0m", sgr, text);
	else
		fputs(text, stdout);
}

/* ---- the screen ---- */

static void print_row(const rootlet_doctor_row *row, int width)
{
	char word[32];

	snprintf(word, sizeof(word), "%s %-*s", symbol(row->verdict), WORD,
		 signs[row->verdict].word);
	fputs("  ", stdout);
	colored(signs[row->verdict].sgr, word);
	printf(" %-*s  ", TITLE, row->title);
	paragraph_print(stdout, row->found, FOUND_AT, FOUND_AT, width);
}

static void print_rows(const rootlet_doctor *doctor, int width)
{
	const char *group = "";
	rootlet_doctor_row row;

	for (size_t i = 0; rootlet_doctor_row_get(doctor, i, &row) == 0; i++) {
		if (strcmp(group, row.group) != 0) {
			colored(TINT_BOLD, row.group);
			putchar('\n');
			group = row.group;
		}
		print_row(&row, width);
	}
}

/* "18 ok, 2 limited. Containers start." */
static void write_counts(const int *count, char *text, size_t size)
{
	static const rootlet_verdict order[] = {ROOTLET_VERDICT_GREEN, ROOTLET_VERDICT_AMBER,
						ROOTLET_VERDICT_RED, ROOTLET_VERDICT_UNKNOWN};
	size_t used = 0;

	for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++)
		if (count[order[i]])
			used += (size_t)snprintf(text + used, size - used, "%s%d %s",
						 used ? ", " : "", count[order[i]],
						 signs[order[i]].word);
	snprintf(text + used, size - used, ".%s",
		 count[ROOTLET_VERDICT_RED] || count[ROOTLET_VERDICT_UNKNOWN]
			 ? ""
			 : " Containers start.");
}

static void print_summary(const rootlet_doctor *doctor, int width)
{
	int count[ROOTLET_VERDICT_RED + 1] = {0};
	rootlet_doctor_row row;
	char text[160];

	for (size_t i = 0; rootlet_doctor_row_get(doctor, i, &row) == 0; i++)
		count[row.verdict]++;
	putchar('\n');
	if (!count[ROOTLET_VERDICT_RED] && !count[ROOTLET_VERDICT_AMBER] &&
	    !count[ROOTLET_VERDICT_UNKNOWN])
		snprintf(text, sizeof(text),
			 "All is well. Try `rootlet run / sh`, or `rootlet demo`.");
	else
		write_counts(count, text, sizeof(text));
	paragraph_print(stdout, text, 0, 0, width);
}

/* ---- the problems ---- */

static void print_field(const char *label, const char *text, int width)
{
	if (!*text)
		return;
	printf("    %-*s", LABEL - 4, label);
	paragraph_print(stdout, text, LABEL, LABEL, width);
}

/* A command is never broken: it is there to be copied. */
static void print_command(const char *label, const char *text)
{
	if (!*text)
		return;
	printf("    %-*s", LABEL - 4, label);
	if (message_color(1))
		fputs("\033[" TINT_BOLD "m", stdout);
	paragraph_print(stdout, text, LABEL, LABEL, NEVER);
	if (message_color(1))
		fputs("\033[0m", stdout);
}

static bool is_command(const char *text)
{
	static const char *const first[] = {
		"sudo ", "export ",  "ulimit ", "systemd-run ", "docker ",  "unset ",  "chmod ",
		"echo ", "usermod ", "sysctl ", "apt ",		"dnf ",	    "zypper ", "pacman ",
		"apk ",	 "mount ",   "chown ",	"modprobe ",	"loginctl "};

	for (size_t i = 0; i < sizeof(first) / sizeof(first[0]); i++)
		if (!strncmp(text, first[i], strlen(first[i])))
			return true;
	return false;
}

static const char *row_title(const rootlet_doctor *doctor, const char *id)
{
	rootlet_doctor_row row;

	for (size_t i = 0; rootlet_doctor_row_get(doctor, i, &row) == 0; i++)
		if (!strcmp(row.id, id))
			return row.title;
	return id;
}

static void print_problem(const rootlet_doctor *doctor, const rootlet_doctor_problem *p, int width)
{
	char head[160], more[96];

	snprintf(head, sizeof(head), "%s %s: %s", symbol(p->verdict), signs[p->verdict].word,
		 row_title(doctor, p->row));
	putchar('\n');
	colored(signs[p->verdict].sgr, head);
	putchar('\n');
	print_field("found", p->means, width);
	print_command("checked", p->checked);
	print_field("why", p->why, width);
	if (is_command(p->mend))
		print_command("mend", p->mend);
	else
		print_field("mend", p->mend, width);
	print_field("until then", p->meanwhile, width);
	snprintf(more, sizeof(more), "rootlet help %s", p->id);
	print_command("more", more);
}

static void print_problems(const rootlet_doctor *doctor, int width)
{
	rootlet_doctor_problem p;
	bool any = false;

	for (size_t i = 0; rootlet_doctor_problem_get(doctor, i, &p) == 0; i++)
		if (p.verdict != ROOTLET_VERDICT_GREEN)
			print_problem(doctor, &p, width);
	for (size_t i = 0; rootlet_doctor_problem_get(doctor, i, &p) == 0; i++) {
		char text[512];

		if (p.verdict != ROOTLET_VERDICT_GREEN)
			continue;
		if (!any)
			fputs("\nNothing to mend:\n", stdout);
		any = true;
		snprintf(text, sizeof(text), "%s: %s", p.id, p.meanwhile);
		fputs("  ", stdout);
		paragraph_print(stdout, text, 2, 4, width);
	}
}

/* ---- the letter ---- */

/* As it is, but for lines that are too long: it is pasted into a mail. */
static void print_letter(const char *letter)
{
	fputs("\nTo send to an administrator:\n\n", stdout);
	while (*letter) {
		size_t len = strcspn(letter, "\n");
		char line[2048];
		int indent = (int)strspn(letter, " ");

		snprintf(line, sizeof(line), "%.*s", (int)len - indent, letter + indent);
		if (len && letter[indent] >= '0' && letter[indent] <= '9') { /* "1. …" */
			paragraph_print(stdout, line, 0, 3, LETTER);
		} else if (indent > 3 || !strncmp(line, "Check:", 6)) { /* a command */
			printf("%*s%s\n", indent, "", line);
		} else {
			printf("%*s", indent, "");
			paragraph_print(stdout, line, indent, indent, LETTER);
		}
		letter += len + (letter[len] == '\n');
	}
}

void doctor_print_text(const rootlet_doctor *doctor)
{
	int width = paragraph_width(WIDEST);

	print_rows(doctor, width);
	print_summary(doctor, width);
	print_problems(doctor, width);
	if (rootlet_doctor_letter(doctor))
		print_letter(rootlet_doctor_letter(doctor));
}
