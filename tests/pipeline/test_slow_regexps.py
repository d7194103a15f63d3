"""Patterns that backtrack without end: whatever uses one sends its event to @ERROR and counts it."""

import json

import pytest

from support.configs import forward_source
from support.forward import Client, message

SLOW = "(a|a)*$"
SUBJECT = "a" * 60 + "!"
METRIC = "logboom_regexp_limit_exceeded_total"

FILTERS = {
    "grep": f"@type grep\n<regexp>\nkey log\npattern /^{SLOW}/\n</regexp>",
    "redact": f"@type redact\n<pattern>\nname x\nregexp /^{SLOW}/\n</pattern>",
    "concat": f"@type concat\nkey log\nmultiline_start_regexp /^{SLOW}/",
    "concat_between": f"@type concat\nkey log\nmultiline_start_regexp /^first/\ncontinuous_line_regexp /^{SLOW}/",
    "record_transformer": f'@type record_transformer\nenable_ruby true\n<record>\nx ${{record["log"][/^{SLOW}/]}}\n</record>',
    "interpolated": '@type record_transformer\nenable_ruby true\n'
                    '<record>\nx ${record["log"] =~ /^#{record["pattern"]}/}\n</record>',
    "record_modifier": f"@type record_modifier\n<replace>\nkey log\nexpression /^{SLOW}/\nreplace x\n</replace>",
    "regexp": f"@type parser\nkey_name log\n<parse>\n@type regexp\nexpression /^(?<x>(a|a)*)$/\n</parse>",
    "multiline": f"@type parser\nkey_name log\n<parse>\n@type multiline\nformat1 /^(?<x>(a|a)*)$/\n</parse>",
    "grok": f"@type parser\nkey_name log\n<parse>\n@type grok\ngrok_pattern ^(?<x>(a|a)*)$\n</parse>",
    "ltsv": f"@type parser\nkey_name log\n<parse>\n@type ltsv\ndelimiter_pattern /^{SLOW}/\n</parse>",
    "null_value": f"@type parser\nkey_name log\n<parse>\n@type none\nnull_value_pattern /^{SLOW}/\n</parse>",
    "multi_format": "@type parser\nkey_name log\n<parse>\n@type multi_format\n<pattern>\nformat regexp\n"
                    "expression /^(?<x>(a|a)*)$/\n</pattern>\n</parse>",
}
OUTPUTS = {
    "rewrite_tag_filter": f"@type rewrite_tag_filter\n<rule>\nkey log\npattern /^{SLOW}/\ntag x\n</rule>",
}
TO_STDOUT = "<match **>\n@type stdout\n<format>\n@type json\n</format>\n<inject>\ntag_key tag\n</inject>\n</match>\n"


def section(word, name, body):
    return f"<{word} {name}>\n@id {name}\n{body}\n</{word}>\n"


@pytest.fixture
def program(logboom):
    rules = "".join(section("filter", name, body) for name, body in FILTERS.items())
    rules += "".join(section("match", name, body) for name, body in OUTPUTS.items())
    errors = "<label @ERROR>\n<filter **>\n@type record_transformer\n<record>\nfailed true\n</record>\n</filter>\n"
    return logboom(forward_source() + rules + TO_STDOUT + errors + TO_STDOUT + "</label>\n")


def test_each_ends_in_error_and_is_counted_under_its_id(program):
    names = [*FILTERS, *OUTPUTS]
    record = {"log": SUBJECT, "pattern": SLOW}
    with Client(program.address()) as client:
        client.send(message("concat_between", 1700000000, {"log": "first"}))
        for name in names:
            client.send(message(name, 1700000000, record))
        program.wait_for_lines(len(names))
        counters = program.counters()
    failed = sorted(event["tag"] for event in map(json.loads, program.stdout.lines()) if event.get("failed"))
    assert failed == sorted(names)
    assert {name: counters.total(METRIC, id=name) for name in names} == dict.fromkeys(names, 1)
    program.stop()
