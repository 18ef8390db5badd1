/* What a demonstration saw, and what it claims about it. Facts live in the environment, so that
 * later commands can use them as $name; nothing here runs or prints. */
#include "cli/demo/demo.h"

#include "base/error.h"
#include "base/fd.h"

#include <ctype.h>
#include <errno.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *fact_name(const char *text, char name[64])
{
	size_t n = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789_");

	if (n == 0 || n >= 64 || !islower((unsigned char)text[0]))
		return NULL;
	memcpy(name, text, n);
	name[n] = '\0';
	text += n;
	return text + strspn(text, " ");
}

static char *trimmed(const char *text, size_t len)
{
	while (len > 0 && isspace((unsigned char)text[len - 1]))
		len--;
	while (len > 0 && isspace((unsigned char)*text)) {
		text++;
		len--;
	}
	return strndup(text, len);
}

/* /REGEX/: the first group, or the whole match, of the first line that has it. */
static int match(const char *rule, const char *text, char **ret, rootlet_error *err)
{
	AUTO_FREE char *pattern = strdup(rule + 1);
	size_t len = pattern ? strlen(pattern) : 0;
	regmatch_t found[2] = {{0}};
	regex_t regex;
	const regmatch_t *m;

	if (!pattern)
		return error_nomem(err);
	if (len == 0 || pattern[len - 1] != '/')
		return error_set(err, -EINVAL, "demo-fact", rule, "%s: the closing / is missing",
				 rule);
	pattern[len - 1] = '\0';
	if (regcomp(&regex, pattern, REG_EXTENDED | REG_NEWLINE) != 0)
		return error_set(err, -EINVAL, "demo-fact", rule, "%s: no regular expression",
				 rule);
	*ret = NULL;
	if (regexec(&regex, text, 2, found, 0) == 0) {
		m = found[1].rm_so >= 0 ? &found[1] : &found[0];
		*ret = trimmed(text + m->rm_so, (size_t)(m->rm_eo - m->rm_so));
	}
	regfree(&regex);
	return 0;
}

static char *number_text(int number)
{
	char text[16];

	snprintf(text, sizeof(text), "%d", number);
	return strdup(text);
}

static char *count_lines(const char *text)
{
	int lines = 0;

	for (const char *p = text; *p; p++)
		lines += *p == '\n' || p[1] == '\0';
	return number_text(lines);
}

int fact_extract(const char *rule, const struct output *output, char name[64], char **ret_value,
		 rootlet_error *err)
{
	const char *text = output->text.data ? output->text.data : "";
	const char *rest = fact_name(rule, name);

	if (!rest || rest[0] != '=')
		return error_set(err, -EINVAL, "demo-fact", rule, "%s: not `NAME = EXTRACTION`",
				 rule);
	rest++;
	rest += strspn(rest, " ");
	if (*rest == '/')
		return match(rest, text, ret_value, err);
	if (strcmp(rest, "output") == 0)
		*ret_value = trimmed(text, strlen(text));
	else if (strcmp(rest, "lines") == 0)
		*ret_value = count_lines(text);
	else if (strcmp(rest, "status") == 0)
		*ret_value = number_text(output->status);
	else
		return error_set(err, -EINVAL, "demo-fact", rule,
				 "%s: neither /REGEX/ nor output, lines or status", rule);
	return 0;
}

static const char *variable(const char **at)
{
	const char *p = *at + 1;
	bool braces = *p == '{';
	char name[64];
	size_t n = 0;
	const char *value;

	p += braces;
	while ((isalnum((unsigned char)p[n]) || p[n] == '_') && n < sizeof(name) - 1) {
		name[n] = p[n];
		n++;
	}
	name[n] = '\0';
	value = n > 0 && (!braces || p[n] == '}') ? getenv(name) : NULL;
	if (value)
		*at = p + n + braces;
	return value;
}

char *fact_expand(const char *text)
{
	struct buffer out = {0};
	const char *value;

	buffer_puts(&out, "");
	while (*text) {
		value = *text == '$' ? variable(&text) : NULL;
		if (value)
			buffer_puts(&out, value);
		else
			buffer_add(&out, text++, 1);
	}
	return out.data;
}

static bool is_number(const char *text)
{
	text += *text == '-';
	return *text && strspn(text, "0123456789") == strlen(text);
}

/* false for an unknown relation too: the caller has judged it before. */
static bool holds(const char *value, const char *relation, const char *expected)
{
	bool numbers = is_number(value) && is_number(expected);
	long long a = numbers ? strtoll(value, NULL, 10) : 0;
	long long b = numbers ? strtoll(expected, NULL, 10) : 0;

	if (strcmp(relation, "=") == 0)
		return strcmp(value, expected) == 0;
	if (strcmp(relation, "!=") == 0)
		return strcmp(value, expected) != 0;
	if (strcmp(relation, "has") == 0)
		return strstr(value, expected) != NULL;
	if (strcmp(relation, "lacks") == 0)
		return strstr(value, expected) == NULL;
	if (strcmp(relation, "<") == 0)
		return numbers && a < b;
	return strcmp(relation, ">") == 0 && numbers && a > b;
}

static bool known_relation(const char *relation)
{
	static const char *const all[] = {"=", "!=", "has", "lacks", "<", ">"};

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		if (strcmp(all[i], relation) == 0)
			return true;
	return false;
}

/* NAME RELATION VALUE -- WORDS */
int check_evaluate(const char *rule, struct check *ret, rootlet_error *err)
{
	const char *rest, *words = strstr(rule, " -- ");
	AUTO_FREE char *expected = NULL;
	struct check c = {.words = words ? words + 4 : ""};
	size_t n;

	rest = fact_name(rule, c.name);
	n = rest ? strcspn(rest, " ") : 0;
	if (n > 0 && n < sizeof(c.relation))
		memcpy(c.relation, rest, n);
	if (!rest || !known_relation(c.relation))
		return error_set(err, -EINVAL, "demo-check", rule,
				 "%s: not `NAME RELATION VALUE -- WORDS`", rule);
	rest += n;
	expected = trimmed(rest, words && words > rest ? (size_t)(words - rest) : strlen(rest));
	c.expected = expected ? fact_expand(expected) : NULL;
	if (!c.expected)
		return error_nomem(err);
	c.value = getenv(c.name);
	c.pass = c.value && holds(c.value, c.relation, c.expected);
	*ret = c;
	return 0;
}

void check_release(struct check *check)
{
	free(check->expected);
	check->expected = NULL;
}
