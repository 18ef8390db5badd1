# What checks_apparmor.sh gives to containers: everything but one file.
abi <abi/3.0>,

profile rootlet-test flags=(attach_disconnected,mediate_deleted) {
  file,
  capability,
  network,
  mount,
  umount,
  pivot_root,
  ptrace,
  signal,
  unix,
  change_profile -> **,
  deny /**/forbidden r,
  deny /forbidden r,
}

profile rootlet-other flags=(attach_disconnected,mediate_deleted) {
  file,
  capability,
  network,
  mount,
  umount,
  ptrace,
  signal,
  unix,
}
