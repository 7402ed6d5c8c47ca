"""Writes template.json and names.json: what CPython and the real icloudpd make of many inputs.

The tests of this folder compare our own results with these files. To make them anew (CPython 3.11 on Debian 12,
icloudpd 1.32.3; the pure-Python wheel, not the frozen program that plain pip takes):

    python3.11 -m venv v
    v/bin/pip download --no-deps --platform any --only-binary=:all: --python-version 3.11 icloudpd==1.32.3 -d wheels
    v/bin/pip install wheels/icloudpd-1.32.3-py3-none-any.whl
    v/bin/python generate.py
"""

import base64
import contextlib
import datetime
import io
import json
import os
import random
import string
import time
import types
import zoneinfo
from functools import partial
from pathlib import Path

import tzlocal
from icloudpd import base, download
from icloudpd.cli import validate_folder_structure
from icloudpd.filename_policies import create_filename_builder
from pyicloud_ipd.file_match import FileMatchPolicy
from pyicloud_ipd.item_type import AssetItemType
from pyicloud_ipd.raw_policy import RawTreatmentPolicy
from pyicloud_ipd.services.photos import PhotoAsset
from pyicloud_ipd.version_size import AssetVersionSize, LivePhotoVersionSize

HERE = Path(__file__).parent
ZONES = [
    "UTC",
    "America/Los_Angeles",
    "Asia/Kathmandu",
    "Europe/Berlin",
    "Australia/Lord_Howe",
    "Pacific/Apia",
    "America/St_Johns",
    "Pacific/Auckland",
]
DIRECTIVES = string.ascii_letters + "%" + "Q1!é "
FLAGGED = (
    [f"%{flag}{d}" for flag in "-_0^#+" for d in string.ascii_letters + "%"]
    + [f"%{width}{d}" for width in ("1", "5", "10", "012", "_12", "-12", "^12", "+6", "^-#4", "0_3") for d in string.ascii_letters + "%"]
    + [f"%{modifier}{d}" for modifier in ("E", "O", "EO", "E5", "-O", "^E") for d in string.ascii_letters + "%"]
    + ["%", "%-", "%5", "%-5E", "a%", "%%%", "%%z", "%%Z%%f", "%f%f", "%Y%m%d-%H%M%S.%f%z", "%:z", "%Y/%m/%d", "%H:%M"]
)
TEMPLATES = [
    "{:%Y/%m/%d}", "{:%Y/%Y-%m/%Y-%m-%d}", "{0:%Y}/{0:%m}", "none", "None", "NONE", "", "plain", "a{{b}}c", "{}", "{0}", "{00}",
    "{:}", "{0:}", "{:>40}", "{.year}", "{0.month:02}", "{0.day:>4}", "{0.day:*<4}", "{0.day:^5}", "{0.day:=+5}", "{.hour:d}",
    "{0.minute: d}", "{0.second:-d}", "{.microsecond:010d}", "{!s}", "{!s:.10}", "{!s:>40.4}", "{!s:_^12.4s}", "{0!s:05.3}",
    "{0.year!s:>6}", "{0.year!s:06}", "%d {:%d}", "{:%Y}%", "../{:%Y}", "/abs/{:%Y}", "//abs/{:%Y}", "///abs/{:%Y}",
    "./a//b/../{:%Y}/.", "{:é%Yé}", "{0:%H:%M}", "{0:%H!%M}", "{:{{}}", "{0.year:é>8}", "{0.month:<02}", "{0.month:06}",
    "{0:%Y}{{{0:%m}}}", "..", "../..", "a/..", "/..", "{:/}",
    # refused
    "{%Y}", "{:%Y}/{:%m}", "{0:%Y}/{:%m}", "{:%Y}/{0:%m}", "{1:%Y}", "{x}", "{", "}", "{:%Y", "{:%Y}}", "{{:%Y}", "{0.nope}",
    "{0.year:.2}", "{0.year:q}", "{0.year:s}", "{!s:d}", "{!s:=5}", "{!s:+5}", "{!x}", "{!}", "{!s", "{!ss}", "{.}", "{0.}", "{ 0}",
    "{0 }", "{-1}", "{0.year.nope}", "{0.{}}", "{:%Y{}",
]
DATES = [  # milliseconds
    1533021744816, 0, -500, -1, 999, -157766400000, -62135596800000, -62135596799999, -62135500000000, -30610224000001,
    -11676096000000, -2717630000000, -2208988800000, 253402300799000, 253402214400123, 951782400000, 951868799999,
    1078012800000, 4102444799000, 1143332999000, 1143333000000, 1143939599000, 1206838800000, 1325246399999, 1325246400000,
    1351378800000, 1351382399000, 1572771600000, 1583395200000, 1609459199000, 1609459200000, 1230768000000, 1262304000000,
    1293840000000, 1136073600000, 1104537600000, 915148800000, 1709164800000, -5364662400000, 1532951050176,
] + [1000 * 86400 * day + 43200000 for day in (14610, 14611, 14612, 14613, 14614, 14615, 14616, 14617)]


