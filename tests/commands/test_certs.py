"""logboom certs: what it makes is right for openssl, private, and never overwritten; show says what will expire."""

import json
import os
import re
import stat
import subprocess

import pytest

from support.certs import Authority
from support.faults import Faults
from support.logboom import binary
from support.made_certs import Certs, openssl


@pytest.fixture
def certs(tmp_path):
    return Certs(tmp_path / "certs")


def verify(certs, purpose, path, *options, ca="ca.pem", check=True):
    return openssl("verify", "-x509_strict", "-purpose", purpose, "-CAfile", certs.path(ca), *options, path,
                   check=check).returncode == 0


def text(path):
    return openssl("x509", "-in", path, "-noout", "-text").stdout


def mode(path):
    return stat.S_IMODE(os.stat(path).st_mode)


def content(directory):
    return {path: path.read_bytes() for path in directory.rglob("*") if path.is_file()}


@pytest.mark.parametrize("rsa", [False, True], ids=["ecdsa", "rsa"])
def test_openssl_takes_each_certificate_for_its_purpose_and_no_other(certs, rsa):
    more = ["--rsa"] if rsa else []
    certs.run("ca", *more)
    certs.run("server", *more, "Logs.Example.com", "*.example.org", "127.0.0.1", "::1")
    certs.run("client", *more, "node1", "ops@example.com")
    server, node = certs.path("servers/logs.example.com.pem"), certs.path("clients/node1.pem")
    for name in ("logs.example.com", "a.example.org"):
        assert verify(certs, "sslserver", server, "-verify_hostname", name)
    for address in ("127.0.0.1", "::1"):
        assert verify(certs, "sslserver", server, "-verify_ip", address)
    assert not verify(certs, "sslserver", server, "-verify_hostname", "a.b.example.org", check=False)
    assert verify(certs, "sslclient", node)
    assert not verify(certs, "sslclient", server, check=False)
    assert not verify(certs, "sslserver", node, check=False)
    assert verify(certs, "crlsign", certs.path("ca.pem"))
    assert "email:ops@example.com" in text(certs.path("clients/ops@example.com.pem"))
    shown = text(server)
    assert ("rsaEncryption" if rsa else "prime256v1") in shown
    assert "Subject Key Identifier" in shown and "Authority Key Identifier" in shown
    assert len(re.search(r"Serial Number:\s+([0-9a-f:]+)", shown).group(1).split(":")) == 20


def test_a_ca_is_made_where_there_is_none(certs):
    made = certs.json("server", "localhost")
    assert [(file["what"], file["outcome"]) for file in made["files"]] == [("CA", "made"), ("server", "made")]
    assert verify(certs, "sslserver", certs.path("servers/localhost.pem"))


def test_lifetimes(certs):
    certs.run("ca", "--name", "ours")
    certs.run("server", "localhost")
    certs.run("client", "short", "--days", 3)
    rows = certs.show("--soon", 5, expect=1)
    days = {name: row["seconds_left"] / 86400 for name, row in rows.items()}
    assert 3649 < days["ca.pem"] < 3650
    assert 824 < days["servers/localhost.pem"] < 825
    assert 2 < days["clients/short.pem"] < 3
    assert rows["ca.pem"]["subject"] == "CN=ours,O=logboom"
    assert "825" in certs.run("server", "other", "--days", 826, expect=1).stderr
    certs.run("ca", "--force", "--days", 7)
    certs.run("client", "node1")
    rows = certs.show(certs.path("clients/node1.pem"), certs.path("ca.pem"), expect=1)
    assert rows["clients/node1.pem"]["not_after"] == rows["ca.pem"]["not_after"]


@pytest.mark.parametrize("umask", [0o022, 0o077, 0o002])
def test_keys_and_directories_are_for_their_owner_only(certs, umask):
    done = certs.run("docker-daemon", "localhost", umask=umask)
    done.stderr += certs.run("syslog-driver", "localhost", umask=umask).stderr
    for path in [certs.directory, *certs.directory.rglob("*")]:
        if path.is_dir():
            assert mode(path) == 0o700, path
        elif path.name.endswith("key.pem"):
            assert mode(path) == 0o600, path
        else:
            assert mode(path) == 0o644 & ~umask, path
    assert len(list(certs.directory.rglob("*key.pem"))) == 6
    assert done.stderr == ""


