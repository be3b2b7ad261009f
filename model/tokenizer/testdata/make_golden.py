"""Remakes what the tests of package tokenizer compare with, by the Rust library that tokenizer.json files come from.

    pip install tokenizers==0.23.3
    FERRY_DATA=... FERRY_MODELS=... python make_golden.py [fixtures nasty offsets pairs characters training corpora places]

It writes fixtures/*.json, small tokenizers that between them use every kind of part that the package knows, except
trained.json, which `go test -run TestTrainUnigram -update` makes; characters.json, a SHA-256 over the ids of every character
between others, for those that cut words by character; training.json, the tokens that texts have after the
library's own training on them; nasty.json, the ids that they and the real tokenizers give for the texts in nasty_texts.json, and offsets.json, the hashes of
all that is known of those tokens; pairs.json, the same for pairs of texts that are cut; corpora.json, a SHA-256 for each file
of the shared data over the ids of all its lines; and places.json, hashes over all that is known of those tokens.
"""

import base64, gzip, hashlib, json, os, struct, sys, zipfile
from pathlib import Path
from tokenizers import Tokenizer, models as kinds, normalizers, pre_tokenizers, trainers

here = Path(__file__).parent
shared = Path(os.environ["FERRY_DATA"])
models = Path(os.environ["FERRY_MODELS"])
fixtures = here / "fixtures"


def charsmap(rules):
    """A precompiled charsmap: a Darts-clone double array and the replacements it leads to."""
    blob, places = b"", {}
    for key, to in rules.items():
        places[key.encode()] = len(blob)
        blob += to.encode() + b"\0"
    units, used, taken = {0: 0}, {0}, set()

    def place(node, prefix):
        children = sorted({k[len(prefix)] if len(k) > len(prefix) else 0 for k in places if k.startswith(prefix)})
        base = next(b for b in range(1, 1 << 20) if b not in taken and not any(b ^ c in used for c in children))
        taken.add(base)
        used.update(base ^ c for c in children)
        units[node] = units[node] & 0xFF | (node ^ base) << 10
        for c in children:
            if c == 0:
                units[node] |= 1 << 8
                units[base] = places[prefix] | 1 << 31
            else:
                units[base ^ c] = c
                place(base ^ c, prefix + bytes([c]))

    place(0, b"")
    size = (max(units) | 0xFF) + 1
    array = b"".join(struct.pack("<I", units.get(i, 0)) for i in range(size))
    return base64.b64encode(struct.pack("<I", len(array)) + array + blob).decode()


def added(id, content, **flags):
    token = dict(id=id, content=content, single_word=False, lstrip=False, rstrip=False, normalized=False, special=False)
    return {**token, **flags}


def template(before, after):
    special = lambda t: {"SpecialToken": {"id": t[0], "type_id": 0}}
    sequence = lambda name: {"Sequence": {"id": name, "type_id": 0}}
    return {
        "type": "TemplateProcessing",
        "single": [special(t) for t in before] + [sequence("A")] + [special(t) for t in after],
        "pair": [sequence("A"), sequence("B")],
        "special_tokens": {t[0]: {"id": t[0], "ids": [t[1]], "tokens": [t[0]]} for t in before + after},
    }


letters = "abcdefghijklmnopqrstuvwxyzABCHTW0123456789.,!?'-<>/[]#_@éüñßσжшяकखगिा़्สวดัีำ中文字한글اللهس😀👨👩❤\u200d\u0301"
subwords = "th the he er in ing an and on or ▁the ▁a ▁an ▁in ▁inter inter nation national ization ▁Hello ▁World ▁wor ld "
subwords += "ll ell ▁ab aab aa aaa aaaa ▁▁ สวัส ดี नि कि ा् 中文 한글 ▁한 👨\u200d👩 ●● ##"
pieces = ["<s>", "<pad>", "</s>", "<unk>", "▁"] + list(letters) + subwords.split()
unigram_vocabulary = [[p, 0 if i < 4 else -2 - (i * 37 % 101) / 16 - (len(p) == 1) * 3] for i, p in enumerate(pieces)]
unigram_specials = [added(i, p, special=True) for i, p in enumerate(pieces[:4])]


