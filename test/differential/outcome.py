"""What can come of a case: an error of the server, a failure of the test, a case that is of no use."""


class Error:
    """An error of the server as the outcome of a call."""

    def __init__(self, error):
        self.code = error.pgcode or ""
        self.text = str(error).strip()

    def __str__(self):
        return f"{self.code} {self.text}"


class Failure(Exception):
    """The outcome is not what the oracle predicted."""

    def __init__(self, kind, expected, got):
        super().__init__(f"{kind}: expected {expected}, got {got}")
        self.kind, self.expected, self.got = kind, str(expected), str(got)


class Invalid(Exception):
    """The case cannot be set up, or the oracle could not judge it."""