def set_zone(name):
    os.environ["TZ"] = name
    time.tzset()
    tzlocal.reload_localzone()


def template_cases():
    """What str.format makes of the dates: {zone: {milliseconds: {template: result}}}."""
    every = [t for t in TEMPLATES] + [f"{{:%{d}}}" for d in DIRECTIVES] + [f"{{:{spec}}}" for spec in FLAGGED]
    good, bad = [], []
    for template in every:
        try:
            validate_folder_structure(template)
            good.append(template)
        except Exception as error:
            bad.append([template, str(error)])
    results = []
    for zone in ZONES:
        set_zone(zone)
        for ms in DATES:
            asset = PhotoAsset({"fields": {}}, {"fields": {"assetDate": {"value": ms}}})
            try:
                created = asset.created.astimezone(tzlocal.get_localzone())
            except OverflowError:
                continue
            # Every template in one zone for two dates, the plain directives everywhere.
            full = ms in (DATES[0], DATES[13]) and zone in ("UTC", "Europe/Berlin")
            some = [t for t in good if full or len(t) <= 5 or t in TEMPLATES[:2]]
            row = {t: ("" if t.lower() == "none" else t.format(created)) for t in some}
            results.append({"zone": zone, "ms": ms, "seconds": int(created.timestamp() // 1), "text": str(created), "want": row})
    # The columns are the same for most rows: keep them once.
    columns = {}
    for row in results:
        keys = tuple(row["want"])
        row["columns"] = columns.setdefault(keys, len(columns))
        row["want"] = list(row["want"].values())
    return {"refused": bad, "columns": [list(keys) for keys in columns], "rows": results}


KNOWN = list(PhotoAsset.ITEM_TYPES)
UNKNOWN = ["public.mpeg-4", "com.compuserve.gif", "public.tiff", "org.webmproject.webp", "com.sony.sr2-raw-image", "x", ""]
STEMS = ["IMG_1", "IMG_é1", "中文", "a.b", "", ".", "..", "foo bar", "i/n v:a\0l*i?d\\p<a>t\"h|", "Café", "Cafe\u0301", "x-adjusted", "IMG_1-original", "\x1b[1m", "📷", "K\u212a", ".hidden"]
EXTENSIONS = ["", ".JPG", ".jpg", ".jpeg", ".HEIC", ".heic", ".HEIF", ".png", ".MOV", ".mp4", ".gif", ".DNG", ".nrw", ".", ".é", ".tar.gz", ".ｊpg"]
PREFIXES = ["resOriginal", "resOriginalAlt", "resJPEGMed", "resJPEGThumb", "resJPEGFull", "resOriginalVidCompl", "resVidMed", "resVidSmall"]
STILLS = ["public.jpeg", "public.heic", "com.adobe.raw-image", "com.canon.cr2-raw-image", "public.png", "com.nikon.nrw-raw-image"]
MOVIE = "com.apple.quicktime-movie"


def random_type(rng, likely):
    dice = rng.random()
    return rng.choice(likely) if dice < 0.85 else rng.choice(KNOWN) if dice < 0.95 else rng.choice(UNKNOWN)


def random_asset(rng):
    """(master record name, filenameEnc, item type, {prefix: (type, on asset)}, assetDate)"""
    name = "".join(rng.choice(string.ascii_letters + string.digits + "+/") for _ in range(28))
    if rng.random() < 0.05:
        name = rng.choice(["é", "ab", "A-B_C=D.E F/", "中文中文中文中文中文中文中文"])
    stem = rng.choice(STEMS) if rng.random() < 0.6 else "IMG_" + str(rng.randrange(10000))
    text = stem + (rng.choice(EXTENSIONS) if rng.random() < 0.9 else "")
    dice = rng.random()
    if dice < 0.1:
        filename = None
    elif dice < 0.2:
        filename = {"value": text, "type": "STRING"}
    else:
        filename = {"value": base64.b64encode(text.encode()).decode(), "type": "ENCRYPTED_BYTES"}
    item = random_type(rng, STILLS + [MOVIE, MOVIE]) if rng.random() < 0.95 else None
    chance = {"resOriginal": 0.95, "resOriginalAlt": 0.4, "resJPEGFull": 0.5, "resOriginalVidCompl": 0.6}
    versions = {}
    for prefix in PREFIXES:
        if rng.random() < chance.get(prefix, 0.6):
            likely = [MOVIE] if "Vid" in prefix else STILLS
            if prefix == "resOriginal" and item and rng.random() < 0.8:
                likely = [item]
            versions[prefix] = [random_type(rng, likely), rng.random() < 0.2]
    date = rng.choice(DATES) if rng.random() < 0.5 else rng.randrange(0, 1_900_000_000_000)
    return name, filename, item, versions, rng.choice([date] * 9 + [None])


def random_options(rng):
    sizes = rng.sample(list(AssetVersionSize), rng.choice([1, 1, 2, 2, 3, 4, 5]))
    if rng.random() < 0.3:
        sizes = [AssetVersionSize.ORIGINAL]
    return {
        "sizes": [size.value for size in sizes],
        "live": rng.choice(["original", "original", "medium", "small", "none"]),
        "unicode": rng.random() < 0.5,
        "policy": rng.choice(list(FileMatchPolicy)).value,
        "mov": rng.choice(["suffix", "suffix", "original"]),
        "raw": rng.choice(list(RawTreatmentPolicy)).value,
        "force": rng.random() < 0.3,
        "folder": rng.choice(["{:%Y/%m/%d}", "none", "{:%Y}/x", "../{0:%b}"]),
        "zone": rng.choice(ZONES),
    }


def run_case(name, filename, item, versions, date, options):
    """Runs icloudpd's own download function with an empty disk and writes down what it asks for."""
    master = {"recordName": name, "fields": {}}
    asset = {"fields": {}}
    if filename is not None:
        master["fields"]["filenameEnc"] = filename
    if item is not None:
        master["fields"]["itemType"] = {"value": item}
    if date is not None:
        asset["fields"]["assetDate"] = {"value": date}
    for prefix, (kind, on_asset) in versions.items():
        fields = (asset if on_asset else master)["fields"]
        fields[f"{prefix}Res"] = {"value": {"size": 1, "downloadURL": prefix, "fileChecksum": ""}}
        fields[f"{prefix}FileType"] = {"value": kind}
    set_zone(options["zone"])
    photo = PhotoAsset(master, asset)
    asked, tested, errors = [], [], []
    builder = create_filename_builder(
        next(p for p in FileMatchPolicy if p.value == options["policy"]), base.build_filename_cleaner(options["unicode"])
    )
    live = {"original": LivePhotoVersionSize.ORIGINAL, "medium": LivePhotoVersionSize.MEDIUM, "small": LivePhotoVersionSize.THUMB}
    logger = types.SimpleNamespace(
        debug=lambda *a: None, info=lambda *a: None, error=lambda text, *a: errors.append(text % a)
    )

    def download_media(_logger, _dry, _icloud, _photo, path, version, size, _builder):
        asked.append([path, version.url, size.value, isinstance(size, LivePhotoVersionSize)])
        return False

    base.download.download_media = download_media
    real_isfile = os.path.isfile
    os.path.isfile = lambda path: tested.append(path) or False
    printed = io.StringIO()
    real_open = base.__dict__.get("open")
    base.open = lambda **_: io.StringIO()
    try:
        with contextlib.redirect_stdout(printed):
            base.download_builder(
                logger, options["folder"], "D", [AssetVersionSize(s) for s in options["sizes"]], options["force"], False, False,
                options["live"] == "none", live.get(options["live"], LivePhotoVersionSize.ORIGINAL), False,
                next(p for p in FileMatchPolicy if p.value == options["policy"]), False,
                base.lp_filename_concatinator if options["mov"] == "suffix" else base.lp_filename_original,
                builder, next(p for p in RawTreatmentPolicy if p.value == options["raw"]), None,
                types.SimpleNamespace(increment=lambda: None, reset=lambda: None), photo,
            )
    except KeyError:
        return None  # a version that icloudpd needs is missing: it stops there
    except OverflowError:
        return None
    finally:
        os.path.isfile = real_isfile
        if real_open is None:
            del base.open
    if printed.getvalue():
        return None
    paths = {path for path, *_ in asked}
    legacy = [path for path in tested if path not in paths]
    kind = {AssetItemType.IMAGE: "image", AssetItemType.MOVIE: "movie", None: None}[photo.item_type]
    return {"base": builder(photo), "kind": kind, "asked": asked, "legacy": legacy, **({"errors": errors} if errors else {})}


def name_cases(count):
    rng = random.Random(20260101)
    cases, stopped = [], 0
    while len(cases) < count:
        asset, options = random_asset(rng), random_options(rng)
        want = run_case(*asset, options)
        if want is None:
            stopped += 1
            continue
        name, filename, item, versions, date = asset
        cases.append({"master": name, "filename": filename, "item": item, "versions": versions, "date": date, "options": options, "want": want})
    print(f"{len(cases)} cases; {stopped} more where icloudpd stops with an error")
    return cases


def write(name, value):
    with open(HERE / name, "w", encoding="utf-8") as file:
        if isinstance(value, list):
            file.write("[\n" + ",\n".join(json.dumps(v, ensure_ascii=False, separators=(",", ":")) for v in value) + "\n]\n")
        else:
            json.dump(value, file, ensure_ascii=False, separators=(",", ":"))
            file.write("\n")
    print(name, (HERE / name).stat().st_size)


write("template.json", template_cases())
write("names.json", name_cases(int(os.environ.get("CASES", "1200"))))
