"""Compares every Parquet file in a folder, read by pyarrow and by polars, with the Arrow stream of the same name beside it.

python same_table.py FOLDER
"""
import pathlib
import sys

import polars
import pyarrow as pa
import pyarrow.parquet

for path in sorted(pathlib.Path(sys.argv[1]).glob("*.parquet")):
    want = pa.ipc.open_stream(path.with_suffix(".arrow")).read_all()
    got = pyarrow.parquet.read_table(path)
    got.validate(full=True)
    assert got.cast(want.schema).equals(want), path
    for field, expected in zip(got.schema, want.schema):
        assert field.nullable == expected.nullable, (path, field)
        assert field.type == expected.type or pa.types.is_list(field.type), (path, field)
    frame = polars.read_parquet(path)
    assert frame.equals(polars.from_arrow(want)), path
    assert frame.schema["vector"] == polars.Array(polars.Float32, 5), path
    print("ok", path.name, got.num_rows)
