"""The one exception that means "the person can fix this"."""


class BadInput(ValueError):
    """Input that cannot be used: one clear sentence that says what to do.

    Args:
        code: stable identifier such as ``"empty_prompt"``; the app translates by it.
        message: the English sentence; ``str(error)`` returns it.
        values: the named values inside the sentence, for translations to fill in.
    """

    def __init__(self, code: str, message: str, **values: object):
        super().__init__(message)
        self.code = code
        self.values = values
