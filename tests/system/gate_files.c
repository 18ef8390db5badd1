/* Gate 31 of docs/SECURITY.md: rootlet's own folders and its program are not writable from inside,
 * even when a volume covers them, whether they exist or not, and by whatever name the volume comes.
 */
#include "gate.h"

/* A home of our own with rootlet's folders in their usual places. */
#define OWN_HOME "export HOME=$T/home; unset XDG_CONFIG_HOME; mkdir -p home/src; "

/* From inside, in $1: write in each folder, make it, replace it, replace what leads to it. */
#define ATTACK                                                                                     \
	"cat >attack <<'END'\n"                                                                    \
	"cd $1 || exit 1\n"                                                                        \
	"exchange() { python3 -c \"import ctypes, sys; sys.exit(ctypes.CDLL(None).renameat2("      \
	"-100, b'other', -100, b'$1', 2))\"; }\n"                                                  \
	"for d in .config/rootlet .local/share/rootlet .cache/rootlet; do\n"                       \
	"{ echo evil >$d/rootlet.conf; } 2>/dev/null && echo $d: written\n"                        \
	"mkdir -p $d/deep 2>/dev/null && echo $d: made\n"                                          \
	"rm -rf $d 2>/dev/null && echo $d: removed\n"                                              \
	"ln -s /tmp $d/link 2>/dev/null && echo $d: linked\n"                                      \
	"chmod 777 $d 2>/dev/null && echo $d: mode changed\n"                                      \
	"for p in $d ${d%/*} ${d%%/*}; do mv $p away 2>/dev/null && echo $p: moved\n"              \
	"mkdir -p other; exchange $p 2>/dev/null && echo $p: exchanged\n"                          \
	"umount -l $p 2>/dev/null && echo $p: uncovered\n"                                         \
	"unshare -Urm umount -l $p 2>/dev/null && echo $p: uncovered in a nested namespace\n"      \
	"mount -o remount,bind,rw $p 2>/dev/null && echo $p: remounted\n"                          \
	"done; done\n"                                                                             \
	"touch work && rm work && echo usable\n"                                                   \
	"END\n"

#define LOOK                                                                                       \
	"find home/.config/rootlet home/.local/share/rootlet home/.cache/rootlet "                 \
	"-printf '%p %y %m\\n' | sort"

#define EMPTY_FOLDERS                                                                              \
	"home/.cache/rootlet d 700\nhome/.config/rootlet d 700\nhome/.local/share/rootlet d 700\n"

static void gate_31_own_folders_are_not_writable(void **state)
{
	static const struct {
		const char *make, *options, *place;
	} rows[] = {
		{"", "-v $HOME", "$HOME"},
		{"", "-v $HOME --userns single", "$HOME"},
		{"", "-v $HOME --userns keep-id", "$HOME"},
		{"", "-v $HOME -u 0 --cap-add ALL --cap-drop SYS_ADMIN", "$HOME"},
		{"", "-v $T:/vol", "/vol/home"},
		{"", "-v /tmp:/vol", "/vol/${T#/tmp/}/home"},
		{"", "-v ./home/.:/vol", "/vol"},
		{"", "--mount type=bind,src=./home,dst=/vol/deep/er", "/vol/deep/er"},
		{"ln -s $T/home other; ", "-v ./other:/vol", "/vol"},
		{"ln -s $T by; ", "-v $T/by/home/:/vol/", "/vol"},
		{"mkdir -p home/.config/else; ", "-v $HOME", "$HOME"},
	};
	char script[8192];

	need_program("python3");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		snprintf(script, sizeof(script),
			 "rm -rf home other by; %s%s$R run -v ./attack:/attack:ro %s / sh /attack "
			 "%s; %s",
			 OWN_HOME ATTACK, rows[i].make, rows[i].options, rows[i].place, LOOK);
		expect_out(gate(script), "usable\n" EMPTY_FOLDERS);
	}
}

