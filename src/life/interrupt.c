/* See interrupt.h; signalfd(2). */
#include "life/interrupt.h"

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/signalfd.h>
#include <unistd.h>

/* A signal that is blocked waits for us even when it is ignored. */
static bool is_ignored(int signal)
{
	struct sigaction now;

	return sigaction(signal, NULL, &now) < 0 || now.sa_handler == SIG_IGN;
}

int interrupt_open(void)
{
	static const int ending[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM};
	sigset_t blocked, wanted;
	bool any = false;

	sigemptyset(&wanted);
	if (pthread_sigmask(SIG_SETMASK, NULL, &blocked) != 0)
		return -1;
	for (size_t i = 0; i < sizeof(ending) / sizeof(*ending); i++) {
		if (!sigismember(&blocked, ending[i]) || is_ignored(ending[i]))
			continue;
		sigaddset(&wanted, ending[i]);
		any = true;
	}
	return any ? signalfd(-1, &wanted, SFD_CLOEXEC | SFD_NONBLOCK) : -1;
}

int interrupt_take(int fd)
{
	struct signalfd_siginfo came;

	return read(fd, &came, sizeof(came)) == sizeof(came) ? (int)came.ssi_signo : 0;
}
