"""What the real icloudpd makes of command lines: its own parser and checks, nothing is run.

    launch.py http://127.0.0.1:9 grammar.py < LINES       one JSON array of arguments a line
    launch.py http://127.0.0.1:9 grammar.py COUNT SEED    makes up lines

Prints one JSON object a line. The first holds the defaults. The others: the arguments, the exit code, the first line of standard
output and the last of standard error, and, when icloudpd would run, what differs from the defaults. Times and secrets are
shown as being there or not.
"""

import contextlib
import dataclasses
import enum
import io
import json
import random
import sys

from icloudpd import cli

HIDDEN = ("password", "smtp_password", "skip_created_before", "skip_created_after")
NAMES = {"sizes": "size", "albums": "album", "password_providers": "password-provider"}


def plain(name, value):
    if isinstance(value, enum.Enum):
        return WORDS.get(value, value.value if isinstance(value.value, str) else value.name.lower())
    if isinstance(value, (list, tuple)):
        return [plain(name, item) for item in value]
    if name in HIDDEN:
        return value is not None
    return value if value is None or isinstance(value, (bool, int, str)) else str(value)


def words():
    """icloudpd's own names for values whose inner names are others."""
    found = {cli.map_align_raw_to_enum(word): word for word in ("as-is", "original", "alternative")}
    found |= {cli.log_level(word): word for word in ("debug", "info", "error")}
    return found


WORDS = words()


def shown(config):
    fields = [field.name for field in dataclasses.fields(config)]
    return {NAMES.get(name, name.replace("_", "-")): plain(name, getattr(config, name)) for name in fields}


def defaults():
    whole, users = cli.parse(["--username", ""])
    return {"global": shown(whole), "user": shown(users[0])}


def differing(config, usual):
    return {name: value for name, value in shown(config).items() if value != usual[name]}


def verdict(arguments, usual):
    ran = []
    cli.run_with_configs = lambda whole, users: ran.append((whole, users)) or 0
    out, err = io.StringIO(), io.StringIO()
    sys.argv = ["icloudpd", *arguments]
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            code = cli.cli()
        except SystemExit as exit:
            code = exit.code
        except Exception as error:
            code = 1
            print(type(error).__name__, file=sys.stderr)
    row = {"args": arguments, "exit": code}
    if out.getvalue():
        row["stdout"] = out.getvalue().splitlines()[0]
    if err.getvalue():
        row["stderr"] = err.getvalue().splitlines()[-1]
    if ran:
        whole, users = ran[0]
        row["global"] = differing(whole, usual["global"])
        row["users"] = [differing(user, usual["user"]) for user in users]
    return row


class Maker:
    """Makes up lines: mostly sound ones, of every option, in every form, and now and then something odd."""

    ODD = ["--", "-", "pos", "--foo", "--foo=bar", "-x", "--list-album", "--dir=x", "-hl", "-lh", "-h", "--help",
           "--version", "--username", "-u", "-uX", "-u=X", "--username=X", "-p", "-psecret", "", "-5", "-1.5", "-1e3",
           "- a", "--a b", "-d", "-la", "-lx", "-l=a", "-la=x", "-d=", "-d=v", "-dv", "-aFav", "--skip-videos=true",
           "--skip-videos=", "--recent", "--size", "--size=", "é", "-é", "it's", "--SIZE", "thumb"]
    WORDS = ["a", "x", "Fav", "two words", "b@Example.COM", "-5", "7", "it's", "é", "", "none", "0", "{:%Y}"]
    INTS = ["1", "0", "5", "20", "+3", " 4 ", "1_000", "007", "-5", "abc", "1.5", "", "99999999999999999999", "1__0", "_1"]
    TEMPLATES = ["none", "NONE", "{:%Y/%m/%d}", "{:%Y}", "{0:%Y}", "{}", "x", "{%Y}", "{:%Y", "}", "{{}}", "a/{:%B}", ""]
    TIMES = ["2025-01-02", "20d", "2025-01-02T03:04:05", "2025-01-02T03:04:05+01:00", "20", "x", "", "1.5d", "-3d"]

    def __init__(self, seed):
        self.random = random.Random(seed)
        parser = cli.argparse.ArgumentParser(add_help=False)
        self.options = cli.add_user_option(cli.add_options_for_user(cli.add_global_options(parser)))._actions
        self.options = [action for action in self.options if action.dest not in ("help", "version", "username")]

    def value(self, action):
        pick = self.random.choice
        if self.random.random() < 0.03:
            return pick(self.ODD)
        if action.choices:
            word = pick(action.choices)
            return pick([word] * 9 + [word.upper(), word.title(), "huge", word + " "])
        if action.type is int:
            return pick(["1", "0", "5", "20"] * 3 + self.INTS)
        if action.dest == "folder_structure":
            return pick(self.TEMPLATES)
        if action.dest.startswith("skip_created"):
            return pick(self.TIMES)
        return pick(self.WORDS)

    def option(self):
        action = self.random.choice(self.options)
        name = self.random.choice(action.option_strings)
        if action.nargs == 0:
            return [name]
        value = self.value(action)
        forms = [[name, value]] * 3 + [[f"{name}={value}"]]
        if not name.startswith("--"):
            forms += [[name + value], [f"-l{name[1:]}", value]]
        return self.random.choice(forms)

    def part(self):
        words = [word for _ in range(self.random.choice([0, 1, 1, 2, 2, 3, 4])) for word in self.option()]
        if self.random.random() < 0.12:
            words.insert(self.random.randint(0, len(words)), self.random.choice(self.ODD))
        return words

    def line(self):
        words = self.random.choice([[], ["-d", "x"], ["-d", "x"], ["-l"]]) + self.part()
        for _ in range(self.random.choice([0, 1, 1, 1, 1, 2, 3])):
            name = self.random.choice(["a", "A@B.c", "b", "Jörg", "a"])
            words += [self.random.choice(["-u", "--username"]), name, *self.part()]
        return words


def main():
    if len(sys.argv) == 3:
        count, seed = map(int, sys.argv[1:])
        maker = Maker(seed)
        lines = [maker.line() for _ in range(count)]
    else:
        lines = [json.loads(line) for line in sys.stdin if line.strip()]
    usual = defaults()
    print(json.dumps(usual))
    for line in lines:
        print(json.dumps(verdict(line, usual)))


if __name__ == "__main__":
    main()
