/* "includes" and "excludes" of a rule: does it hold for this machine and these capabilities? */
#include "seccomp/profile_condition.h"

#include "seccomp/profile_names.h"

#include <stdio.h>
#include <sys/capability.h>

/* "includes" and "excludes": lists of which the strings count that match. */
struct tally {
	const struct profile_facts *facts;
	size_t given, matching;
};

static int tally_capability(const struct reader *r, const struct json *value, void *data)
{
	struct tally *tally = data;
	cap_value_t capability;
	const char *name;
	int code = reader_string(r, value, &name);

	if (code < 0)
		return code;
	if (cap_from_name(name, &capability) < 0)
		return reader_fail(r, value, "seccomp-capability", "unknown capability \"%s\"",
				   name);
	tally->given++;
	if (capability >= 0 && capability < 64 && (tally->facts->capabilities >> capability & 1))
		tally->matching++;
	return 0;
}

static int tally_arch(const struct reader *r, const struct json *value, void *data)
{
	struct tally *tally = data;
	const char *name;
	int code = reader_string(r, value, &name);

	if (code < 0)
		return code;
	tally->given++;
	if (profile_arch_is(seccomp_arch_native(), name))
		tally->matching++;
	return 0;
}

bool profile_release(const char *text, unsigned ret[2])
{
	/* five digits cannot overflow. NOLINTNEXTLINE(cert-err34-c) */
	return sscanf(text, "%5u.%5u", &ret[0], &ret[1]) == 2;
}

static int tally_kernel(const struct reader *r, const struct json *value, struct tally *tally)
{
	const unsigned *kernel = tally->facts->kernel;
	unsigned least[2];
	const char *text;
	int code;

	if (!value)
		return 0;
	code = reader_string(r, value, &text);
	if (code < 0)
		return code;
	if (!profile_release(text, least))
		return reader_fail(r, value, "seccomp-kernel",
				   "expected a kernel version such as \"4.8\", got \"%s\"", text);
	tally->given++;
	if (kernel[0] > least[0] || (kernel[0] == least[0] && kernel[1] >= least[1]))
		tally->matching++;
	return 0;
}

/* All capabilities must be there, any architecture will do, and the kernel must be new enough;
 * an exclusion needs only one of all these. */
int profile_condition(const struct reader *r, const struct json *value,
		      const struct profile_facts *facts, bool *all, bool *any)
{
	static const char *const keys[] = {"caps", "arches", "minKernel", NULL};
	struct tally caps = {facts, 0, 0}, archs = {facts, 0, 0}, kernel = {facts, 0, 0};
	int code;

	*all = true;
	*any = false;
	if (!value)
		return 0;
	code = reader_want(r, value, JSON_OBJECT);
	if (code == 0)
		code = reader_keys(r, value, keys);
	if (code == 0)
		code = reader_each(r, reader_member(value, "caps"), tally_capability, &caps);
	if (code == 0)
		code = reader_each(r, reader_member(value, "arches"), tally_arch, &archs);
	if (code == 0)
		code = tally_kernel(r, reader_member(value, "minKernel"), &kernel);
	*all = caps.matching == caps.given && (archs.given == 0 || archs.matching > 0) &&
	       kernel.matching == kernel.given;
	*any = caps.matching + archs.matching + kernel.matching > 0;
	return code;
}
