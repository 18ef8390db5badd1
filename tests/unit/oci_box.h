/* For the tests of OCI configs: a text with one thing put in, and what comes of it. */
#ifndef ROOTLET_TEST_OCI_BOX_H
#define ROOTLET_TEST_OCI_BOX_H

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "parse/oci.h"

/* The least that is a config: the tests put a member in behind it. */
#define OCI_LEAST                                                                                  \
	"\"ociVersion\":\"1.2.0\",\"root\":{\"path\":\"rootfs\"},"                                 \
	"\"linux\":{\"namespaces\":[{\"type\":\"mount\"}]}"
#define PROCESS(members)                                                                           \
	"{\"ociVersion\":\"1.2.0\",\"root\":{\"path\":\"rootfs\"},\n\"process\":{\"cwd\":\"/\","   \
	"\"args\":[\"sh\"],\n" members "}}"
#define TOP(members) "{" OCI_LEAST ",\n" members "}"
#define LINUX(members)                                                                             \
	"{\"ociVersion\":\"1.2.0\",\"root\":{\"path\":\"rootfs\"},\n\"linux\":{\n" members "}}"
#define RESOURCES(members) LINUX("\"resources\":{" members "}")
#define MOUNT(members)	   TOP("\"mounts\":[{\"destination\":\"/m\"," members "}]")

/* Parse alone: 0 or -errno. */
static inline int read_config(struct spec **ret, const char *text, struct rootlet_error *err)
{
	*ret = spec_new(SPEC_RUN);
	assert_non_null(*ret);
	return parse_oci_config(*ret, "/bundle", text, strlen(text), "config.json", err);
}

/* A config that must be taken. */
static inline struct spec *take_config(const char *text)
{
	struct rootlet_error err = {0};
	struct spec *spec;

	if (read_config(&spec, text, &err) != 0)
		fail_msg("%s\nwas refused: %s", text, err.message);
	return spec;
}

struct oci_refusal {
	const char *text;
	const char *message; /* without "config.json:" */
};

/* The whole message, with line, column and pointer. */
static inline void check_refused(const struct oci_refusal *row)
{
	static const char prefix[] = "config.json:";
	struct rootlet_error err = {0};
	struct spec *spec;

	if (read_config(&spec, row->text, &err) != -EINVAL)
		fail_msg("was taken: %s", row->text);
	if (strncmp(err.message, prefix, strlen(prefix)) != 0 ||
	    strcmp(err.message + strlen(prefix), row->message) != 0)
		fail_msg("%s\nexpected config.json:%s\ngot      %s", row->text, row->message,
			 err.message);
	spec_free(spec);
}

#define check_all_refused(rows)                                                                    \
	do {                                                                                       \
		for (size_t row_ = 0; row_ < sizeof(rows) / sizeof(*(rows)); row_++)               \
			check_refused(&(rows)[row_]);                                              \
	} while (0)

#endif
