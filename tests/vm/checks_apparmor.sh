# In the machine, where its kernel has AppArmor: labels that an LSM really gives.
[ -x /bin/rootlet-oci ] && [ -e /tests/apparmor.policy ] || return 0 2>/dev/null || exit 0
. /tests/lib.sh

mount -t securityfs securityfs /sys/kernel/security
cat /tests/apparmor.policy >/sys/kernel/security/apparmor/.load || echo "WRONG apparmor-load"
box=/labels
rm -rf $box; mkdir -p $box/rootfs/bin $box/rootfs/proc $box/rootfs/dev $box/rootfs/sys $box/rootfs/tmp
cp /bin/busybox $box/rootfs/bin/
for name in sh cat sleep echo; do ln -s busybox $box/rootfs/bin/$name; done
echo secret >$box/rootfs/forbidden
# config USER FLAGS PROFILE COMMAND
config() {
	rm -f $box/config.json
	chown $1 $box
	(cd $box && su $1 -c "rootlet-oci spec $2")
	sed -i -e 's/"terminal": true/"terminal": false/' -e "s#\"process\": {#\"process\": {\"apparmorProfile\": \"$3\",#" \
		-e "s#\"sh\"#\"sh\", \"-c\", \"$4\"#" $box/config.json
	chmod 644 $box/config.json
}
label='cat /proc/self/attr/apparmor/current'
cd $box

# root
config root '' rootlet-test "$label; cat /forbidden"
said=$(rootlet-oci run labelled 2>&1)
has apparmor-label "$said" 'rootlet-test (enforce)'
has apparmor-enforced "$said" "can't open '/forbidden': Permission denied"
config root '' rootlet-test 'sleep 1000'
rootlet-oci create kept >/tmp/out 2>&1; rootlet-oci start kept
expect apparmor-exec "$(rootlet-oci exec kept sh -c "$label" 2>&1)" 'rootlet-test (enforce)'
expect apparmor-exec-other "$(rootlet-oci exec --apparmor rootlet-other kept sh -c "$label" 2>&1)" 'rootlet-other (enforce)'
expect apparmor-init "$(cat /proc/"$(rootlet-oci state kept | sed -n 's/.*"pid": \([0-9]*\).*/\1/p')"/attr/apparmor/current)" 'rootlet-test (enforce)'
rootlet-oci delete --force kept
config root '' no-such-profile "$label"
said=$(rootlet-oci run none 2>&1)
has apparmor-unknown "$said" no-such-profile
expect apparmor-unknown-left "$(rootlet-oci list -q)" ''

# an ordinary user
config alice --rootless rootlet-test "$label; cat /forbidden"
said=$(su alice -c "cd $box; XDG_RUNTIME_DIR=/run/user/1000 rootlet-oci run labelled" 2>&1)
has apparmor-user-label "$said" 'rootlet-test (enforce)'
has apparmor-user-enforced "$said" "can't open '/forbidden': Permission denied"
echo "note apparmor: $(cat /sys/kernel/security/lsm)"
