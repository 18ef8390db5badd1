# For the checks in the machine: each line "ok NAME" or "WRONG NAME: …" is one check.
expect() { if [ "$2" = "$3" ]; then echo "ok $1"; else echo "WRONG $1: wanted '$3', got '$2'"; fi; }
has() { case "$2" in *"$3"*) echo "ok $1" ;; *) echo "WRONG $1: no '$3' in '$2'" ;; esac; }
