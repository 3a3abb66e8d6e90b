"""An authority for the certificates of the tests, made anew for each run."""

import subprocess
from pathlib import Path

KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"]


class Authority:
    """Keeps what it makes in a directory: `ca.pem`, and a certificate and a key for each name."""

    def __init__(self, place, name="ca"):
        self.place, self.name = Path(place), name
        self.file = self.place / f"{name}.pem"
        openssl("req", "-x509", *KEY, "-keyout", self.place / f"{name}.key", "-out", self.file, "-subj", f"/CN={name}",
                "-addext", "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=critical,keyCertSign,cRLSign")

    def certify(self, domain, *more, name=None):
        """A certificate for a domain and more of them; the files of the certificate and of the key."""
        stem = self.place / (name or domain)
        certificate, key, request = (stem.with_name(stem.name + end) for end in (".crt", ".key", ".csr"))
        openssl("req", *KEY, "-keyout", key, "-out", request, "-subj", f"/CN={domain}")
        extensions = stem.with_name(stem.name + ".ext")
        names = ",".join(f"DNS:{one}" for one in (domain, *more))
        extensions.write_text(f"subjectAltName={names}\nextendedKeyUsage=serverAuth,clientAuth\n")
        openssl("x509", "-req", "-in", request, "-CA", self.file, "-CAkey", self.place / f"{self.name}.key", "-days", "2",
                "-CAcreateserial", "-extfile", extensions, "-out", certificate)
        return certificate, key


def openssl(*arguments):
    done = subprocess.run(["openssl", *arguments], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