def unigram(extra=(), bytes=False, **parts):
    vocabulary = unigram_vocabulary + [[f"<0x{b:02X}>", -20] for b in range(256) if bytes]
    tokens = [added(len(vocabulary) + i, content, **flags) for i, (content, flags) in enumerate(extra)]
    model = {"type": "Unigram", "unk_id": 3, "vocab": vocabulary, "byte_fallback": bytes}
    return {"version": "1.0", "added_tokens": unigram_specials + tokens, "decoder": None, "model": model, **parts}


wordpieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"] + list(letters) + "hello world the inter ress e i ss".split()


def wordpiece(prefix="##", characters=100, **parts):
    inner = [prefix + p for p in list(letters) + "national ization ing ed er aa aaa".split()]
    vocabulary = {p: i for i, p in enumerate(dict.fromkeys(wordpieces + inner))}
    tokens = [added(vocabulary[p], p, special=True) for p in wordpieces[:5]] + [added(len(vocabulary), "Ünique", normalized=True)]
    model = {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": prefix,
             "max_input_chars_per_word": characters, "vocab": vocabulary}
    return {"version": "1.0", "added_tokens": tokens, "decoder": None, "model": model, **parts}


def byte_pairs(vocabulary, splitter, suffix=None, prefix=None, alphabet=True, **parts):
    """Trains BPE on the phrasebook, whose texts are the project's own. The library breaks some ties by chance."""
    marks = dict(end_of_word_suffix=suffix, continuing_subword_prefix=prefix)
    marks = {k: v for k, v in marks.items() if v is not None}
    trained = Tokenizer(kinds.BPE(**marks, **parts.pop("model", {})))
    trained.pre_tokenizer = splitter
    tokens = parts.pop("tokens", [])
    trainer = trainers.BpeTrainer(vocab_size=vocabulary, special_tokens=[t for t, _ in tokens], show_progress=False,
                                  initial_alphabet=pre_tokenizers.ByteLevel.alphabet() if alphabet else [], **marks)
    data = here.parents[2] / "sources/phrasebook/data"
    trained.train([str(p) for p in sorted(data.glob("*.txt"))], trainer)
    value = json.loads(trained.to_str())
    value["added_tokens"] = [added(i, t, **flags) for i, (t, flags) in enumerate(tokens)]
    value["model"].update(parts.pop("change", {}))
    if value["model"]["ignore_merges"]:  # which shows where a piece cannot be reached by merging
        value["model"]["merges"] = value["model"]["merges"][:-60]
    return {**value, "decoder": None, **parts}


gpt4 = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
o200k = (r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
         r"|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
         r"|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+")
clip = r"<\|startoftext\|>|<\|endoftext\|>|'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"


