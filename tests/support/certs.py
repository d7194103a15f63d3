"""Certificates made by the openssl program."""

import pathlib
import subprocess

CONFIG = """[ca]
default_ca = here
[here]
database = index.txt
serial = serial
new_certs_dir = .
default_md = sha256
policy = any
unique_subject = no
copy_extensions = copy
default_crl_days = 30
[any]
commonName = supplied
"""
KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]


class Authority:
    """A CA in a directory of its own; `parent`: the one that has signed its certificate, else itself."""

    def __init__(self, directory, name="test CA", parent=None):
        self.directory = pathlib.Path(directory)
        self.directory.mkdir(parents=True)
        (self.directory / "ca.cnf").write_text(CONFIG)
        (self.directory / "index.txt").write_text("")
        (self.directory / "serial").write_text("01\n")
        if parent is None:
            self._run("req", "-x509", *KEY, "-keyout", "ca.key", "-out", "ca.pem", "-subj", f"/CN={name}", "-days", "30")
        else:
            self._run("req", *KEY, "-keyout", "ca.key", "-out", "ca.csr", "-subj", f"/CN={name}", "-addext",
                      "basicConstraints=critical,CA:TRUE")
            parent._ca("-in", self.directory / "ca.csr", "-out", self.directory / "ca.pem", "-days", "30")
        self.path, self.key = self.directory / "ca.pem", self.directory / "ca.key"

    def _run(self, *args):
        subprocess.run(["openssl", *args], cwd=self.directory, check=True, stdout=subprocess.PIPE,
                       stderr=subprocess.PIPE)

    def _ca(self, *args):
        self._run("ca", "-batch", "-notext", "-config", "ca.cnf", "-cert", "ca.pem", "-keyfile", "ca.key", *args)

    def issue(self, name, begin=None, end=None):
        """Paths of a certificate for localhost and of its key. Times as 20200101000000Z."""
        self._run("req", *KEY, "-keyout", f"{name}.key", "-out", f"{name}.csr", "-subj", f"/CN={name}", "-addext",
                  "subjectAltName=DNS:localhost,IP:127.0.0.1")
        times = (["-startdate", begin] if begin else []) + (["-enddate", end] if end else ["-days", "30"])
        self._ca("-in", f"{name}.csr", "-out", f"{name}.pem", *times)
        return self.directory / f"{name}.pem", self.directory / f"{name}.key"

    def revoke(self, name):
        """Path of the list of what is revoked by now."""
        self._ca("-revoke", f"{name}.pem")
        return self.revoked()

    def revoked(self):
        self._ca("-gencrl", "-out", "crl.pem")
        return self.directory / "crl.pem"

    def chain(self, pair):
        """The pair of a certificate of this CA, with the CA's own certificate behind it."""
        whole = pair[0].with_suffix(".chain.pem")
        whole.write_text(pair[0].read_text() + self.path.read_text())
        return whole, pair[1]