def test_a_loose_umask_and_a_key_that_others_can_read_are_warned_about(certs):
    assert "umask" in certs.run("ca", umask=0).stderr
    assert (mode(certs.path("ca-key.pem")), mode(certs.path("ca.pem"))) == (0o600, 0o644)
    certs.path("ca-key.pem").chmod(0o640)
    warning = certs.run("client", "node1").stderr
    assert "ca-key.pem can be read by others (mode 0640)" in warning and "chmod 600" in warning
    assert "mode 0640" in certs.run("show").stderr


def test_nothing_is_overwritten_without_force(certs):
    certs.run("ca")
    certs.run("server", "localhost")
    certs.run("client", "node1")
    before = content(certs.directory)
    assert "--force" in certs.run("ca", expect=1).stderr
    assert "--force" in certs.run("server", "localhost", "127.0.0.1", expect=1).stderr
    assert "--force" in certs.run("client", "node1", expect=1).stderr
    certs.path("clients/node1.pem").unlink()
    assert "node1-key.pem is there already" in certs.run("client", "node1", expect=1).stderr
    certs.path("clients/node1.pem").write_bytes(before[certs.path("clients/node1.pem")])
    assert content(certs.directory) == before
    certs.run("server", "localhost", "127.0.0.1", "--force")
    assert content(certs.directory) != before
    assert certs.path("ca-key.pem").read_bytes() == before[certs.path("ca-key.pem")]
    made = certs.run("ca", "--force")
    assert "note: the CA before it is gone" in made.stdout
    assert certs.path("ca-key.pem").read_bytes() != before[certs.path("ca-key.pem")]
    assert not verify(certs, "sslserver", certs.path("servers/localhost.pem"), check=False)


def test_a_disk_that_is_full_leaves_nothing_half_written(certs):
    certs.run("ca")
    before = content(certs.directory)
    limited = f"ulimit -f 0; trap '' XFSZ; exec {binary()} certs renew ca --dir {certs.directory}"
    done = subprocess.run(["bash", "-c", limited], capture_output=True, text=True, timeout=60)
    assert done.returncode == 1 and "can't write" in done.stderr
    assert content(certs.directory) == before


def test_many_at_once_don_t_get_into_each_other_s_way(certs):
    running = [subprocess.Popen([binary(), "certs", "client", f"n{i}", "--dir", str(certs.directory)],
                                stdout=subprocess.DEVNULL) for i in range(8)]
    assert [process.wait(60) for process in running] == [0] * 8
    for i in range(8):
        assert verify(certs, "sslclient", certs.path(f"clients/n{i}.pem"))
    running = [subprocess.Popen([binary(), "certs", "revoke", f"n{i}", "--dir", str(certs.directory)],
                                stdout=subprocess.DEVNULL) for i in range(8)]
    assert [process.wait(60) for process in running] == [0] * 8
    assert certs.show()["crl.pem"]["revoked"] == 8


@pytest.mark.parametrize("args, words", [
    (["server", "https://logs.example.com"], "URL"),
    (["server", "logs.example.com:24224"], "ports"),
    (["server", "*.com"], "wildcard"),
    (["server"], "names is required"),
    (["client", "../x"], "only letters"),
    (["docker-daemon", "*.example.com"], "can't be a wildcard"),
    (["renew", "nobody"], "neither a file nor a name"),
    (["revoke"], "which certificate"),
    (["revoke", "--serial", "xyz"], "hexadecimal"),
    (["server", "a", "--days", "0"], "--days"),
    (["syslog-driver", "a", "--port", "70000"], "--port"),
    ([], "subcommand is required"),
])
def test_wrong_command_lines_are_answered_in_words_and_make_nothing(tmp_path, args, words):
    done = subprocess.run([binary(), "certs", *args, *(["--dir", "certs"] if args else [])], cwd=tmp_path,
                          capture_output=True, text=True, timeout=60)
    assert done.returncode == 1 and words in done.stderr, done.stderr
    assert not list(tmp_path.rglob("*.pem"))


def test_files_that_are_wrong_are_answered_in_words(certs):
    certs.run("ca")
    key = certs.path("ca-key.pem").read_text()
    certs.path("ca-key.pem").unlink()
    assert "ca-key.pem is missing" in certs.run("client", "a", expect=1).stderr
    certs.path("ca-key.pem").write_text("not a key")
    assert "holds no private key" in certs.run("client", "a", expect=1).stderr
    openssl("genpkey", "-algorithm", "ed25519", "-out", certs.path("ca-key.pem"))
    assert "is not the key of" in certs.run("client", "a", expect=1).stderr
    certs.path("ca-key.pem").write_text(key)
    certs.run("client", "a")
    certs.path("crl.pem").write_text("nothing")
    assert "no list of revoked certificates" in certs.run("revoke", "a", expect=1).stderr


