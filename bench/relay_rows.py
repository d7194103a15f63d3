"""Rows of the output forward: what an event costs that comes in and goes on, and what TLS adds to that."""

import dataclasses
import pathlib
import re
import statistics
import subprocess

from buffer_rows import target
from harness import BenchError, Process, free_port, run_load

PACKED = ("--mode", "packed")
RELAY = """<system>
  workers 1
</system>
<source>
  @type forward
  port {port}
  bind 127.0.0.1
</source>
<match **>
  @type forward
  heartbeat_type none
  keepalive true
{params}  <server>
    host 127.0.0.1
    port {to}
  </server>
  <buffer tag>
    flush_interval 2ms
    chunk_limit_size 2m
    total_limit_size 6m
  </buffer>
</match>
"""
CENTRAL = """<system>
  workers 1
</system>
<source>
  @type forward
  port {port}
  bind 127.0.0.1
{transport}</source>
<match **>
  @type null
</match>
"""
SERVER_TLS = """  <transport tls>
    cert_path {folder}/cert.pem
    private_key_path {folder}/key.pem
  </transport>
"""
CLIENT_TLS = "  transport tls\n  tls_cert_path {folder}/cert.pem\n"
ACKS = "  require_ack_response true\n"
CIPHER = "aes-256-gcm"  # what both ends choose with TLS 1.3


@dataclasses.dataclass(frozen=True)
class RelayRow:
    name: str
    title: str
    load: tuple = ()
    limit: float = 0
    params: str = ""


RELAY_ROWS = [
    RelayRow("relay-packed", "PackedForward, 1000 events a chunk → forward", PACKED, 0.15),
    RelayRow("relay-message", "Message mode, 8 connections → forward", (), 0.25),
    RelayRow("relay-acks", "PackedForward → forward with acks", PACKED, 0.15, ACKS),
    RelayRow("relay-tls", "PackedForward → forward over TLS, both ends", PACKED, 1.6),
]


def make_certificate(folder):
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                    "-days", "2", "-subj", "/CN=bench", "-addext", "subjectAltName=IP:127.0.0.1",
                    "-keyout", f"{folder}/key.pem", "-out", f"{folder}/cert.pem"], check=True, capture_output=True)


def cipher_speed(cpu):
    """Bytes a second that one core encrypts in TLS records' size."""
    done = subprocess.run(["taskset", "-c", cpu, "openssl", "speed", "-mr", "-evp", CIPHER, "-bytes", "16384",
                           "-seconds", "1"], capture_output=True, text=True, check=True)
    return float(re.search(r"^\+F:\d+:[^:]+:([0-9.]+)", done.stdout, re.M)[1])


class RelayRows:
    """Methods of rows.Runner."""

    def relay_round(self, load, params="", transport=""):
        """CPU seconds of both logbooms for one load; the second one must have got every event."""
        with self.directory() as folder:
            if transport:
                make_certificate(folder)
            ports = free_port(), free_port()
            configs = [pathlib.Path(folder, name) for name in ("relay.conf", "central.conf")]
            configs[0].write_text(RELAY.format(port=ports[0], to=ports[1], params=params.format(folder=folder)))
            configs[1].write_text(CENTRAL.format(port=ports[1], transport=transport.format(folder=folder)))
            with Process([self.server, "-c", configs[1]], self.cpus.load, f"{folder}/central.log") as central, \
                    Process([self.server, "-c", configs[0]], self.cpus.subject, f"{folder}/relay.log") as relay:
                central.wait_listening(ports[1])
                relay.wait_listening(ports[0])
                relay.settle()
                before, far_before = relay.cpu(), central.cpu()
                report = run_load(self.programs, self.cpus, ports[0], [*load, "--sndbuf", self.options.sndbuf])
                relay.settle()
                relay.stop(60)
                central.settle()
                central.stop(60)
                got = relay.received(), central.received()
                if got != (report["events"], report["events"]):
                    raise BenchError(f"{report['events']} sent, {got[0]} and {got[1]} received\n{relay.tail()}")
                report["cpu"] = relay.cpu_total - before
                report["both"] = report["cpu"] + central.cpu_total - far_before
                report["per_million"] = report["cpu"] / report["events"] * 1e6
                return report

    def relay(self, row):
        load = ["--events", self.options.events or (400_000 if self.options.quick else 4_000_000), *row.load]
        floors, runs = [], []
        for number in range(self.options.rounds):
            floors.append(self.floor_round("drop", load))
            runs.append(self.relay_round(load, row.params))
            self.say(f"  round {number + 1}: floor drop {floors[-1]['per_million']:.3f}, "
                     f"logboom {runs[-1]['per_million']:.3f}")
        value = statistics.median(run["per_million"] for run in runs)
        return {"unit": "CPU-s per million events", "subject": value, "subject_runs": runs, "floor_kind": "drop",
                "floor": statistics.median(run["per_million"] for run in floors), "rounds": len(runs),
                "ratio": statistics.median(r["per_million"] / f["per_million"] for r, f in zip(runs, floors)),
                "targets": [target("subject", value, row.limit, "")]}

    relay_packed = relay_message = relay_acks = relay

    def relay_tls(self, row):
        """What TLS adds at both ends, beside what OpenSSL needs to encrypt and to decrypt these bytes."""
        load = ["--events", self.options.events or (400_000 if self.options.quick else 4_000_000), *row.load]
        runs = []
        for number in range(self.options.rounds):
            speed = cipher_speed(self.cpus.subject)
            plain = self.relay_round(load)
            tls = self.relay_round(load, CLIENT_TLS, SERVER_TLS)
            runs.append({"plain": plain["both"], "tls": tls["both"], "crypto": 2 * tls["bytes"] / speed, "speed": speed})
            self.say(f"  round {number + 1}: plain {plain['both']:.3f} s, TLS {tls['both']:.3f} s, "
                     f"{CIPHER} alone {runs[-1]['crypto']:.3f} s")
        # A difference of two figures has the noise of both, which only adds: the least of each says most.
        least = {key: min(run[key] for run in runs) for key in ("plain", "tls", "crypto")}
        value = (least["tls"] - least["plain"]) / least["crypto"]
        text = ", ".join(f"{seconds:.3f} s {key}" for key, seconds in least.items())
        return {"unit": "×", "ratio": value, "runs": runs, "rounds": len(runs), "text": text,
                "targets": [target("added / crypto", value, row.limit)]}
