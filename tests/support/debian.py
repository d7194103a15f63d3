"""Programs of Debian packages that can't be installed here: unpacked into a cache instead."""

import fcntl
import os
import pathlib
import shutil
import subprocess

SYSLOG_NG = ("syslog-ng-core", "libivykis0", "libjson-c5", "libnet1", "libpcre3", "libwrap0")


def cache():
    base = os.environ.get("LOGBOOM_RIVALS") or pathlib.Path(
        os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache", "logboom", "debian")
    return pathlib.Path(base)


def unpacked(name, packages):
    """The folder in which these packages are unpacked, or None where apt can't give them."""
    root = cache() / name
    root.parent.mkdir(parents=True, exist_ok=True)
    with open(f"{root}.lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if root.is_dir():
            return root
        work = root.with_suffix(".new")
        shutil.rmtree(work, ignore_errors=True)
        (work / "debs").mkdir(parents=True)
        try:
            subprocess.run(["apt-get", "download", "-qq", *packages], cwd=work / "debs", check=True, timeout=120,
                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            for package in (work / "debs").glob("*.deb"):
                subprocess.run(["dpkg-deb", "-x", package, work], check=True, timeout=60)
        except (OSError, subprocess.SubprocessError):
            shutil.rmtree(work, ignore_errors=True)
            return None
        shutil.rmtree(work / "debs")
        work.rename(root)
    return root


def syslog_ng():
    """(what to run, arguments that it needs), or None. It conflicts with rsyslog, so that it is not installed."""
    installed = shutil.which("syslog-ng", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    if installed:
        return [installed], []
    root = unpacked("syslog-ng", SYSLOG_NG)
    if root is None:
        return None
    libraries = [root / "usr/lib/syslog-ng", root / "usr/lib/syslog-ng/3.38"]
    libraries += [path for path in (*root.glob("usr/lib/*-linux-gnu"), *root.glob("lib/*-linux-gnu"))]
    path = ":".join(map(str, libraries))
    return ["env", f"LD_LIBRARY_PATH={path}", str(root / "usr/sbin/syslog-ng")], ["--module-path", str(libraries[1])]
