"""Reads a page of Markdown: its fenced blocks, with what is printed behind them and the marks in front of them."""
import re
from dataclasses import dataclass, field
from typing import Optional

# A mark is a comment of one line directly in front of a block; examples.py says what each of them does.
MARKS = ("error", "not run", "run", "file", "complaint")


@dataclass
class Block:
    """A fenced block, or hidden SQL, whose language is "setup"."""

    line: int  # of its first line of text, counted from 1
    language: str  # "" where the fence names none
    text: str
    needs: list  # extensions, of the whole section
    marks: dict = field(default_factory=dict)
    output: Optional[str] = None  # the text of the block without language behind it
    output_line: int = 0


class MalformedPage(Exception):
    pass


class Reader:
    def __init__(self, text):
        self.lines = text.split("\n")
        self.position = 0  # of the line that comes next
        self.blocks = []
        self.marks = {}  # of the block to come
        self.needs = []
        self.printed_by = None  # the block whose output a block without language would be, here

    def read(self):
        while self.position < len(self.lines):
            line = self.lines[self.position].rstrip()
            self.position += 1
            if not line:
                continue
            fence = re.match(r"( *)(`{3,})([\w-]*)$", line)
            if fence:
                self.take_block(*fence.groups())
            elif line == "<!-- setup":
                self.blocks.append(Block(self.position + 1, "setup", self.text_up_to("-->"), self.needs))
                self.printed_by = None
            else:
                self.take_prose(line)
        return self.blocks

    def take_block(self, indent, fence, language):
        start = self.position + 1
        text = self.text_up_to(fence, indent)
        if not language and self.printed_by and not self.marks:
            self.printed_by.output, self.printed_by.output_line = text, start
            self.printed_by = None
            return
        self.blocks.append(Block(start, language, text, self.needs, self.marks))
        self.printed_by = self.blocks[-1] if language in ("sql", "sh") else None
        self.marks = {}

    def take_prose(self, line):
        self.printed_by = None
        comment = re.match(r" *<!-- (.*?) -->$", line)
        if not comment:
            self.marks = {}
            if line.startswith("#"):
                self.needs = []
            return
        name, value = re.match(r"(not run|\w+):? *(.*)", comment[1]).groups()
        if name == "needs":
            self.needs = value.split()
        elif name == "figures":  # of test/bench figures
            pass
        elif name in MARKS:
            self.marks[name] = value
        else:
            raise MalformedPage(f'line {self.position}: there is no mark "{name}"')

    def text_up_to(self, end, indent=""):
        start = self.position
        for number in range(start, len(self.lines)):
            if self.lines[number].strip() == end:
                self.position = number + 1
                return "\n".join(line.removeprefix(indent) for line in self.lines[start:number])
        raise MalformedPage(f"line {start}: what begins here has no end")


def read_page(text):
    """Its blocks, in their order. Raises MalformedPage."""
    return Reader(text).read()
