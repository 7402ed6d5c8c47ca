"""Runs a real iCloud client from PyPI, with nothing of it edited, against the fake iCloud.

    launch.py FAKE_URL icloudpd [ARGUMENT...]
    launch.py FAKE_URL icloud [ARGUMENT...]
    launch.py FAKE_URL SCRIPT.py [ARGUMENT...]

The client keeps asking for Apple's own names over https, so that its cookie rules (domain, Secure) are the real
ones; only the connection below is another: plain TCP to the fake. The fake's own links are given public names for
the same reason. A socket to anything but the fake is refused, whoever opens it.
"""

import os
import re
import runpy
import sys
from urllib.parse import urlsplit, urlunsplit

APPLE = re.compile(r"(^|\.)(apple\.com|icloud\.com|icloud-content\.com)(\.cn)?$")
LOOPBACK = ("127.0.0.1", "localhost", "::1")
CONTENT_PATH = "/B/"


class Refused(Exception):
    """The client wanted to talk to something that is not the fake."""


def public_url(url, fake):
    """The name that Apple would have given to a link of the fake; any other URL as it is."""
    parts = urlsplit(url)
    if parts.netloc != urlsplit(fake).netloc:
        return url
    host = "cvws.icloud-content.com" if parts.path.startswith(CONTENT_PATH) else "p61-ckdatabasews.icloud.com"
    return urlunsplit(("https", host, parts.path, parts.query, parts.fragment))


def route(fake):
    """Lets `requests` reach the fake under every name of Apple's, and nothing else."""
    from requests.adapters import HTTPAdapter
    from requests.models import PreparedRequest

    prepare_url = PreparedRequest.prepare_url

    def prepare_public_url(self, url, params):
        prepare_url(self, public_url(url, fake), params)

    def connect_to_fake(self, request, verify, proxies=None, cert=None):
        host = urlsplit(request.url).hostname or ""
        if not APPLE.search(host):
            raise Refused(f"{request.method} {request.url}")
        request.headers["Host"] = host
        return self.poolmanager.connection_from_url(fake)

    PreparedRequest.prepare_url = prepare_public_url
    HTTPAdapter.get_connection_with_tls_context = connect_to_fake
    os.environ["NO_PROXY"] = "*"


def guard(fake):
    """Refuses every network socket that does not go to the fake, below any HTTP library."""
    parts = urlsplit(fake)
    if parts.hostname not in LOOPBACK or parts.port is None:
        raise Refused(f"not a loopback address with a port: {fake}")

    def audit(event, args):
        if event == "socket.connect" and isinstance(args[1], tuple):
            if args[1][:2] != (parts.hostname, parts.port):
                raise Refused(f"connection to {args[1]}")
        if event == "socket.getaddrinfo" and args[0] not in LOOPBACK:
            raise Refused(f"name look-up of {args[0]}")

    sys.addaudithook(audit)


def main():
    fake, client, *arguments = sys.argv[1:]
    fake = fake.rstrip("/")
    guard(fake)
    route(fake)
    sys.argv = [client, *arguments]
    if client.endswith(".py"):
        runpy.run_path(client, run_name="__main__")
        return 0
    if client == "icloud":
        from pyicloud_ipd.cmdline import main as icloud

        return icloud()
    from icloudpd.cli import cli

    return cli()


if __name__ == "__main__":
    sys.exit(main())
