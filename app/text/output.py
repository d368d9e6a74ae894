"""The next-token page."""

TEXT = {
    "title": {"en": "Next token", "zh": "下一个词元"},
}
