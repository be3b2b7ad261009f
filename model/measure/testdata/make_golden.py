"""Writes the golden files of this folder with pytrec_eval-terrier 0.5.11 (trec_eval 9):

    python make_golden.py

pytrec_eval.run    query, document, score, separated by tabs
pytrec_eval.qrels  query, document, grade
pytrec_eval.tsv    measure as trec_eval names it, query, value as C99 hexadecimal float

The run has ties (some of them only after rounding to float32), judged queries
that it lacks, queries without judgments, queries without a relevant document,
unjudged documents, negative grades and ids outside ASCII. Query "all" holds the
means over all judged queries, absent ones as 0, summed by query id; of counts,
the sums over the queries of the run.
"""
import pathlib
import random

import pytrec_eval

HERE = pathlib.Path(__file__).parent
CUTOFFS = "1,3,5,10,20,100,1000"
COUNTS = {"num_q", "num_ret", "num_rel", "num_rel_ret", "num_nonrel_judged_ret"}
MEASURES = COUNTS | {"ndcg", "map", "recip_rank", "Rprec", "bpref", "infAP", "set_P", "set_relative_P", "set_recall", "set_F", "set_map"} | {
    f"{name}.{CUTOFFS}" for name in ("ndcg_cut", "map_cut", "recall", "P", "relative_P", "success")
} | {"Rprec_mult.0.2,0.35,0.6,1.4,5.0"}
NAMES = ["d", "doc-", "D", "Ärzte", "หมา", "कुत्ता", "𝛼", "e\u0301", "é", "z|"]


def score(r):
    kind = r.random()
    if kind < 0.5:
        return round(r.random() * 4) / 4  # exact ties
    if kind < 0.8:
        return 1 + r.randrange(8) * 1e-9  # ties as float32 only
    return r.gauss(0, 10)


def main():
    r = random.Random(20230701)
    run, qrels = {}, {}
    for q in range(48):
        query = f"{r.choice(['q', 'Q', 'ñ', 'ถ'])}{q}"
        documents = [f"{r.choice(NAMES)}{i}" for i in range(r.choice([1, 4, 30, 150]))]
        if q % 7 != 6:
            found = r.sample(documents, r.randint(1, len(documents)))
            run[query] = {d: score(r) for d in found}
        if q % 11 != 10:
            grades = [0] if q % 9 == 8 else [-1, 0, 0, 1, 1, 2, 3]
            judged = r.sample(documents, r.randint(1, len(documents)))
            qrels[query] = {d: r.choice(grades) for d in judged} | {"nowhere": 0}
            if q % 5 == 0:
                qrels[query]["never-found"] = 2

    values = pytrec_eval.RelevanceEvaluator(qrels, MEASURES).evaluate(run)
    for query, of in pytrec_eval.RelevanceEvaluator(qrels, {"set_F.4.0"}).evaluate(run).items():
        values[query]["set_F(beta=2)"] = of["set_F"]  # its parameter is beta squared
    names = sorted(next(iter(values.values())))
    means = dict.fromkeys(names, 0.0)
    for query in sorted(values, key=str.encode):
        for name in names:
            means[name] += values[query][name]
    values["all"] = {name: total / len(qrels) for name, total in means.items() if name not in COUNTS}

    def write(name, rows):
        text = "".join("\t".join(row) + "\n" for row in rows)
        (HERE / name).write_text(text, encoding="utf-8", newline="\n")

    write("pytrec_eval.run", ((q, d, repr(s)) for q in run for d, s in run[q].items()))
    write("pytrec_eval.qrels", ((q, d, str(g)) for q in qrels for d, g in qrels[q].items()))
    write("pytrec_eval.tsv", ((n, q, values[q][n].hex()) for q in values for n in names if n in values[q]))


main()
