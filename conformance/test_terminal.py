"""What terminal.py types and prints, on small programs."""

import pathlib
import subprocess
import sys
import unittest

TERMINAL = pathlib.Path(__file__).with_name("terminal.py")


def shown(answers, program):
    run = [sys.executable, "-B", str(TERMINAL), answers, sys.executable, "-c", program]
    ended = subprocess.run(run, capture_output=True, text=True, timeout=60, check=False)
    return ended.returncode, ended.stdout


class Terminal(unittest.TestCase):
    def test_an_answer_is_typed_for_each_question(self):
        program = "a = input('a: '); b = input('b --> '); print(a + b); raise SystemExit(3)"
        self.assertEqual(shown('["1", "2"]', program), (3, "a: 1\nb --> 2\n12\n"))

    def test_the_end_of_input_is_typed_as_a_key(self):
        program = "import getpass\ntry: getpass.getpass('p: ')\nexcept EOFError: print('end')"
        self.assertEqual(shown('["\\u0004"]', program), (0, "p: end\n"))

    def test_a_signal_is_told_as_shells_tell_it(self):
        program = "import os; os.kill(os.getpid(), 15)"
        self.assertEqual(shown("[]", program), (143, ""))


if __name__ == "__main__":
    unittest.main()
