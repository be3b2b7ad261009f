"""Writes csls.json: CSLS of random vectors by its definition, in numpy.

    python3 make_csls.py > csls.json

Needs numpy. Query i is of group i % 2; the neighbours of a document are among the queries of a group.
"""

import json

import numpy

random = numpy.random.default_rng(1)
D, K, QUERIES, DOCUMENTS = 6, 3, 11, 17
vectors = random.integers(-16, 17, (QUERIES + DOCUMENTS, D))
queries, documents = vectors[:QUERIES], vectors[QUERIES:]
similarity = (queries / 16) @ (documents / 16).T


def nearest(rows):
    """Mean of the K largest values of each row, of all where there are fewer."""
    return numpy.sort(rows, axis=1)[:, -K:].mean(axis=1)


of_queries = nearest(similarity)
group = numpy.arange(QUERIES) % 2
of_documents = numpy.stack([nearest(similarity[group == g].T) for g in range(2)])
scores = 2 * similarity - of_queries[:, None] - of_documents[group]
print(json.dumps({"d": D, "k": K, "queries": queries.ravel().tolist(), "documents": documents.ravel().tolist(),
                  "scores": scores.ravel().tolist()}))
