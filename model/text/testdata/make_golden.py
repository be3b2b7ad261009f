"""Writes clean.json: python make_golden.py >clean.json

Texts cleaned, and their shares of letters by script, as Python's unicodedata says (made with Unicode 14).
"""
import json
import random
import sys
import unicodedata

WHITE_SPACE = [*range(0x09, 0x0E), 0x20, 0x85, 0xA0, 0x1680, *range(0x2000, 0x200B), 0x2028, 0x2029, 0x202F, 0x205F, 0x3000]
SEEN = [*range(0x600, 0x606), 0x6DD, 0x70F, 0x890, 0x891, 0x8E2, 0x110BD, 0x110CD]  # Prepended_Concatenation_Mark
JOINERS = [0x200B, 0x200C, 0x200D]


def removed(c):
    return unicodedata.category(c) in ("Cc", "Cf") and ord(c) not in WHITE_SPACE + SEEN + JOINERS


def clean(text, form, control, space):
    if control:
        text = "".join(c for c in text if not removed(c))
    if form:
        text = unicodedata.normalize(form.upper(), text)
    if space:
        text = " ".join("".join(" " if ord(c) in WHITE_SPACE else c for c in text).split(" "))
        while "  " in text:
            text = text.replace("  ", " ")
        text = text.strip(" ")
    return text


SCRIPTS = {"en": ["LATIN"], "sw": ["LATIN"], "hi": ["DEVANAGARI"], "mr": ["DEVANAGARI"], "th": ["THAI"], "am": ["ETHIOPIC"],
           "ru": ["CYRILLIC"], "sr": ["CYRILLIC", "LATIN"], "sr-Latn": ["LATIN"], "el": ["GREEK"], "ar": ["ARABIC"], "he": ["HEBREW"],
           "ja": ["CJK UNIFIED", "HIRAGANA", "KATAKANA"], "zh": ["CJK UNIFIED"], "ko": ["HANGUL", "CJK UNIFIED"], "ta": ["TAMIL"]}
WORDS = ["noon", "Züge", "adhuhuri", "दोपहर", "की", "गाड़ी", "เที่ยงวัน", "รถไฟ", "полдень", "подне", "μεσημέρι", "ظهر", "צהריים", "正午",
         "ひる", "カタカナ", "정오", "நண்பகல்", "እኩለ", "12", "…", "-", "😀"]


def share(text, language):
    letters = [unicodedata.name(c) for c in text if unicodedata.category(c).startswith("L")]
    own = [n for n in letters if n.startswith(tuple(SCRIPTS[language]))]
    return len(own) / len(letters) if letters else 1


random.seed(6)
assigned = [chr(i) for i in range(0x110000) if unicodedata.category(chr(i)) not in ("Cn", "Cs", "Co")]
changing = [c for c in assigned if unicodedata.decomposition(c)]
marks = [c for c in assigned if unicodedata.combining(c)]
control = [c for c in assigned if unicodedata.category(c) in ("Cc", "Cf")]
spaces = [chr(i) for i in WHITE_SPACE]
pools = [assigned, changing, marks, control, spaces, list("abc ")]
cases = []
for _ in range(400):
    text = "".join(random.choice(random.choice(pools)) for _ in range(random.randrange(12)))
    form, ctl, space = random.choice(["", "nfc", "nfkc"]), random.random() < 0.5, random.random() < 0.5
    cases.append({"text": text, "form": form, "control": ctl, "space": space, "want": clean(text, form, ctl, space)})
shares = []
for _ in range(200):
    text, language = " ".join(random.choices(WORDS, k=random.randrange(5))), random.choice(list(SCRIPTS))
    shares.append({"text": text, "language": language, "want": share(text, language)})
json.dump({"cleaned": cases, "shares": shares}, sys.stdout, indent=0)
