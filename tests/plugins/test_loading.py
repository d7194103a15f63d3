"""Plugins of others: built outside the source tree against an installed logboom, and loaded with -p."""

import pathlib
import re
import shutil
import subprocess

import pytest

from support.configs import JSON_MATCH, forward_source
from support.forward import Client, message
from support.logboom import CHECKOUT, binary

T = 1700000000
SHOUT = forward_source() + "<filter **>\n  @type shout\n</filter>\n" + JSON_MATCH
PLAIN = forward_source() + JSON_MATCH


def run(*command):
    done = subprocess.run([str(word) for word in command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert done.returncode == 0, done.stdout
    return done.stdout


def build_folder():
    folder = pathlib.Path(binary()).parent
    return folder if (folder / "CMakeCache.txt").exists() else CHECKOUT / "build" / "release"


def build_example(prefix, folder, *options):
    """The shared object of examples/plugin, made with what is installed there."""
    source = folder / "source"
    shutil.copytree(CHECKOUT / "examples" / "plugin", source)
    run("cmake", "-S", source, "-B", folder / "build", f"-DCMAKE_PREFIX_PATH={prefix}", "-DCMAKE_BUILD_TYPE=Release",
        "-DCMAKE_CXX_COMPILER=g++", *options)
    run("cmake", "--build", folder / "build")
    return folder / "build" / "filter_shout.so"


@pytest.fixture(scope="session")
def installed(tmp_path_factory):
    prefix = tmp_path_factory.mktemp("installed")
    run("cmake", "--install", build_folder(), "--prefix", prefix)
    return prefix


@pytest.fixture(scope="session")
def library(installed, tmp_path_factory):
    return build_example(installed, tmp_path_factory.mktemp("example"))


@pytest.fixture(scope="session")
def foreign(installed, tmp_path_factory):
    """The same, made with the headers of a logboom that is a little different."""
    folder = tmp_path_factory.mktemp("foreign")
    shutil.copytree(installed, folder / "installed")
    header, = (folder / "installed").rglob("api_hash.hpp")
    header.write_text(re.sub(r'"[0-9a-f]+"', '"0123456789abcdef"', header.read_text()))
    return build_example(folder / "installed", folder)


@pytest.fixture
def folder(tmp_path):
    path = tmp_path / "plugins"
    path.mkdir()
    return path


def test_a_plugin_built_elsewhere_works(logboom, library, folder):
    shutil.copy(library, folder)
    program = logboom(SHOUT, args=["-p", str(folder)])
    with Client(program.address()) as client:
        client.send_and_wait(message("t", T, {"log": "quiet", "n": 1}, {"chunk": "c"}), "c")
        client.send_and_wait(message("t", T, {"n": 2}, {"chunk": "c"}), "c")
    summary = program.stop()
    assert program.stdout.lines() == ['{"log":"QUIET!","n":1}']
    assert summary["filtered"] == 1


def test_the_folder_may_come_from_the_environment_and_the_plugin_survives_a_reload(logboom, library, folder):
    shutil.copy(library, folder)
    program = logboom(SHOUT, env={"FLUENT_PLUGIN": str(folder)})
    program.config_path.write_text(SHOUT.replace("@type shout", "@type shout\n  marks 3"))
    program.send_signal(1)
    program.wait_for_log("reloaded:")
    with Client(program.address()) as client:
        client.send_and_wait(message("t", T, {"log": "quiet"}, {"chunk": "c"}), "c")
    program.stop()
    assert program.stdout.lines() == ['{"log":"QUIET!!!"}']


def test_its_parameters_are_shown(library, folder):
    shutil.copy(library, folder)
    text = run(binary(), "-p", folder, "--show-plugin-config=filter:shout")
    assert "marks (integer) default 1" in text


def test_a_plugin_for_another_logboom_is_refused_with_the_reason(logboom, foreign, folder):
    shutil.copy(foreign, folder)
    program = logboom(SHOUT, args=["-p", str(folder)], wait=False)
    assert program.wait_exit() == 1
    error, = program.log_lines(r"\[error\]")
    assert re.search(r"fluent.conf:\d+:\d+: unknown filter plugin 'shout': plugin \S+filter_shout.so is not loaded: it was "
                     r"built with headers of another logboom \(0123456789abcdef, here [0-9a-f]{16}\): build it anew", error)


def refusal(logboom, folder):
    program = logboom(SHOUT, args=["-p", str(folder)], wait=False)
    assert program.wait_exit() == 1
    error, = program.log_lines(r"\[error\]")
    assert re.search(r"fluent.conf:\d+:\d+: unknown filter plugin 'shout': plugin \S+filter_shout.so is not loaded: ", error)
    return error


OPTIONS = {"another language": ("-DCMAKE_CXX_STANDARD=23", r"it was compiled with g\+\+ \d+, __cplusplus 202[1-9]\S+, .*"
                                "and logboom with .*__cplusplus 202002L, .*: build it anew with the same compiler"),
           "another string": ("-DCMAKE_CXX_FLAGS=-D_GLIBCXX_USE_CXX11_ABI=0", "undefined symbol: .*: it was built .* with "
                              "another compiler or other options than logboom .*_GLIBCXX_USE_CXX11_ABI 1")}


@pytest.mark.parametrize("what", OPTIONS)
def test_a_plugin_of_another_abi_is_refused_with_the_reason(logboom, installed, folder, tmp_path, what):
    option, reason = OPTIONS[what]
    shutil.copy(build_example(installed, tmp_path, option), folder)
    assert re.search(reason, refusal(logboom, folder))


def test_a_plugin_of_another_compiler_is_refused_before_any_of_it_runs(logboom, folder):
    """In C, so that it needs no other compiler; it would end the program."""
    source = folder / "filter_shout.c"
    source.write_text("""#include <stdlib.h>
static void plugins(void* list) { (void)list; abort(); }
const struct { unsigned size; const char* hash; const char* compiler; void (*plugins)(void*); } logboom_plugin_library = {
    32, "0123456789abcdef", "clang 15, __cplusplus 202002L", plugins};
""")
    run("gcc", "-shared", "-fPIC", source, "-o", folder / "filter_shout.so")
    assert re.search(r"it was compiled with clang 15, __cplusplus 202002L, and logboom with (g\+\+|clang) \d+",
                     refusal(logboom, folder))


def test_what_the_configuration_does_not_need_is_only_a_warning(logboom, foreign, folder):
    shutil.copy(foreign, folder)
    (folder / "out_empty.so").write_text("")
    run("gcc", "-shared", "-x", "c", "/dev/null", "-o", folder / "in_other.so")
    program = logboom(PLAIN, args=["-p", str(folder), "-p", str(folder / "missing")])
    program.stop()
    warnings = "\n".join(program.log_lines(r"\[warn\]"))
    assert re.search("filter_shout.so is not loaded: it was built with headers of another logboom", warnings)
    assert re.search("out_empty.so is not loaded: .*file too short", warnings)
    assert re.search("in_other.so is not loaded: it has no symbol logboom_plugin_library", warnings)
    assert re.search("plugin folder .*/missing: No such file", warnings)


def test_ruby_files_are_named_with_the_built_in_plugin_that_takes_their_place(logboom, folder):
    for name in ("filter_grep.rb", "out_mine.rb", "helper.rb"):
        (folder / name).write_text("# Ruby\n")
    program = logboom(PLAIN, args=["-p", str(folder)])
    program.stop()
    warnings = "\n".join(program.log_lines(r"\[warn\]"))
    assert re.search("filter_grep.rb is not loaded: .*the built-in filter plugin 'grep' takes its place", warnings)
    assert re.search("out_mine.rb is not loaded: .*no built-in output plugin 'mine'", warnings)
    assert re.search("helper.rb is not loaded: it is Ruby", warnings)
    program = logboom(forward_source() + "<match **>\n  @type mine\n</match>\n", args=["-p", str(folder)], wait=False,
                      name="needed")
    assert program.wait_exit() == 1
    assert program.log_lines(r"unknown output plugin 'mine': plugin \S+/out_mine.rb is not loaded: it is Ruby")


def test_a_name_that_is_taken_stays_with_the_first(logboom, library, folder):
    second = folder / "second"
    second.mkdir()
    shutil.copy(library, folder)
    shutil.copy(library, second / "filter_copy.so")
    program = logboom(PLAIN, args=["-p", str(folder), "-p", str(second)])
    program.stop()
    assert program.log_lines("filter_copy.so: there is a filter plugin 'shout' already, which stays")
