"""Writes locale.json: what strftime of CPython makes of dates under other locales of the GNU C library (Debian 12: 2.36).

    python3.11 languages.py      (needs localedef and /usr/share/i18n of the package locales)
"""
import datetime, json, locale, os, subprocess, sys, tempfile, zoneinfo
from pathlib import Path

NAMES = ["de_DE", "fr_FR", "ja_JP", "ru_RU", "cs_CZ", "tr_TR", "ar_EG", "zh_CN", "pt_BR", "sv_SE", "en_US", "fa_IR"]
FORMATS = "%a %A %b %B %h %c %x %X %p %P %r %OB %Ob %Od %Om %Oy %Oe %^a %^A %^b %^B %#b %#B %#p %10B %-10b %D %F %T %R".split()
UTC = zoneinfo.ZoneInfo("UTC")  # as icloudpd has it: of one that knows no summer time C is told nothing
DATES = [datetime.datetime(2018, 1 + at % 12, 1 + at, (at * 7) % 24, at, at * 2, tzinfo=UTC) for at in range(24)]

if len(sys.argv) > 1:
    locale.setlocale(locale.LC_ALL, "")
    print(json.dumps({text: [date.strftime(text) for date in DATES] for text in FORMATS}))
else:
    with tempfile.TemporaryDirectory() as folder:
        table = {}
        for name in NAMES:
            subprocess.run(["localedef", "-i", name, "-f", "UTF-8", f"{folder}/{name}.UTF-8"], check=False)
            env = {**os.environ, "LOCPATH": folder, "TZ": "UTC", "LC_ALL": f"{name}.UTF-8", "PYTHONIOENCODING": "utf-8"}
            table[name] = json.loads(subprocess.run([sys.executable, __file__, "one"], env=env, check=True, capture_output=True).stdout)
    rows = ",\n".join(f"{json.dumps(name)}: {json.dumps(row, ensure_ascii=False)}" for name, row in table.items())
    (Path(__file__).parent / "locale.json").write_text("{" + rows + "}\n")
