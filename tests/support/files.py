"""Small files of the kinds that pages show."""

from io import BytesIO


def pdf(text: str) -> bytes:
    """A PDF of one page with a line on it."""
    shown = f"BT /F 24 Tf 40 100 Td ({text}) Tj ET".encode()
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 300 200]/Contents 4 0 R/Resources<</Font<</F 5 0 R>>>>>>",
        b"<</Length %d>>stream\n%s\nendstream" % (len(shown), shown),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    ]
    whole, places = bytearray(b"%PDF-1.4\n"), []
    for number, content in enumerate(objects, 1):
        places.append(len(whole))
        whole += b"%d 0 obj%s endobj\n" % (number, content)
    table = len(whole)
    whole += b"xref\n0 6\n0000000000 65535 f \n" + b"".join(b"%010d 00000 n \n" % place for place in places)
    return bytes(whole + b"trailer<</Size 6/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF" % table)


def png() -> bytes:
    """A picture of a few pixels."""
    from PIL import Image

    content = BytesIO()
    Image.new("RGB", (40, 30), "teal").save(content, "PNG")
    return content.getvalue()


def parquet(rows: int) -> bytes:
    """A table of two columns, `id` and `plan`."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    content = BytesIO()
    pq.write_table(pa.table({"id": list(range(rows)), "plan": ["<b>pro</b>"] * rows}), content)
    return content.getvalue()