def byte_pair_fixtures():
    """BPE as GPT-2, RoBERTa, Llama 3, Qwen 2, GPT-4o, Llama 2, CLIP and older models have it."""
    level = lambda prefix=False, regex=True: {"type": "ByteLevel", "add_prefix_space": prefix, "trim_offsets": True, "use_regex": regex}
    split = lambda regex, behavior="Isolated", invert=False: {
        "type": "Split", "pattern": {"Regex": regex}, "behavior": behavior, "invert": invert}
    sequence = lambda key, *parts: {"type": "Sequence", key: list(parts)}
    replace = lambda pattern, content: {"type": "Replace", "pattern": pattern, "content": content}
    words = pre_tokenizers.ByteLevel(add_prefix_space=False)
    special = dict(special=True)
    roberta = [("<s>", special), ("<pad>", special), ("</s>", special), ("<unk>", special), ("<mask>", dict(lstrip=True, special=True))]
    gpt2 = byte_pairs(420, words, tokens=[("<|endoftext|>", special)], pre_tokenizer=level(), post_processor=level())
    gpt2["model"]["merges"] = [" ".join(pair) for pair in gpt2["model"]["merges"]]
    del gpt2["model"]["type"], gpt2["pre_tokenizer"]["use_regex"]  # as older files are
    return {
        "bpe_gpt2": gpt2,
        "bpe_roberta": byte_pairs(
            330, words, tokens=roberta, model=dict(unk_token="<unk>"), pre_tokenizer=level(prefix=True),
            post_processor={"type": "RobertaProcessing", "cls": ["<s>", 0], "sep": ["</s>", 2], "trim_offsets": True,
                            "add_prefix_space": True}),
        "bpe_llama3": byte_pairs(
            420, words, tokens=[("<|begin_of_text|>", special)], change={"ignore_merges": True},
            pre_tokenizer=sequence("pretokenizers", split(gpt4), level(regex=False)),
            post_processor=sequence("processors", level(), template([("<|begin_of_text|>", 0)], []))),
        "bpe_qwen2": byte_pairs(
            400, words, tokens=[("<|im_end|>", special)],
            normalizer=sequence("normalizers", {"type": "NFD"}, {"type": "StripAccents"}),
            pre_tokenizer=sequence("pretokenizers", split(gpt4.replace("{1,3}", "")), level(regex=False))),
        "bpe_gpt4o": byte_pairs(
            330, words, pre_tokenizer=sequence("pretokenizers", split(o200k, "Removed", True), level(regex=False))),
        "bpe_llama2": byte_pairs(
            500, pre_tokenizers.Metaspace(), alphabet=False, tokens=[("<unk>", special), ("<s>", special)] + [
                (f"<0x{b:02X}>", {}) for b in range(256) if b != 0xC3],
            model=dict(unk_token="<unk>", byte_fallback=True, fuse_unk=True), pre_tokenizer=None,
            normalizer=sequence("normalizers", {"type": "Prepend", "prepend": "▁"}, replace({"String": " "}, "▁"))),
        "bpe_clip": byte_pairs(
            800, words, suffix="</w>", tokens=[("<|startoftext|>", special), ("<|endoftext|>", special)],
            model=dict(unk_token="<|endoftext|>"),
            normalizer=sequence("normalizers", {"type": "NFC"}, replace({"Regex": r"\s+"}, " "), {"type": "Lowercase"}),
            pre_tokenizer=sequence("pretokenizers", split(clip, "Removed", True), level(regex=False)),
            post_processor={"type": "RobertaProcessing", "cls": ["<|startoftext|>", 0], "sep": ["<|endoftext|>", 1],
                            "trim_offsets": False, "add_prefix_space": False}),
        "bpe_prefix": byte_pairs(
            300, pre_tokenizers.Whitespace(), prefix="##", alphabet=False, tokens=[("[UNK]", special)], model=dict(unk_token="[UNK]"),
            pre_tokenizer=sequence("pretokenizers", {"type": "Whitespace"}, {"type": "Digits", "individual_digits": True},
                                   split("e", "MergedWithPrevious"))),
        "bpe_next": byte_pairs(
            330, words, normalizer={"type": "ByteLevel"},
            pre_tokenizer=sequence("pretokenizers", split("Ġ", "MergedWithNext"), {"type": "Digits", "individual_digits": False},
                                   {"type": "Punctuation", "behavior": "Contiguous"})),
    }


def make_fixtures():
    metaspace = lambda **scheme: {"type": "Metaspace", "replacement": "▁", **scheme}
    sequence = lambda key, *parts: {"type": "Sequence", key: list(parts)}
    bert = lambda **flags: {"type": "BertNormalizer", "clean_text": True, "handle_chinese_chars": True, **flags}
    rules = {"\t": " ", "\n": " ", "\r": "", "\u00ad": "", "Ａ": "A", "ｂ": "b", "①": "1", "½": "1/2", "e\u0301": "é", "é": "é",
             "\u00a0": " ", "\u3000": " ", "ﬁ": "fi", "n\u0303": "ñ", "क़": "क़", "\u0301\u0301": "\u0301", "©": "c"}
    return {
        "unigram": unigram(
            [("<mask>", dict(lstrip=True, special=True))],
            normalizer={"type": "Precompiled", "precompiled_charsmap": charsmap(rules)},
            pre_tokenizer=sequence("pretokenizers", {"type": "WhitespaceSplit"}, metaspace(add_prefix_space=True)),
            post_processor=template([("<s>", 0)], [("</s>", 2)])),
        "unigram_bytes": unigram(
            [("<mask>", dict(rstrip=True, special=True)), ("Hello  World", dict(normalized=True)), ("inter", dict(single_word=True))],
            bytes=True,
            normalizer=sequence("normalizers", {"type": "NFC"}, {"type": "Strip", "strip_left": True, "strip_right": True},
                                {"type": "Replace", "pattern": {"Regex": " {2,}"}, "content": " "}),
            pre_tokenizer=metaspace(prepend_scheme="first", split=True),
            post_processor={"type": "BertProcessing", "cls": ["<s>", 0], "sep": ["</s>", 2]}),
        "unigram_never": unigram(
            [("WORLD", dict(normalized=True, lstrip=True, rstrip=True)), ("<mask>", dict(single_word=True))],
            normalizer=sequence("normalizers", {"type": "Nmt"}, {"type": "NFKD"}, {"type": "Lowercase"},
                                {"type": "Replace", "pattern": {"String": "#"}, "content": "●"}),
            pre_tokenizer=metaspace(prepend_scheme="never", split=False),
            post_processor={"type": "RobertaProcessing", "cls": ["<s>", 0], "sep": ["</s>", 2], "trim_offsets": True,
                            "add_prefix_space": True}),
        "unigram_plain": unigram(normalizer={"type": "NFKC"}, pre_tokenizer=metaspace(prepend_scheme="always", split=True),
                                 post_processor=None),
        "wordpiece": wordpiece(
            normalizer=bert(strip_accents=None, lowercase=True), pre_tokenizer={"type": "BertPreTokenizer"},
            post_processor=template([("[CLS]", 2)], [("[SEP]", 3)])),
        "wordpiece_cased": wordpiece(
            "@", 12, normalizer=bert(strip_accents=None, lowercase=False), pre_tokenizer={"type": "BertPreTokenizer"},
            post_processor=sequence("processors", template([("[CLS]", 2), ("[MASK]", 4)], [("[SEP]", 3)]))),
        "wordpiece_accents": wordpiece(
            normalizer=sequence("normalizers", {"type": "NFD"}, {**bert(strip_accents=False, lowercase=True), "clean_text": False,
                                                                 "handle_chinese_chars": False}),
            pre_tokenizer=sequence("pretokenizers", {"type": "WhitespaceSplit"}, {"type": "BertPreTokenizer"}),
            post_processor=None),
        **byte_pair_fixtures(),
    }


