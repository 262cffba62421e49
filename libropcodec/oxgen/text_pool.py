"""Texts in one array, so that generated tables hold offsets instead of pointers, which a loader would
have to relocate."""


class Pool:
    """Texts one after the other, each with its terminator; `at` gives a text's offset."""

    def __init__(self):
        self.size, self.places, self.pieces = 0, {}, []

    def add(self, text):
        place = self.size
        self.places[text] = place
        self.pieces.append(text)
        self.size += len(text.encode()) + 1
        return place

    def at(self, text):
        return self.places[text] if text in self.places else self.add(text)

    def source(self, name):
        out = [f"const char {name}[] ="]
        for text in self.pieces:
            out.append('  "' + text.replace("\\", "\\\\").replace('"', '\\"') + '\\0"')
        out[-1] += ";"
        return out
