"""The list of changes that tests have to catch stays true to the code it changes."""

import pytest

from tests.mutations import MUTATIONS, ROOT, mutated


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.name)
def test_a_change_finds_its_line_and_leaves_python(mutation):
    """Guards against a list that rots: a line that has moved on would be a change that nothing has to catch."""
    text = mutated(mutation)
    assert text is not None, f"{mutation.old!r} does not stand once in {mutation.file}"
    compile(text, mutation.file, "exec")
    assert (ROOT / mutation.test).is_file()