def load(text):
    tokenizer = Tokenizer.from_str(text)
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer


def text_of(nasty):
    """A nasty text is a string, or {"repeat": string, "times": n}, or {"hex": bytes that are not UTF-8}."""
    if isinstance(nasty, str):
        return nasty
    if "hex" in nasty:
        return bytes.fromhex(nasty["hex"]).decode("utf-8", "replace")
    return nasty["repeat"] * nasty["times"]


def corpora():
    """Yields name and lines of every corpus file; a line ends at a line feed, and what is not UTF-8 is replaced."""
    for path in sorted(p for p in shared.glob("*/**/*") if p.is_file() and p.suffix != ".gz"):
        name = path.relative_to(shared).as_posix()
        if path.suffix != ".zip":
            yield name, path.read_bytes().decode("utf-8", "replace").split("\n")
            continue
        with zipfile.ZipFile(path) as archive:
            for member in archive.namelist():
                yield f"{name}/{member}", archive.read(member).decode("utf-8", "replace").split("\n")


def digest(tokenizer, lines):
    """SHA-256 over the ids of each line as uint32, little-endian, with 0xFFFFFFFF behind every line."""
    h = hashlib.sha256()
    for encoding in tokenizer.encode_batch_fast(lines):
        h.update(struct.pack(f"<{len(encoding.ids) + 1}I", *encoding.ids, 0xFFFFFFFF))
    return h.hexdigest()


def characters(tokenizer):
    """SHA-256 over the ids of each character between others, but for most of the large blocks that are all alike."""
    blocks = [(0x3400, 0xA000), (0xAC00, 0xD7A4), (0xD800, 0xF900), (0x17000, 0x18CD6), (0x20000, 0x2EBF0), (0x2EE5E, 0x110000)]
    some = [c for c in range(0x110000) if not any(low <= c < high for low, high in blocks) or c % 256 == 5 and not 0xD800 <= c < 0xE000]
    return digest(tokenizer, [f"a{c}b 1{c}2 {c}'{c}s{c} {c}{c} {c}" for c in map(chr, some)])


def rows(encoding):
    """The tokens of an encoding as six int32 each: id, type id, start and end in characters, word and text; -1 for none."""
    none = lambda x: -1 if x is None else x
    assert [int(s is None) for s in encoding.sequence_ids] == encoding.special_tokens_mask
    spans = [x for start, end in encoding.offsets for x in (start, end)]
    columns = encoding.ids, encoding.type_ids, spans[::2], spans[1::2], map(none, encoding.word_ids), map(none, encoding.sequence_ids)
    return b"".join(struct.pack("<6i", *row) for row in zip(*columns)) + b"\xff\xff\xff\xff"


def short(data):
    return hashlib.sha256(data).hexdigest()[:16]


