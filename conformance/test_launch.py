"""Proves the routing of launch.py on a small server of its own: names, cookies, refusals."""

import http.server
import json
import os
import subprocess
import sys
import tempfile
import threading
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))

CLIENT = """
import json, sys, requests
session = requests.Session()
seen = [session.get(url).json() for url in json.loads(sys.argv[1])]
print(json.dumps(seen))
"""


class Echo(http.server.BaseHTTPRequestHandler):
    """Answers with what it was asked, and sets one of Apple's cookies."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        body = json.dumps(
            {"path": self.path, "host": self.headers["Host"], "cookie": self.headers["Cookie"]}
        ).encode()
        self.send_response(200)
        self.send_header("Set-Cookie", "X-APPLE-WEBAUTH-TOKEN=t; Domain=.icloud.com; Path=/; Secure; HttpOnly")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class Launch(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Echo)
        cls.fake = f"http://127.0.0.1:{cls.server.server_port}"
        threading.Thread(target=cls.server.serve_forever, daemon=True).start()

    @classmethod
    def tearDownClass(cls):
        cls.server.shutdown()
        cls.server.server_close()

    def run_client(self, text, *arguments, fake=None):
        script = os.path.join(self.tmp(), "client.py")
        with open(script, "w", encoding="utf-8") as file:
            file.write(text)
        command = [sys.executable, os.path.join(HERE, "launch.py"), fake or self.fake, script, *arguments]
        return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)

    def tmp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        return folder.name

    def get(self, *urls):
        run = self.run_client(CLIENT, json.dumps(urls))
        self.assertEqual(run.returncode, 0, run.stderr)
        return json.loads(run.stdout)

    def test_apples_names_reach_the_fake(self):
        seen = self.get("https://idmsa.apple.com/appleauth/auth?x=1", "https://setup.icloud.com/setup/ws/1/validate")
        self.assertEqual(seen[0]["path"], "/appleauth/auth?x=1")
        self.assertEqual(seen[0]["host"], "idmsa.apple.com")
        self.assertEqual(seen[1]["host"], "setup.icloud.com")

    def test_cookies_follow_the_real_rules(self):
        seen = self.get(
            "https://setup.icloud.com/setup/ws/1/accountLogin",
            self.fake + "/database/1/x",
            self.fake + "/B/content",
            "https://idmsa.apple.com/appleauth/auth",
        )
        self.assertIsNone(seen[0]["cookie"])
        self.assertEqual(seen[1]["cookie"], "X-APPLE-WEBAUTH-TOKEN=t")
        self.assertEqual(seen[1]["host"], "p61-ckdatabasews.icloud.com")
        self.assertIsNone(seen[2]["cookie"])
        self.assertEqual(seen[2]["host"], "cvws.icloud-content.com")
        self.assertIsNone(seen[3]["cookie"])

    def test_other_hosts_are_refused(self):
        for url in ("https://example.com/", "https://notapple.com/", "http://127.0.0.1:9/", "https://icloud.com.example.com/"):
            run = self.run_client(CLIENT, json.dumps([url]))
            self.assertNotEqual(run.returncode, 0, url)
            self.assertIn("Refused", run.stderr, url)

    def test_a_socket_of_its_own_is_refused(self):
        run = self.run_client("import socket; socket.create_connection(('192.0.2.1', 443), 1)")
        self.assertIn("Refused", run.stderr)

    def test_a_fake_must_be_on_this_machine(self):
        run = self.run_client("print('ran')", fake="http://192.0.2.1:80")
        self.assertIn("Refused", run.stderr)
        self.assertNotIn("ran", run.stdout)


if __name__ == "__main__":
    unittest.main()