def test_the_directory_is_beside_the_configuration(command, tmp_path):
    command("certs", "ca", "-c", "fluent.conf", files={"fluent.conf": ""})
    assert (tmp_path / "certs" / "ca.pem").exists()


def test_renewed_it_has_new_dates_and_everything_else_as_before(certs):
    certs.run("server", "localhost", "*.example.org", "::1", "--days", 1)
    certs.run("client", "node1")
    path, key = certs.pair("servers", "localhost")
    before, old_key = text(path), key.read_bytes()
    made = certs.json("renew")
    assert [(file["outcome"], file["path"]) for file in made["files"]] == [("renewed", str(path))]
    assert key.read_bytes() == old_key
    assert verify(certs, "sslserver", path, "-verify_hostname", "a.example.org")
    assert certs.show()["servers/localhost.pem"]["key_file"] == str(key)

    def stays(shown):
        """All but numbers, dates and signatures, in any order."""
        lines = re.sub(r"\s+([0-9a-f]{2}:)+[0-9a-f]{2}|Not (Before|After) ?:.*", "", shown).splitlines()
        return sorted(line.strip() for line in lines if line.strip(" 0123456789abcdef:"))

    assert stays(text(path)) == stays(before) and text(path) != before
    certs.run("renew", path, "--new-key", "--days", 90)
    assert key.read_bytes() != old_key and mode(key) == 0o600
    assert certs.show()["servers/localhost.pem"]["key_file"] == str(key)
    assert certs.json("renew")["notes"] == ["nothing expires within 30 days"]


def test_a_ca_that_is_renewed_keeps_what_it_has_signed_and_its_copies_follow(certs):
    certs.run("ca", "--days", 20)
    certs.run("syslog-driver", "localhost", "--client", "host1")
    certs.run("revoke", "host1")
    certs.run("renew", "ca", "--days", 3000)
    rows = certs.show(expect=1)
    assert rows["ca.pem"]["seconds_left"] > 2990 * 86400
    assert rows["syslog-driver/host1/ca.pem"]["not_after"] == rows["ca.pem"]["not_after"]
    assert rows["crl.pem"]["not_after"] == rows["ca.pem"]["not_after"] and rows["crl.pem"]["revoked"] == 1
    assert rows["syslog-driver/host1/cert.pem"]["state"] == "revoked"
    assert verify(certs, "sslserver", certs.path("servers/localhost.pem"))
    assert "keeps its key" in certs.run("renew", "ca", "--new-key", expect=1).stderr


def test_what_else_is_in_a_file_stays_as_it_is_when_its_certificate_is_renewed(certs, tmp_path):
    certs.run("ca")
    certs.run("server", "localhost", "--days", 5)
    path, key = certs.pair("servers", "localhost")
    ca = certs.path("ca.pem").read_bytes()
    other = Authority(tmp_path / "other").path.read_bytes()
    before, after = b"# for -----BEGIN haproxy\r\n" + other + key.read_bytes(), b"\r\n# and\n" + ca + b"# the end"
    both = certs.path("servers/haproxy.pem")
    both.write_bytes(before + path.read_bytes().rstrip() + after)
    both.chmod(0o640)
    if os.geteuid() == 0:
        os.chown(both, 65534, 65534)
    owner = both.stat()
    assert sorted(file["path"] for file in certs.json("renew")["files"]) == sorted([str(path), str(both)])
    text = both.read_bytes()
    assert text.startswith(before) and text.endswith(after)
    assert mode(both) == 0o640 and (both.stat().st_uid, both.stat().st_gid) == (owner.st_uid, owner.st_gid)
    alone = tmp_path / "alone.pem"
    alone.write_bytes(text[len(before):-len(after)])
    assert verify(certs, "sslserver", alone)
    assert certs.show(alone, certs.path("ca.pem"))[str(alone)]["seconds_left"] > 800 * 86400
    assert certs.json("renew")["files"] == []
    both.write_bytes(path.read_bytes() + key.read_bytes())
    before = content(certs.directory)
    assert "holds its key itself" in certs.run("renew", both, "--new-key", expect=1).stderr
    assert content(certs.directory) == before


