#!/usr/bin/env bash
# rootfs.sh BINARY DIR: lays out in DIR, which must not exist, the whole root file system of logboom's image. Needs
# root, for the owners of files, and Debian's ca-certificates and tzdata.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

# What `useradd -r` gives the user fluent in Fluentd's Debian image: directories made for that one stay writable.
uid=999
gid=999
zones=/usr/share/zoneinfo
certificates=/etc/ssl/certs/ca-certificates.crt

die() {
  printf 'rootfs.sh: %s\n' "$*" >&2
  exit 1
}

# There is no ld.so.cache in the image, so all libraries go where the loader looks without one: to libc's directory.
libraries() {
  local list libc loader library
  list=$(ldd "$binary") || die "$binary is not dynamically linked"
  ! grep 'not found' <<<"$list" >&2 || die "$binary can't be loaded here"
  libc=$(awk '$1 == "libc.so.6" { print $3 }' <<<"$list")
  loader=$(awk '$1 ~ /^\// { print $1 }' <<<"$list")
  [ -n "$libc" ] && [ -n "$loader" ] || die "no libc or no loader among what $binary needs: $list"
  install -D -m 755 "$loader" "$root$loader"
  for library in $(awk '$2 == "=>" && $3 ~ /^\// { print $3 }' <<<"$list"); do
    install -D -m 644 "$library" "$root$(dirname "$libc")/${library##*/}"
  done
}

programs() {
  install -D -m 755 "$binary" "$root/usr/bin/logboom"
  ln -s logboom "$root/usr/bin/fluentd"
}

# glibc has the services `files` and `dns` built in: names resolve without libraries of their own.
accounts() {
  install -d -m 755 "$root/etc"
  printf '%s\n' 'root:x:0:0:root:/:/sbin/nologin' "fluent:x:$uid:$gid:fluent:/fluentd:/sbin/nologin" >"$root/etc/passwd"
  printf '%s\n' 'root:x:0:' "fluent:x:$gid:" >"$root/etc/group"
  printf '%s\n' 'passwd: files' 'group: files' 'hosts: files dns' >"$root/etc/nsswitch.conf"
  chmod 644 "$root"/etc/{passwd,group,nsswitch.conf}
}

# posix/ repeats all zones, right/ counts leap seconds, which no log's clock does, and localtime leads outside.
time_zones() {
  [ -f "$zones/UTC" ] || die "no time zones in $zones: install tzdata"
  install -d -m 755 "$root$zones"
  tar -C "$zones" --exclude=./posix --exclude=./right --exclude=./localtime -c . | tar -C "$root$zones" -x
}

# /usr/lib/ssl/cert.pem is where Debian's OpenSSL looks when it is told nothing.
trusted_certificates() {
  [ -s "$certificates" ] || die "no $certificates: install ca-certificates"
  install -D -m 644 "$certificates" "$root$certificates"
  install -d -m 755 "$root/usr/lib/ssl"
  ln -s "$certificates" "$root/usr/lib/ssl/cert.pem"
}

# An empty volume takes over owner and mode of the directory that it covers: with this one any --user may write to it.
working_directories() {
  install -d -m 1777 "$root/tmp"
  install -d -m 755 -o "$uid" -g "$gid" "$root"/fluentd{,/etc,/plugins}
  install -d -m 1777 -o "$uid" -g "$gid" "$root/fluentd/log"
  install -m 644 -o "$uid" -g "$gid" "$here/fluent.conf" "$root/fluentd/etc/fluent.conf"
}

[ $# -eq 2 ] || die "usage: rootfs.sh BINARY DIR"
[ ! -e "$2" ] || die "$2 is there already"
umask 022
mkdir -p "$2"
binary=$1
root=$(cd "$2" && pwd)
chmod 755 "$root"
libraries
programs
accounts
time_zones
trusted_certificates
working_directories
