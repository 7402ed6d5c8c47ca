"""Writes limits.json: what the real icloudpd makes of texts for --skip-created-before, in four zones.

    python3.11 -m venv v; v/bin/pip install icloudpd-1.32.3-py3-none-any.whl (see layout/testdata); v/bin/python generate.py

An answer is null (refused, or it crashes), "<days>d", or [microseconds since 1970 UTC, the text of its log line].
"""
import datetime, json, os, random, time
from pathlib import Path

import tzlocal
from icloudpd.cli import parse_timestamp_or_timedelta_tz_error

ZONES = ["UTC", "America/Los_Angeles", "Europe/Berlin", "Asia/Kathmandu"]
EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
TEXTS = """5d 5D 0d 05d 5days 5d3 5 1.5d -5d |5d 5 d d 730000d 730001d 999999999d 1000000000d 99999999999999999999d 5m 12h
2025-01-02 20250102 2025-W01-1 2025-W01 2025W01 2025W011 2025-W53-7 2026-W53-7 2026-W53 2020-W53 2025-W00 2025-W1-1 2025-W01-0 2025-W01-8
2025-01-02|03:04 2025-01-02T03 2025-01-02T03:04:05.0006 2025-01-02T03:04:05Z 2025-01-02T03:04:05+08:00 2025-01-02T03:04+0800
2025-01-02T03:04-08 2025-01-02T03:04+08:00:30 2025-01-02T03:04+08:00:30.5 2025-01-02T03:04-23:59:59.999999 2025-01-02T03:04+24:00 2025-01-02T03:04+01:99
2025-01-02T03:04+00:00 2025-01-02T03:04-00:00 2025-01 2025/01/02 2025-01-02T24:00 2025-01-02T23:60 2025-01-02T23:59:60 2025-1-2 2025-01-2 25-01-02 202501
2025-013 2025013 2025-02-29 2024-02-29 2025-00-01 2025-13-01 2025-01-32 0001-01-01 0001-01-03 9999-12-31 9999-12-30 0000-01-01 10000-01-01 +2025-01-02
2025-01-02T 2025-01-02x 2025-01-02T0 2025-01-02T03: 2025-01-02T03:+01:00 2025-01-02T03:4 2025-01-02T030405 2025-01-02T0304 2025-01-02T03:0405 2025-01-02T0304:05
2025-01-02T030405.5 2025-01-02T03:04:05, 2025-01-02T03:04:05,123456789 2025-01-02T03:04:05.123456789Z 2025-01-02T03:04:05.12345x 2025-01-02T03:04:05.+01:00
2025-01-02T03.5 2025-01-02T03:04.25 2025-01-02T03:04:05:67 2025-01-02T03:04:05ZZ 2025-01-02T03:04:05z 2025-01-02T03:04:05|Z 2025-01-02T+01:00 2025-01-02T03:04+
2025-01-02T03:04+1 2025-01-02T03:04+010 20250102T030405Z 20250102030405 20250102|030405 2025-W01-1T03:04 2025-W01T03:04 2025W011T0304 2025W01T03 2025W0110304 2025W01103
2025-W01-03:04 2025-W01-1-03 2025-W01- 2025-W01-1x 2025-01-02é03:04 2025-01-02中03:04 2025-01-02📷03:04 2025-01-02é é025-01-02 2025-0é-02
2025-03-30T02:30 2025-10-26T02:30 2025-03-09T02:30 2025-11-02T01:30 1986-01-01T00:07 1883-11-18T12:00 1970-01-01 1969-12-31T23:59:59.999999 1800-01-01
2025-01-02T03:04:05.000001 2025-01-02T03:04:05.9999999 2025-06-15|12:00:00-07:00 2025-06-15T12:00+05:45 now today None 2025-01-02T03:04:05|+01:00
|2025-01-02 2025-01-02| 2025-01-02T03:04:05+01:00| 2025–01–02 ２０２５-01-02 20250132 2025-01-0203:04 2025-01-02--03:04 1-01-01 0004-W01-1 9999-W52-5 9999-W52-6""".split()


def fuzzed(count):
    rng = random.Random(7)
    seeds = [text for text in TEXTS if text.isascii() and 7 <= len(text) < 34]
    out = set()
    while len(out) < count:
        text = list(rng.choice(seeds))
        for _ in range(rng.randint(1, 2)):
            at = rng.randrange(len(text))
            match rng.randrange(4):
                case 0: text[at] = rng.choice("0123456789-:+.,TWZd ")
                case 1: text.insert(at, rng.choice("0123456789-:+.,TWZ"))
                case 2 if len(text) > 2: del text[at]
                case 3: text = text[: at + 1] + list(rng.choice(["", "Z", "+01:00", "T12", ".5", ":30"]))
        out.add("".join(text))
    return sorted(out)


def answer(text):
    try:
        got = parse_timestamp_or_timedelta_tz_error(text)
    except BaseException:
        return None
    if isinstance(got, datetime.timedelta):
        return f"{got.days}d" if got.days <= 730000 else None
    return [(got - EPOCH) // datetime.timedelta(microseconds=1), str(got)]


texts = [text.replace("|", " ") for text in TEXTS] + fuzzed(700)
answers = {}
for zone in ZONES:
    os.environ["TZ"] = zone
    time.tzset()
    tzlocal.reload_localzone()
    answers[zone] = [answer(text) for text in texts]
same = [len({json.dumps(answers[zone][at]) for zone in ZONES}) == 1 for at in range(len(texts))]
rows = [[text, answers["UTC"][at]] if same[at] else [text, {zone: answers[zone][at] for zone in ZONES}] for at, text in enumerate(texts)]
lines = ",\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
(Path(__file__).parent / "limits.json").write_text(f"[\n{lines}\n]\n")
