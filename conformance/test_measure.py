"""Proves that measure.py measures the command, and nothing but it."""

import json
import os
import subprocess
import sys
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))


class Measure(unittest.TestCase):
    def cost(self, text):
        with tempfile.TemporaryDirectory() as folder:
            result = os.path.join(folder, "cost.json")
            command = [sys.executable, os.path.join(HERE, "measure.py"), result, sys.executable, "-c", text]
            run = subprocess.run(command, timeout=60, check=False)
            with open(result, encoding="utf-8") as file:
                cost = json.load(file)
            self.assertEqual(run.returncode, cost["code"])
            return cost

    def test_the_exit_code_is_the_commands(self):
        self.assertEqual(self.cost("raise SystemExit(7)")["code"], 7)

    def test_memory_is_the_commands(self):
        self.assertGreater(self.cost("x = b'x' * (200 << 20)")["peak"], 200 << 20)
        self.assertLess(self.cost("pass")["peak"], 100 << 20)

    def test_cpu_is_the_commands(self):
        cost = self.cost("import time\nwhile time.process_time() < 0.2: pass")
        self.assertGreaterEqual(cost["user"] + cost["system"], 0.2)
        self.assertGreaterEqual(cost["wall"], 0.2)


if __name__ == "__main__":
    unittest.main()
