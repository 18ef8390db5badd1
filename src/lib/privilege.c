/* rootlet is never setuid and never carries file capabilities: who runs it that way made a mistake.
 */
#include "rootlet.h"

#include "base/error.h"

#include <errno.h>
#include <sys/auxv.h>

int rootlet_check_unprivileged(rootlet_error *err)
{
	/* AT_SECURE covers setuid, setgid and file capabilities: getauxval(3). */
	if (!getauxval(AT_SECURE))
		return 0;
	error_set(err, -EPERM, "setuid", NULL,
		  "rootlet: this file is setuid, setgid or has file capabilities, and must not be");
	error_hint(err, "chmod u-s,g-s FILE; setcap -r FILE");
	return -EPERM;
}