def test_a_ca_beside_others_in_a_file_is_renewed_and_they_stay(certs, tmp_path):
    certs.run("ca", "--days", 20)
    certs.run("server", "localhost")
    path, key = certs.pair("servers", "localhost")
    other = Authority(tmp_path / "other").path.read_bytes()
    trusted, chain = certs.path("ca.pem"), certs.path("servers/chain.pem")
    chain.write_bytes(path.read_bytes() + trusted.read_bytes())
    trusted.write_bytes(trusted.read_bytes() + other)
    made = certs.json("renew", "ca", "--days", 3000)["files"]
    assert [(file["outcome"], file["path"]) for file in made] == [("renewed", str(trusted))]
    assert trusted.read_bytes().endswith(other) and trusted.read_bytes() != other
    new = trusted.read_bytes()[:-len(other)]
    assert chain.read_bytes() == path.read_bytes() + new
    alone = tmp_path / "alone.pem"
    alone.write_bytes(new)
    assert certs.show(alone)[str(alone)]["seconds_left"] > 2990 * 86400
    assert verify(certs, "sslserver", path)


def test_a_revoked_certificate_is_on_the_list_for_openssl_too(certs):
    certs.run("client", "node1", "node2")
    assert certs.json("revoke", "node1")["files"][0]["outcome"] == "revoked"
    assert certs.json("revoke", certs.path("clients/node1.pem"))["files"][0]["outcome"] == "revoked before"
    checked = ["-crl_check", "-CRLfile", certs.path("crl.pem")]
    refused = openssl("verify", "-CAfile", certs.path("ca.pem"), *checked, certs.path("clients/node1.pem"), check=False)
    assert "certificate revoked" in refused.stdout + refused.stderr
    assert verify(certs, "sslclient", certs.path("clients/node2.pem"), *checked)
    serial = certs.show()["clients/node2.pem"]["serial"]
    certs.path("clients/node2.pem").unlink()
    certs.run("revoke", "--serial", serial)
    assert certs.show()["crl.pem"]["revoked"] == 2
    assert "is revoked" in certs.run("renew", "node1", expect=1).stderr
    certs.run("server", "node1")
    assert "several certificates" in certs.run("revoke", "node1", expect=1).stderr


def test_show_says_what_is_what(certs):
    certs.run("server", "localhost", "127.0.0.1")
    certs.run("client", "node1")
    table = certs.run("show").stdout.splitlines()
    assert table[0].split()[:4] == ["file", "kind", "subject", "names"]
    rows = {line.split()[0]: line for line in table[1:]}
    assert set(rows) == {"ca.pem", "crl.pem", "servers/localhost.pem", "clients/node1.pem"}
    assert "itself" in rows["ca.pem"] and re.search(r" ca-key\.pem$", rows["ca.pem"])
    assert re.search(r" server .* localhost, 127\.0\.0\.1 +824 days +ca\.pem  +servers/localhost-key\.pem$",
                     rows["servers/localhost.pem"])
    assert "CRL" in rows["crl.pem"] and "0 certificates" in rows["crl.pem"]


def test_show_ends_with_1_where_something_expires_and_2_where_it_can_t_tell(certs, tmp_path):
    certs.run("server", "localhost")
    assert certs.run("show").returncode == 0
    certs.run("client", "late", "--days", 20)
    assert "19 days (soon)" in certs.run("show", expect=1).stdout
    certs.run("show", "--soon", 10)
    certs.run("revoke", "late")
    certs.run("show")
    foreign = Authority(tmp_path / "other")
    old, _ = foreign.issue("old", begin="20200101000000Z", end="20210101000000Z")
    coming, _ = foreign.issue("coming", begin="20990101000000Z", end="20991231000000Z")
    assert "EXPIRED" in certs.run("show", old, expect=1).stdout
    assert certs.show(old, expect=1)[str(old)]["issuer_file"] is None
    assert certs.show(old, foreign.path, expect=1)[str(old)]["issuer_file"] == str(foreign.path)
    assert certs.show(coming, expect=1)[str(coming)]["state"] == "not yet valid"
    assert certs.show(foreign.path, "--soon", 1)[str(foreign.path)]["state"] == "fine"
    (tmp_path / "text.pem").write_text("hello")
    assert "no certificates" in certs.run("show", tmp_path / "text.pem", expect=2).stderr
    assert "can't read" in certs.run("show", tmp_path / "none.pem", certs.path("ca.pem"), expect=2).stderr
    assert "no directory" in Certs(tmp_path / "nowhere").run("show", expect=1).stderr


