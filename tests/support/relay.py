"""Configurations of a logboom that sends on what it gets."""

from support.configs import forward_source


def servers(*ports, more=()):
    """`<server>` sections; `more` has further lines for each of them."""
    lines = list(more) + [""] * (len(ports) - len(more))
    return "".join(f"  <server>\n    host 127.0.0.1\n    port {port}\n    {line}\n  </server>\n"
                   for port, line in zip(ports, lines))


def relay(sections, params="", buffer="flush_mode immediate\n    retry_wait 50ms\n    retry_max_interval 200ms",
          keys="tag", port=0, system=""):
    return f"""{system}{forward_source(port)}<match **>
  @type forward
  @id out
{params}
{sections}  <buffer {keys}>
    {buffer}
  </buffer>
</match>
"""
