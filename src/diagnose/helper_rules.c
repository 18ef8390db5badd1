/* The table of what newuidmap and newgidmap fail for, as rules.c is that of everything else. */
#include "diagnose/rules.h"

/* A helper's own words first: it knew. Then its state. The step and the errno are the same for all.
 */
#define HELPER ANY, ANY, ANY, ANY

const struct rule helper_rules[] = {
	{HELPER, NULL, check_helper_gone, "helper-missing", "{a} is not there any more",
	 HINT("reinstall the package uidmap (shadow-utils elsewhere)")},
	{HELPER, NULL, check_helper_knows_no_name, "caller-unnamed",
	 "user {b} has no name in passwd, and {a} grants ids by name",
	 HINTS("log in as a user that passwd or the directory service knows, or use --userns "
	       "single",
	       "log in as a user that passwd or the directory service knows, or map one id alone, "
	       "your own, which takes no helper: `rootlet-oci spec --rootless`")},
	{HELPER, NULL, check_helper_other_group, "primary-group",
	 "your group is {b} and passwd says {c}: {a} serves only one's primary group",
	 HINTS("leave the newgrp or sg that changed it (exit), or use --userns single",
	       "leave the newgrp or sg that changed it (exit), or map one id alone, your own, "
	       "which takes no helper: `rootlet-oci spec --rootless`")},
	{HELPER, NULL, check_helper_other_owner, "helper-owner",
	 "{a} finds that the container's process belongs to somebody else than you", HINT("")},
	{HELPER, NULL, check_helper_range, "range-not-granted", "{a} is not granted to you in {b}",
	 HINT("{c}")},
	{HELPER, NULL, check_helper_not_allowed, "range-not-granted",
	 "{a} does not grant you these ids: {b}", HINT("compare with: grep {c}")},
	{HELPER, IF_CONDITION("helper-no-new-privs")},
	{HELPER, IF_CONDITION("helper-not-setuid")},
	{HELPER, IF_CONDITION("helper-nosuid")},
	{HELPER, IF_CONDITION("apparmor-userns")},
	{HELPER, NULL, check_helper_powerless, "helper-powerless", "{a} may not write the map: {b}",
	 HINT("`rootlet doctor` checks its privilege; inside another container it may be lost")},
	{HELPER, NULL, check_helper_said, "helper-failed", "{a} ended with {b}{c}",
	 HINT("`rootlet doctor` checks the helpers and the subordinate ids")},
};

const size_t helper_rule_count = sizeof(helper_rules) / sizeof(helper_rules[0]);
