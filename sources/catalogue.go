package sources

const (
	onHub  = "https://huggingface.co/datasets/unicamp-dl/mmarco/resolve/main/data/"
	onOPUS = "https://object.pouta.csc.fi/OPUS-"
	marco  = "MS MARCO: research, non-commercial"
)

// catalogue is every file that ferry knows where to download. In names and addresses {source} and {target} stand for the
// codes of a bitext's languages, {pair} for both in alphabetical order.
//
// Checksums: the authors of these data sets publish none. The MD5 sums and sizes of wikiclir and mmarco are those that
// ir_datasets 0.5.11 publishes and verifies. No sum is known of mtop, of the English files of mmarco (the hub gives their
// SHA-256 as it sends them, which is verified) and of all bitexts (zip archives have CRCs within). A size without a sum
// is approximate; 0 is unknown.
var catalogue = []Published{
	{"mtop", "mtop.zip", "https://dl.fbaipublicfiles.com/mtop/mtop.zip", 8_600_000, "", "CC BY-SA 4.0"},
	{"wikiclir", "wiki-clir.tar.gz", "https://www.cs.jhu.edu/~kevinduh/a/wikiclir2018/wiki-clir.tar.gz", 7036445773, "md5:705abb611eb8cbab9ced2b8767a3bdb6", "CC BY-SA 3.0 (Wikipedia)"},
	{"mmarco", "collections/arabic_collection.tsv", onHub + "google/collections/arabic_collection.tsv", 4664307196, "md5:b73406ce3a3d31edea240603d031be7a", marco},
	{"mmarco", "collections/chinese_collection.tsv", onHub + "google/collections/chinese_collection.tsv", 2720255044, "md5:d176049b56f65bd49248003b9ea8b2b0", marco},
	{"mmarco", "collections/dutch_collection.tsv", onHub + "google/collections/dutch_collection.tsv", 3362632528, "md5:4a29599f160d0a696c7c3d3010da1912", marco},
	{"mmarco", "collections/english_collection.tsv", onHub + "google/collections/english_collection.tsv", 0, "", marco},
	{"mmarco", "collections/french_collection.tsv", onHub + "google/collections/french_collection.tsv", 3656218984, "md5:44fd86303b47d2c8c2f9f547cd67686f", marco},
	{"mmarco", "collections/german_collection.tsv", onHub + "google/collections/german_collection.tsv", 3488187566, "md5:dfedd22fef7e7e44966994e06cd7ec57", marco},
	{"mmarco", "collections/hindi_collection.tsv", onHub + "google/collections/hindi_collection.tsv", 7649320531, "md5:4551a71b468cc109b1f985f6b1c3afe0", marco},
	{"mmarco", "collections/indonesian_collection.tsv", onHub + "google/collections/indonesian_collection.tsv", 3297783371, "md5:d1ba5ff9788f9b11b497e3f75749409c", marco},
	{"mmarco", "collections/italian_collection.tsv", onHub + "google/collections/italian_collection.tsv", 3444092853, "md5:9c3aa4c4342074e8d37d75c9ffe5f22e", marco},
	{"mmarco", "collections/japanese_collection.tsv", onHub + "google/collections/japanese_collection.tsv", 3924982422, "md5:85614bd4dac3aa221c0b657d5cc71695", marco},
	{"mmarco", "collections/portuguese_collection.tsv", onHub + "google/collections/portuguese_collection.tsv", 3431011785, "md5:dde80fa2cc5782cae4c40d1127e51958", marco},
	{"mmarco", "collections/russian_collection.tsv", onHub + "google/collections/russian_collection.tsv", 5769514997, "md5:9a0cef71748039a6112b0775592eb84d", marco},
	{"mmarco", "collections/spanish_collection.tsv", onHub + "google/collections/spanish_collection.tsv", 3571559558, "md5:a9eac6b39239121795171da8c86db932", marco},
	{"mmarco", "collections/vietnamese_collection.tsv", onHub + "google/collections/vietnamese_collection.tsv", 4140054533, "md5:dd68020237857a508e7abe2250dad28b", marco},
	{"mmarco", "queries/dev/arabic_queries.dev.tsv", onHub + "google/queries/dev/arabic_queries.dev.tsv", 6545729, "md5:d93efe298008c35389afacb3d9fedb06", marco},
	{"mmarco", "queries/dev/chinese_queries.dev.tsv", onHub + "google/queries/dev/chinese_queries.dev.tsv", 4002662, "md5:30c76201ecddb05d9b125a5f0ef5a6bb", marco},
	{"mmarco", "queries/dev/dutch_queries.dev.tsv", onHub + "google/queries/dev/dutch_queries.dev.tsv", 4828536, "md5:5bcc4ba604106fd6bb7e17030fcdc033", marco},
	{"mmarco", "queries/dev/english_queries.dev.tsv", onHub + "google/queries/dev/english_queries.dev.tsv", 0, "", marco},
	{"mmarco", "queries/dev/french_queries.dev.tsv", onHub + "google/queries/dev/french_queries.dev.tsv", 5408487, "md5:c2a393af030f845041b85b44ca60680a", marco},
	{"mmarco", "queries/dev/german_queries.dev.tsv", onHub + "google/queries/dev/german_queries.dev.tsv", 4975836, "md5:b420bdc83096caa07bd06667658d08c7", marco},
	{"mmarco", "queries/dev/hindi_queries.dev.tsv", onHub + "google/queries/dev/hindi_queries.dev.tsv", 10389233, "md5:880ec0423ebc6345450d86c030d29f1b", marco},
	{"mmarco", "queries/dev/indonesian_queries.dev.tsv", onHub + "google/queries/dev/indonesian_queries.dev.tsv", 4660699, "md5:2f9d37e7baaf7a3834af2d84ddafa376", marco},
	{"mmarco", "queries/dev/italian_queries.dev.tsv", onHub + "google/queries/dev/italian_queries.dev.tsv", 5044211, "md5:9172fc14d18b1181d7f6c3120a66a8f9", marco},
	{"mmarco", "queries/dev/japanese_queries.dev.tsv", onHub + "google/queries/dev/japanese_queries.dev.tsv", 5823193, "md5:23c86ba93c63891a95382d8e8198199f", marco},
	{"mmarco", "queries/dev/portuguese_queries.dev.tsv", onHub + "google/queries/dev/portuguese_queries.dev.tsv", 4966328, "md5:73fb7009307c6aecd661184bce75cb5d", marco},
	{"mmarco", "queries/dev/russian_queries.dev.tsv", onHub + "google/queries/dev/russian_queries.dev.tsv", 7853062, "md5:b1fe46eea62d4c5c3776c1bc7c38034e", marco},
	{"mmarco", "queries/dev/spanish_queries.dev.tsv", onHub + "google/queries/dev/spanish_queries.dev.tsv", 5241697, "md5:b2f3c62c6d71700b9af610e7a29fef61", marco},
	{"mmarco", "queries/dev/vietnamese_queries.dev.tsv", onHub + "google/queries/dev/vietnamese_queries.dev.tsv", 5775517, "md5:99df771fa60888632dca02431998cec5", marco},
	{"mmarco", "queries/train/arabic_queries.train.tsv", onHub + "google/queries/train/arabic_queries.train.tsv", 51869220, "md5:08ab9eed247819db2f1f013f7e06f0d6", marco},
	{"mmarco", "queries/train/chinese_queries.train.tsv", onHub + "google/queries/train/chinese_queries.train.tsv", 31567548, "md5:166018bdb4d1a279c5083897d7f6752d", marco},
	{"mmarco", "queries/train/dutch_queries.train.tsv", onHub + "google/queries/train/dutch_queries.train.tsv", 38224557, "md5:6c304cf6dbdaff18a876cc6012168d30", marco},
	{"mmarco", "queries/train/english_queries.train.tsv", onHub + "google/queries/train/english_queries.train.tsv", 0, "", marco},
	{"mmarco", "queries/train/french_queries.train.tsv", onHub + "google/queries/train/french_queries.train.tsv", 42857975, "md5:cbedd13e92ad9d70d049e0262e6956dd", marco},
	{"mmarco", "queries/train/german_queries.train.tsv", onHub + "google/queries/train/german_queries.train.tsv", 39404290, "md5:41461df4fd61a98d76d846daa2b797c2", marco},
	{"mmarco", "queries/train/hindi_queries.train.tsv", onHub + "google/queries/train/hindi_queries.train.tsv", 82511017, "md5:b41f3f58b7c11ade80966276ceed50a8", marco},
	{"mmarco", "queries/train/indonesian_queries.train.tsv", onHub + "google/queries/train/indonesian_queries.train.tsv", 36857620, "md5:5684c5bab64544f3ed62b050bdcf477d", marco},
	{"mmarco", "queries/train/italian_queries.train.tsv", onHub + "google/queries/train/italian_queries.train.tsv", 39923771, "md5:d40f32b4a4fb30c938e4b09adc1d1d81", marco},
	{"mmarco", "queries/train/japanese_queries.train.tsv", onHub + "google/queries/train/japanese_queries.train.tsv", 46027536, "md5:eeea5ea876f96eeeb66fb7f8d29055c9", marco},
	{"mmarco", "queries/train/portuguese_queries.train.tsv", onHub + "google/queries/train/portuguese_queries.train.tsv", 39281063, "md5:816a2b07fe7067d438f785ee9bd8ef88", marco},
	{"mmarco", "queries/train/russian_queries.train.tsv", onHub + "google/queries/train/russian_queries.train.tsv", 62396828, "md5:9f9a76edc95fb91477683c610d287327", marco},
	{"mmarco", "queries/train/spanish_queries.train.tsv", onHub + "google/queries/train/spanish_queries.train.tsv", 41464870, "md5:7f54a66db9c928b1245dd0709e6b1caf", marco},
	{"mmarco", "queries/train/vietnamese_queries.train.tsv", onHub + "google/queries/train/vietnamese_queries.train.tsv", 45651702, "md5:af28d1dde86c5bdd27751e3a14a55252", marco},
	{"mmarco", "qrels.dev.small.tsv", onHub + "qrels.dev.small.tsv", 143300, "md5:38a80559a561707ac2ec0f150ecd1e8a", marco},
	{"mmarco", "qrels.train.tsv", "https://msmarco.z22.web.core.windows.net/msmarcoranking/qrels.train.tsv", 10589532, "md5:733fb9fe12d93e497f7289409316eccf", marco},
	{"mmarco", "triples.train.ids.small.tsv", onHub + "triples.train.ids.small.tsv", 905211990, "md5:cc7865df9f2345132dea1c0746a4699c", marco},
	{"opus/OpenSubtitles", "v2018/{pair}.txt.zip", onOPUS + "OpenSubtitles/v2018/moses/{pair}.txt.zip", 0, "", "see opus.nlpl.eu"},
	{"opus/QED", "v2.0a/{pair}.txt.zip", onOPUS + "QED/v2.0a/moses/{pair}.txt.zip", 0, "", "see opus.nlpl.eu"},
	{"opus/TED2020", "v1/{pair}.txt.zip", onOPUS + "TED2020/v1/moses/{pair}.txt.zip", 0, "", "CC BY-NC-ND 4.0"},
	{"opus/Tatoeba", "v2023-04-12/{pair}.txt.zip", onOPUS + "Tatoeba/v2023-04-12/moses/{pair}.txt.zip", 0, "", "CC BY 2.0 FR"},
	{"opus/WikiMatrix", "v1/{pair}.txt.zip", onOPUS + "WikiMatrix/v1/moses/{pair}.txt.zip", 0, "", "CC BY-SA 4.0"},
	{"opus-tmx/OpenSubtitles", "v2018/{pair}.tmx.gz", onOPUS + "OpenSubtitles/v2018/tmx/{pair}.tmx.gz", 0, "", "see opus.nlpl.eu"},
	{"opus-tmx/QED", "v2.0a/{pair}.tmx.gz", onOPUS + "QED/v2.0a/tmx/{pair}.tmx.gz", 0, "", "see opus.nlpl.eu"},
	{"opus-tmx/TED2020", "v1/{pair}.tmx.gz", onOPUS + "TED2020/v1/tmx/{pair}.tmx.gz", 0, "", "CC BY-NC-ND 4.0"},
	{"opus-tmx/Tatoeba", "v2023-04-12/{pair}.tmx.gz", onOPUS + "Tatoeba/v2023-04-12/tmx/{pair}.tmx.gz", 0, "", "CC BY 2.0 FR"},
	{"opus-tmx/WikiMatrix", "v1/{pair}.tmx.gz", onOPUS + "WikiMatrix/v1/tmx/{pair}.tmx.gz", 0, "", "CC BY-SA 4.0"},
	{"tatoeba", "tatoeba.{target}-{source}.{source}", "https://raw.githubusercontent.com/facebookresearch/LASER/main/data/tatoeba/v1/tatoeba.{target}-{source}.{source}", 0, "", "CC BY 2.0 FR"},
	{"tatoeba", "tatoeba.{target}-{source}.{target}", "https://raw.githubusercontent.com/facebookresearch/LASER/main/data/tatoeba/v1/tatoeba.{target}-{source}.{target}", 0, "", "CC BY 2.0 FR"},
	{"tico19", "all.{source}-{target}.tmx.zip", "https://tico-19.github.io/data/TM/all.{source}-{target}.tmx.zip", 0, "", "CC0 1.0"},
}
