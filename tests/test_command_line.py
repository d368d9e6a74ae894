"""`python -m model`: what it prints, its JSON, its exit status, and how it says no."""

import json
import math
import os
import pickle
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from model import load, run_trace
from model.__main__ import COMMANDS, main
from model.commands.common import percent, table

ROOT = Path(__file__).resolve().parent.parent


def run(capsys, *arguments: str) -> str:
    """Standard output of a command that succeeds in silence."""
    assert main(list(arguments)) == 0
    printed = capsys.readouterr()
    assert printed.err == ""
    return printed.out


def refused(capsys, *arguments: str) -> str:
    """The one line on standard error of a command that is refused with status 2."""
    try:
        status = main(list(arguments))
    except SystemExit as stopped:  # argparse leaves this way
        status = stopped.code
    printed = capsys.readouterr()
    assert status == 2
    assert printed.out == ""
    assert printed.err.count("\n") == 1 and printed.err.endswith("\n")
    assert "Traceback" not in printed.err
    return printed.err


def start(*arguments, **options) -> subprocess.Popen:
    """The real thing, as a process of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "model", *arguments], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options
    )


def test_list_names_what_can_be_loaded(capsys):
    entries = json.loads(run(capsys, "list", "--json"))
    by_name = {entry["name"]: entry for entry in entries}
    assert {"name", "available", "parameters", "attention", "feed_forward"} <= entries[0].keys()
    assert by_name["tiny"]["available"] and by_name["tiny"]["parameters"] == load("tiny").parameters
    assert by_name["smollm2"]["parameters"] == 134_515_008 and by_name["smollm2"]["attention"] == "GQA"
    printed = run(capsys, "list")
    assert all(name in printed for name in by_name)


def test_next_is_the_distribution_of_the_trace(capsys):
    found = json.loads(run(capsys, "next", "Once upon", "--model", "tiny", "--top", "300", "--json"))
    assert found.keys() == {"model", "prompt", "tokens", "next"}
    assert (found["model"], found["prompt"], "".join(found["tokens"])) == ("tiny", "Once upon", "Once upon")
    logits = run_trace(load("tiny"), "Once upon").logits[-1].astype(float)
    expected = np.exp(logits - logits.max()) / np.exp(logits - logits.max()).sum()
    assert len(found["next"]) == 257  # all there are
    assert [entry["rank"] for entry in found["next"]] == list(range(1, 258))
    for entry in found["next"]:
        assert entry.keys() == {"token", "id", "probability", "rank"}
        assert entry["probability"] == pytest.approx(expected[entry["id"]], rel=1e-3)
    assert math.fsum(entry["probability"] for entry in found["next"]) == pytest.approx(1)


def test_next_of_a_real_model(capsys, smollm2_file):
    found = json.loads(run(capsys, "next", "The capital of France is", "--model", "smollm2", "--top", "3", "--json"))
    assert [entry["token"] for entry in found["next"]] == [" Paris", " the", " London"]
    assert [round(entry["probability"], 3) for entry in found["next"]] == [0.773, 0.065, 0.012]
    lines = run(capsys, "next", "The capital of France is", "--model", str(smollm2_file), "--top", "3").splitlines()
    assert len(lines) == 4 and "·Paris" in lines[1] and "77." in lines[1]


def test_next_says_that_untrained_weights_mean_nothing(capsys):
    assert "untrained" in run(capsys, "next", "Hi", "--model", "tiny")


def test_percentages_are_never_falsely_zero():
    assert [percent(p) for p in (1.0, 0.773, 0.004, 0.0001, 0.00009, 0.0)] == [
        "100.00 %",
        "77.30 %",
        "0.40 %",
        "0.01 %",
        "< 0.01 %",
        "< 0.01 %",
    ]


def test_tables_stay_aligned_with_chinese():
    assert table([["A", "B"], ["你好", "1"], ["x", "22"]], right={1}) == "A      B\n你好   1\nx     22"


def test_generate_is_repeatable_and_adds_up(capsys):
    arguments = ("generate", "Once", "--model", "tiny", "--max-new-tokens", "12", "--seed", "3")
    first, second = (json.loads(run(capsys, *arguments, "--json")) for _ in range(2))
    assert first == second
    assert first.keys() == {"model", "prompt", "text", "tokens"}
    assert len(first["tokens"]) <= 12
    assert run(capsys, *arguments).startswith("Once")


def test_generate_never_sends_control_characters_to_the_terminal(capsys):
    printed = run(capsys, "generate", "\x1b[31mred\x07", "--model", "tiny", "--max-new-tokens", "40", "--seed", "1")
    assert not set(printed) & {"\x1b", "\x07", "\x00", "\r"}


def test_trace_writes_every_array_by_its_hook_name(capsys, tmp_path):
    out = tmp_path / "t.npz"
    told = json.loads(run(capsys, "trace", "Hi you", "--model", "tiny", "--out", str(out), "--json"))
    expected = run_trace(load("tiny"), "Hi you")
    with np.load(out) as file:  # allow_pickle is off: nothing in it may need it
        assert set(file.files) == {*expected, "tokens", "ids"}
        assert file["tokens"].tolist() == list(expected.tokens)
        for name in expected:
            np.testing.assert_array_equal(file[name], expected[name])
            assert told["arrays"][name] == list(file[name].shape)
    assert os.listdir(tmp_path) == ["t.npz"]


def test_fetch_prints_where_the_file_is(capsys, smollm2_file):
    assert main(["fetch", "smollm2"]) == 0
    assert capsys.readouterr().out.strip() == str(smollm2_file)


def test_memory_is_plugged_in(capsys):
    told = json.loads(run(capsys, "memory", "deepseek-v3", "--dtype", "bf16", "--json"))
    assert told["bytes_per_token"] == 70_272


def test_bad_input_gets_one_line(capsys, tmp_path):
    (tmp_path / "pickle.gguf").write_bytes(pickle.dumps([1]))
    (tmp_path / "folder").mkdir()
    for arguments, named in (
        (["next", ""], "empty"),
        (["next", "x" * 200_000, "--model", "tiny"], "shorten it"),
        (["next", "x", "--model", "nowhere/at/all"], "no model or path"),
        (["next", "x", "--model", "\0"], "no model or path"),
        (["next", "x", "--model", "y" * 5000], "no model or path"),
        (["next", "x", "--model", str(tmp_path / "pickle.gguf")], "not a whole GGUF"),
        (["next", "x", "--model", str(tmp_path / "folder")], "config.json is missing"),
        (["next", "x", "--top", "0"], "--top must be 1 or more"),
        (["next", "x", "--top", "many"], "invalid int value"),
        (["next"], "PROMPT"),
        (["next", "x", "--wrong"], "unrecognized"),
        (["generate", "x", "--temperature", "-1"], "Temperature"),
        (["generate", "x", "--temperature", "nan"], "Temperature"),
        (["generate", "x", "--top-p", "0"], "Top-p"),
        (["generate", "x", "--top-k", "-3"], "Top-k"),
        (["generate", "x", "--max-new-tokens", "-3"], "number of new tokens"),
        (["generate", "x", "--seed", "-3"], "seed"),
        (["trace", "x"], "--out"),
        (["trace", "x", "--out", str(tmp_path)], "it is a folder"),
        (["trace", "x", "--out", str(tmp_path / "none" / "t.npz")], "there is no folder"),
        (["fetch", "gpt5"], "smollm2"),
        (["juggle"], "juggle"),
        ([], "COMMAND"),
    ):
        assert named in refused(capsys, *arguments), arguments


@pytest.mark.parametrize("prompt", ["   ", "\n", "\t\x01\x1b", "<script>alert(1)</script>", "$x$ :red[x]", "🦊你好"])
def test_odd_prompts_are_just_text(capsys, prompt):
    assert json.loads(run(capsys, "next", prompt, "--model", "tiny", "--json"))["prompt"] == prompt


@pytest.mark.parametrize("command", [[], *([name] for name in COMMANDS)])
def test_help_everywhere(capsys, command):
    with pytest.raises(SystemExit) as stopped:
        main([*command, "--help"])
    assert stopped.value.code == 0
    printed = capsys.readouterr().out
    assert "usage: python -m model" in printed and "--help" in printed


def test_a_command_line_that_is_no_utf8():
    process = start(b"next", b"caf\xe9", b"--model", b"tiny", b"--json")
    out, err = process.communicate(timeout=120)
    assert (process.returncode, err) == (0, b"")
    assert json.loads(out)["prompt"] == "caf\ufffd"


def test_a_terminal_without_unicode_still_gets_an_answer():
    process = start("next", "你好", "--model", "tiny", env=os.environ | {"PYTHONIOENCODING": "ascii"})
    out, err = process.communicate(timeout=120)
    assert (process.returncode, err) == (0, b"")
    assert b"PROBABILITY" in out


def test_the_prompt_may_come_from_standard_input():
    process = start("next", "-", "--model", "tiny", "--json", stdin=subprocess.PIPE)
    out, _ = process.communicate(b"Once upon\n", timeout=120)
    assert json.loads(out)["prompt"] == "Once upon\n"


def test_a_reader_that_leaves_early_is_no_error():
    """As in `python -m model generate ... | head -c 1`."""
    with start("generate", "Once", "--model", "tiny", "--max-new-tokens", "400") as process:
        process.stdout.read(1)
        process.stdout.close()
        assert process.wait(120) == 0
        assert process.stderr.read() == b""


def test_ctrl_c_is_quiet():
    # Seconds of work: the tiny model may have ended by now, and so may a story of another seed.
    process = start("generate", "Once", "--model", "storyteller", "--max-new-tokens", "500", "--seed", "0")
    process.stdout.read(1)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=120)
    assert (process.returncode, err) == (130, b"")


def test_help_loads_no_torch():
    """Guards against an import at the top that makes --help take seconds: what is loaded is counted, not timed."""
    asked = [sys.executable, "-X", "importtime", "-m", "model", "--help"]
    said = subprocess.run(asked, capture_output=True, text=True, check=True, cwd=ROOT)
    loaded = {line.rsplit("|", 1)[-1].strip() for line in said.stderr.splitlines()}
    assert "usage: python -m model" in said.stdout and "model.errors" in loaded
    assert not loaded & {"torch", "numpy", "model.config"}
