"""What people do with Fluentd's image, done with logboom's."""

import json
import os
import pathlib
import re
import stat

import dockerfile
from containers import IMAGE
from support.configs import STDOUT_MATCH, file_match, forward_source, forward_to_stdout
from support.logboom import CHECKOUT, free_port
from support.wait import wait_until

CONFINED = ("--user", "1000:1000", "--cap-drop", "all", "--read-only", "--security-opt", "no-new-privileges")
COMPOSE = CHECKOUT / "conf" / "compose"


def mounted(etc, config, name="test.conf"):
    """The options of `docker run` that mount this configuration as people mount Fluentd's."""
    (etc / name).write_text(config)
    return "-v", f"{etc}:/fluentd/etc", "-e", f"FLUENTD_CONF={name}"


def say(engine, container, text, *options):
    engine.run(f"echo '{text}'", f"127.0.0.1:{container.port}", "--rm", *options, log={"tag": "docker.{{.Name}}"})


def record_of(line):
    return json.loads(line.partition(": ")[2])


def test_nobody_but_the_owner_may_write_except_to_logs_and_temporary_files(rootfs):
    writable = {str(path.relative_to(rootfs)) for path in rootfs.rglob("*")
                if not path.is_symlink() and path.stat().st_mode & stat.S_IWOTH}
    assert writable == {"fluentd/log", "tmp"}
    assert all(os.access(path, os.R_OK) and path.stat().st_mode & stat.S_IROTH for path in rootfs.rglob("*"))


def test_every_link_inside_leads_somewhere_inside(rootfs):
    for link in (path for path in rootfs.rglob("*") if path.is_symlink()):
        target = os.readlink(link)
        assert (rootfs / target.lstrip("/") if target.startswith("/") else link.parent / target).exists(), link


def test_the_image_offers_the_ports_and_the_user_of_fluentds(engine):
    config = json.loads(engine.cli("inspect", IMAGE).stdout)[0]["Config"]
    assert set(config["ExposedPorts"]) == {"24224/tcp", "24224/udp", "5140/tcp"}
    assert config["User"] == "fluent"
    assert "FLUENTD_CONF=fluent.conf" in config["Env"]