/* A volume that is one of them, or lies in one. */
static void gate_31_a_volume_of_an_own_folder_is_read_only(void **state)
{
	expect_out(gate(OWN_HOME "C=$HOME/.config/rootlet; mkdir -p $C/sub; echo network=none "
				 ">$C/rootlet.conf; "
				 "for v in $C $C/sub $C/rootlet.conf $HOME/.config; do $R run -v "
				 "$v:/vol / sh -c '"
				 "[ $0 = $HOME/.config ] || touch /vol/x; touch /vol/rootlet/x; "
				 "echo evil >>/vol; "
				 "cat /vol/rootlet.conf' $v 2>/dev/null; done; find home -type f "
				 "-printf '%P %s\\n'"),
		   "network=none\n.config/rootlet/rootlet.conf 13\n");
}

/* What is beside them is usable, and nothing is made for a volume that cannot write them. */
static void gate_31_other_files_are_as_they_were(void **state)
{
	expect_out(gate(OWN_HOME "$R run -v $HOME:$HOME:ro / true; ls -A home"), "src\n");
	expect_out(gate("rm -rf home; " OWN_HOME
			"$R run -v $HOME/src / touch $T/home/src/x; ls -A home home/src"),
		   "home:\nsrc\n\nhome/src:\nx\n");
	expect_out(gate("rm -rf home; " OWN_HOME "mkdir -p home/.config; echo 1 >home/.config/a; "
			"$R run -v $HOME / sh -c 'cd; mv .config/a .config/b; mv .config/b src'; "
			"ls -A home/.config home/src"),
		   "home/.config:\nrootlet\n\nhome/src:\nb\n");
}

static void gate_31_folders_named_by_the_environment(void **state)
{
	expect_out(gate("export HOME=$T/home XDG_CONFIG_HOME=$T/home/c XDG_DATA_HOME=$T/home/d "
			"XDG_CACHE_HOME=$T/home/e XDG_RUNTIME_DIR=$T/home/f; mkdir home; $R run -v "
			"$HOME / sh -c 'cd; "
			"for x in c d e f; do { echo evil >$x/rootlet/x; } 2>/dev/null && echo $x; "
			"mv $x g 2>/dev/null && echo $x; done'; find home -mindepth 1 | sort"),
		   "home/c\nhome/c/rootlet\nhome/d\nhome/d/rootlet\nhome/e\nhome/e/rootlet\nhome/"
		   "f\nhome/f/rootlet\n");
}

/* The program itself, in the user's own folder. */
static void gate_31_the_program_is_not_writable(void **state)
{
	expect_out(gate(OWN_HOME
			"mkdir -p home/.local/bin; cp $R home/.local/bin/rootlet; "
			"R=$HOME/.local/bin/rootlet; "
			"$R run -v $HOME / true; before=$(sha256sum <$R; find home | sort); "
			"for v in $HOME $HOME/.local/bin $R; do $R run -v $v / sh -c 'cd $0; echo "
			"evil >>rootlet; "
			"rm -f rootlet; mv rootlet other; cp /bin/true rootlet; cd ..; mv bin "
			"away; cd; mv .local away; true' "
			"$HOME/.local/bin 2>/dev/null; "
			"[ \"$(sha256sum <$R; find home | sort)\" = \"$before\" ] || { echo $v; "
			"find home; }; done"),
		   "");
}

/* Without a runtime folder state goes to /tmp: what stands there decides what `start` runs. */
static void gate_31_the_last_resort_of_the_state_cannot_be_written(void **state)
{
	expect_out(
		gate("own=/tmp/rootlet-$(id -u); for v in /tmp:/vol /:/vol; do "
		     "$R run -v $v / sh -c 'for d in /vol$0 /vol/${0#/tmp/}; do [ -d $d ] || "
		     "continue; "
		     "mkdir $d/x 2>/dev/null && echo made; mv $d $d-old 2>/dev/null && echo moved; "
		     "echo looked; done' $own; done"),
		"looked\nlooked\n");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		test(gate_31_own_folders_are_not_writable),
		test(gate_31_a_volume_of_an_own_folder_is_read_only),
		test(gate_31_other_files_are_as_they_were),
		test(gate_31_the_last_resort_of_the_state_cannot_be_written),
		test(gate_31_folders_named_by_the_environment),
		test(gate_31_the_program_is_not_writable),
	};

	return harness_main("gate_files", tests, sizeof(tests) / sizeof(tests[0]));
}