def pairs(tokenizer):
    """For single texts and pairs a short hash over the hashes of their rows by limits, or the word error."""
    texts = ["Hello world, the inter", "", " it's   me"], ["the 中文字 an e\u0301 in 12345", " ", "<s> a<mask> [SEP]"]
    found = []
    for a, b in [(a, b) for a in texts[0] for b in texts[1] + [None]]:
        hashes = []
        for strategy in "longest_first", "only_first", "only_second":
            for direction in "right", "left":
                for most in 5, 9, 14, 1000:
                    tokenizer.enable_truncation(most, strategy=strategy, direction=direction)
                    try:
                        hashes.append(short(rows(tokenizer.encode(a, b))))
                    except Exception:
                        hashes.append("error")
        found.append(short("".join(hashes).encode()))
    tokenizer.no_truncation()
    return found


def training():
    """Trains a Unigram model by the library and counts the tokens of the texts that it was trained on."""
    names = [f"bitext/ntrex128/newstest2019-{n}.txt" for n in ("src.eng", "ref.swa", "ref.hin", "ref.tha")]
    vocabulary, most = 3000, 500
    lines = [line for n in names for line in (shared / n).read_text(encoding="utf-8").split("\n")[:most]]
    tokenizer = Tokenizer(kinds.Unigram())
    tokenizer.normalizer = normalizers.NFKC()
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace()])
    special = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
    tokenizer.train_from_iterator(
        lines, trainers.UnigramTrainer(vocab_size=vocabulary, special_tokens=special, unk_token="<unk>", show_progress=False))
    tokens = sum(len(e.ids) for e in tokenizer.encode_batch(lines))
    return {"files": names, "lines": most, "vocabulary": vocabulary, "tokens": tokens}


def write(path, value, **options):
    path.write_text(json.dumps(value, ensure_ascii=False, **options) + "\n", encoding="utf-8")


def main(parts):
    fixtures.mkdir(exist_ok=True)
    if "fixtures" in parts:
        for name, value in make_fixtures().items():
            write(fixtures / f"{name}.json", value)
    small = {path.stem: load(path.read_text(encoding="utf-8")) for path in sorted(fixtures.glob("*.json"))}
    real = {
        "xlmr": load(gzip.open(shared / "xlmr_tokenizer/tokenizer.json.gz", "rt", encoding="utf-8").read()),
        "multilingual-e5-small": load((models / "multilingual-e5-small/tokenizer.json").read_text(encoding="utf-8")),
        "all-minilm-l6-v2": load((models / "all-minilm-l6-v2/tokenizer.json").read_text(encoding="utf-8")),
    }
    chosen = {**real, **{n: small[n] for n in ["bpe_gpt2", "bpe_llama2", "bpe_llama3", "bpe_gpt4o"]}}
    texts = [text_of(n) for n in json.loads((here / "nasty_texts.json").read_text(encoding="utf-8"))]
    if "nasty" in parts:
        ids = {name: [t.encode(text).ids for text in texts] for name, t in {**small, **real}.items()}
        (here / "nasty.json").write_text(json.dumps(ids, separators=(",", ":")).replace("]],", "]],\n").replace("],[", "],\n[") + "\n")
    if "offsets" in parts:
        write(here / "offsets.json", {name: [short(rows(t.encode(text))) for text in texts] for name, t in {**small, **real}.items()})
    if "pairs" in parts:
        write(here / "pairs.json", {name: pairs(t) for name, t in {**small, **real}.items()})
    if "characters" in parts:
        names = ["bpe_gpt2", "bpe_llama3", "bpe_gpt4o", "bpe_prefix", "bpe_next"]
        write(here / "characters.json", {n: characters(small[n]) for n in names}, indent=1)
    if "training" in parts:
        write(here / "training.json", training(), indent=1)
    if "corpora" in parts:
        write(here / "corpora.json", {n: {f: digest(t, lines) for f, lines in corpora()} for n, t in chosen.items()}, indent=1)
    if "places" in parts:
        names = ["xlmr", "all-minilm-l6-v2", "bpe_gpt2", "bpe_llama3"]
        places = lambda t, lines: short(b"".join(map(rows, t.encode_batch(lines))))
        write(here / "places.json", {n: {f: places(chosen[n], lines) for f, lines in corpora()} for n in names}, indent=1)


main(sys.argv[1:] or ["fixtures", "nasty", "offsets", "pairs", "characters", "training", "corpora", "places"])