def test_a_container_logs_to_a_container_with_a_mounted_configuration(engine, containers, etc):
    server = containers.start("-u", "fluent", *mounted(etc, forward_to_stdout()), "--name", "fluentd")
    say(engine, server, "Hello from Docker!", "--name", "hello")
    line = server.wait_for_lines(1)[0]
    assert re.match(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.0{9} \+0000 docker\.hello: \{", line)
    assert record_of(line)["log"] == "Hello from Docker!"
    assert record_of(line)["container_name"] == "/hello"


def test_docker_stop_ends_it_soon_with_0_and_a_summary(engine, containers, etc):
    server = containers.start(*mounted(etc, forward_to_stdout()))
    say(engine, server, "last words")
    took, code, figures = server.stop()
    assert (code, figures["received"], figures["delivered"]) == (0, 1, 1)
    assert took < 5
    assert record_of(server.stdout()[0])["log"] == "last words"


def test_any_user_without_rights_on_a_read_only_root_writes_files_to_its_volume(engine, containers, etc):
    config = forward_source() + file_match("docker.**", "/fluentd/log/app", flush_interval="1s")
    server = containers.start(*CONFINED, "-v", "logs:/fluentd/log", *mounted(etc, config))
    say(engine, server, "kept")
    file = pathlib.Path(engine.cli("volume", "inspect", "-f", "{{.Mountpoint}}", "logs").stdout.strip()) / "app.log"
    wait_until(lambda: file.exists() and file.read_text().endswith("\n"), 15, f"a line in {file}", interval=0.1)
    assert json.loads(file.read_text())["log"] == "kept"
    assert (file.stat().st_uid, file.stat().st_gid) == (1000, 1000)
    took, code, figures = server.stop()
    assert (code, figures["delivered"]) == (0, 1)
    assert not [line for line in server.log() if re.search(r"\[(warn|error)\]", line)]


def test_a_directory_of_the_host_takes_the_files_too(engine, containers, etc):
    logs = etc.parent / "log"
    logs.mkdir()
    os.chown(logs, 1000, 1000)
    config = forward_source() + file_match("docker.**", "/fluentd/log/app", flush_interval="1s")
    server = containers.start(*CONFINED, "-v", f"{logs}:/fluentd/log", *mounted(etc, config))
    say(engine, server, "kept")
    assert server.stop()[1] == 0
    assert json.loads((logs / "app.log").read_text())["log"] == "kept"


def test_the_default_configuration_gets_healthy_and_ends_with_0(containers):
    server = containers.start("--health-interval", "500ms", network="none")
    wait_until(lambda: server.inspect()["State"]["Health"]["Status"] == "healthy", 20, "health", interval=0.2)
    assert server.stop()[1] == 0


def test_healthcheck_tells_a_port_that_listens_from_one_that_does_not(containers, etc):
    server = containers.start(*mounted(etc, forward_to_stdout()))
    assert server.exec("/usr/bin/logboom", "healthcheck", "--port", str(server.port)) == 0
    assert server.exec("/usr/bin/logboom", "healthcheck", "--port", str(free_port())) == 1


def test_the_time_zone_of_the_environment_is_that_of_the_lines(engine, containers, etc):
    server = containers.start("-e", "TZ=Asia/Tokyo", *mounted(etc, forward_to_stdout()))
    say(engine, server, "konnichiwa")
    assert server.wait_for_lines(1)[0].split()[2] == "+0900"


def test_host_names_resolve_inside(containers, etc):
    config = forward_source().replace("bind 127.0.0.1", "bind localhost") + STDOUT_MATCH
    assert containers.start(*mounted(etc, config)).port


def test_arguments_are_options_of_logboom(containers, etc):
    version = containers.once("--version")
    assert (version.returncode, version.stdout.split()[0]) == (0, "logboom")
    (etc / "other.conf").write_text(forward_to_stdout())
    mount = ("-v", f"{etc}:/x")
    assert containers.once("-c", "/x/other.conf", "--dry-run", options=mount).returncode == 0
    assert containers.once("-c", "/x/missing.conf", "--dry-run", options=mount).returncode == 1
    assert containers.once("healthcheck").returncode == 1


def test_the_program_answers_to_the_name_fluentd_too(containers):
    done = containers.once("--version", options=("--entrypoint", "fluentd"))
    assert (done.returncode, done.stdout.split()[0]) == (0, "logboom")


def test_the_command_may_be_spelled_out_as_with_fluentds_image(containers):
    done = containers.once("fluentd", "-c", "/fluentd/etc/fluent.conf", "--dry-run")
    assert done.returncode == 0, done.stderr


def test_the_empty_plugin_folder_may_be_named_as_with_fluentds_image(containers):
    done = containers.once("-c", "/fluentd/etc/fluent.conf", "-p", "/fluentd/plugins", "--dry-run")
    assert done.returncode == 0, done.stderr


def test_a_configuration_error_names_file_and_line_and_ends_with_1(containers, etc):
    options = mounted(etc, "<source>\n  @type forwrd\n</source>\n")
    done = containers.once(options=options)
    assert done.returncode == 1
    assert re.search(r"/fluentd/etc/test\.conf.*\b[12]\b", done.stderr), done.stderr


def test_the_example_for_compose_writes_each_line_to_stdout_and_to_a_file_of_the_day(engine, containers, etc):
    config = (COMPOSE / "fluent.conf").read_text().replace("port 24224", "port 0")
    server = containers.start(*CONFINED, "-v", "days:/fluentd/log", *mounted(etc, config))
    say(engine, server, "twice")
    assert server.stop()[1] == 0
    volume = pathlib.Path(engine.cli("volume", "inspect", "-f", "{{.Mountpoint}}", "days").stdout.strip())
    file, = volume.iterdir()
    assert re.fullmatch(r"docker\.\d{4}-\d\d-\d\d\.log", file.name)
    assert json.loads(file.read_text()) == record_of(server.stdout()[0])


def test_the_settings_are_those_of_the_dockerfile():
    base, instructions = dockerfile.last_stage("FROM a AS b\nUSER x\nFROM scratch\n# no\nENV A=1 \\\n  B=2\nCMD []\n")
    assert (base, instructions) == ("scratch", ["ENV A=1 B=2", "CMD []"])
