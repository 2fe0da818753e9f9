"""The document with the tables: each section between marks of its own."""


def check(path, names):
    """Ends the program unless the document has a place for each of these tables."""
    for name in names:
        replaced(path.read_text(encoding="utf-8"), name, "")


def put(path, name, markdown):
    """Puts a table into the document, in place of the one that is there."""
    path.write_text(replaced(path.read_text(encoding="utf-8"), name, markdown), encoding="utf-8")


def replaced(text, name, markdown):
    """The text with another section."""
    mark, end = f"<!-- table: {name} -->", f"<!-- /table: {name} -->"
    before, found, rest = text.partition(mark)
    _, closed, after = rest.partition(end)
    if not found or not closed:
        raise SystemExit(f"the document has no place for this table: {mark} and {end}")
    return f"{before}{mark}\n{markdown.strip()}\n{end}{after}"