def test_an_expired_ca_signs_nothing_until_it_is_renewed(certs, tmp_path):
    certs.run("ca", "--days", 1)
    clock = Faults(tmp_path, tmp_path / "no files")
    clock.set(clock_offset=3 * 86400 * 10**9)
    later = {**os.environ, **clock.environment}
    assert "certs renew ca" in certs.run("client", "a", expect=1, env=later).stderr
    assert "EXPIRED 2 days ago" in certs.run("show", expect=1, env=later).stdout
    certs.run("renew", "ca", env=later)
    certs.run("client", "a", env=later)


def pasted(certs, *args):
    """The lines to paste, which the answer for people has, too."""
    made = certs.json(*args)
    shown = certs.run(*args).stdout
    for snippet in made["paste"].values():
        assert f"{snippet['where']}:\n\n{snippet['text']}" in shown
    return {name: snippet["text"] for name, snippet in made["paste"].items()}


def check(command, text):
    output = "<match **>\n  @type stdout\n</match>\n"
    assert not json.loads(command("check", "--json", "-c", "c.conf", files={"c.conf": text + output}).stdout)


@pytest.mark.parametrize("folder", ["certs", "it's #{a} folder"])
def test_the_lines_for_logboom_are_a_configuration_without_a_warning(command, tmp_path, folder):
    certs = Certs(tmp_path / folder)
    check(command, pasted(certs, "syslog-driver", "localhost")["logboom"])
    lines = pasted(certs, "forward", "localhost", "--client", "node1")
    check(command, lines["logboom"])
    if subprocess.run([binary(), "--show-plugin-config", "output:forward"], capture_output=True).returncode == 0:
        node = "<source>\n  @type forward\n</source>\n" + lines["node"]
        assert not json.loads(command("check", "--json", "-c", "node.conf", files={"node.conf": node}).stdout)


def test_the_lines_for_other_hosts_name_the_directory_there(certs):
    lines = pasted(certs, "syslog-driver", "::1", "--client", "host1", "--at", "/etc/docker/logs", "--port", "1514")
    options = json.loads(lines["daemon.json"])["log-opts"]
    assert options["syslog-address"] == "tcp+tls://[::1]:1514"
    assert options["syslog-tls-key"] == "/etc/docker/logs/key.pem"
    daemon = json.loads(pasted(certs, "docker-daemon", "db.example.com", "--at", "/etc/docker/tls")["daemon.json"])
    assert daemon["tlscert"] == "/etc/docker/tls/server-cert.pem"
    assert daemon["hosts"] == ["unix:///var/run/docker.sock", "tcp://0.0.0.0:2376"]
    node = pasted(certs, "forward", "central.example.com", "--client", "n1", "--at", "/etc/logboom/tls")["node"]
    assert "tls_client_cert_path /etc/logboom/tls/cert.pem" in node and "host central.example.com" in node


def test_the_environment_for_docker_is_what_a_shell_reads(tmp_path):
    certs = Certs(tmp_path / "it's a folder")
    lines = pasted(certs, "docker-daemon", "localhost")["environment"]
    script = lines + 'printf "%s\\n" "$DOCKER_HOST" "$DOCKER_TLS_VERIFY" "$DOCKER_CERT_PATH"'
    done = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=True, timeout=10)
    assert done.stdout.splitlines() == [
        "tcp://localhost:2376", "1", str(certs.directory / "docker-daemon" / "client-client")]


def test_a_set_for_another_client_keeps_the_server_s_certificate(certs):
    certs.run("syslog-driver", "localhost", "127.0.0.1")
    made = certs.json("syslog-driver", "localhost", "--client", "host2")
    assert [(file["what"], file["outcome"]) for file in made["files"]] == [("server", "kept"), ("client", "made")]
    assert "is not good for this" in certs.run("syslog-driver", "localhost", "other", expect=1).stderr


def test_dockerd_s_clients_have_a_ca_of_their_own(certs):
    certs.run("docker-daemon", "localhost", "--client", "ops")
    certs.run("client", "node1")
    ca = "docker-daemon/ca.pem"
    assert verify(certs, "sslclient", certs.path("docker-daemon/client-ops/cert.pem"), ca=ca)
    assert verify(certs, "sslserver", certs.path("docker-daemon/server-localhost/server-cert.pem"), ca=ca)
    assert not verify(certs, "sslclient", certs.path("clients/node1.pem"), ca=ca, check=False)
    assert not certs.path("docker-daemon/client-ops/ca-key.pem").exists()
    assert "dockerd reads no list" in certs.run("revoke", "ops").stdout
