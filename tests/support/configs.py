"""Configuration texts that many tests start from."""

FORWARD = """<source>
  @type forward
  @id input
  bind 127.0.0.1
  port {port}
{extra}</source>
"""

STDOUT_MATCH = """<match **>
  @type stdout
</match>
"""

JSON_MATCH = """<match **>
  @type stdout
  <format>
    @type json
  </format>
</match>
"""


def forward_source(port=0, **parameters):
    extra = "".join(f"  {name} {value}\n" for name, value in parameters.items())
    return FORWARD.format(port=port, extra=extra)


def forward_to_stdout(port=0, **parameters):
    return forward_source(port, **parameters) + STDOUT_MATCH


def forward_to_json(port=0, **parameters):
    """Records as JSON lines on stdout, without time and tag: what tests that count and compare want."""
    return forward_source(port, **parameters) + JSON_MATCH


def file_match(pattern, path, *, formatter="json", flush_interval="50ms"):
    """Appends to exactly `path`.log, without a time in its name."""
    return f"""<match {pattern}>
  @type file
  path {path}
  append true
  <format>
    @type {formatter}
  </format>
  <buffer []>
    flush_interval {flush_interval}
  </buffer>
</match>
"""
