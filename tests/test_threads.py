"""One model, many sessions: a web server runs each in a thread of its own."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch

import model
from model.trace import Trace, run_trace
from tests.random_models import LATENT, random_model

THREADS, PROMPTS = 8, 50


@pytest.fixture(autouse=True, scope="module")
def one_core_each():
    """Eight sessions that want two cores each would only wait for each other."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def assert_equal(one: Trace, other: Trace) -> None:
    assert list(one) == list(other)
    for name in one:
        np.testing.assert_array_equal(one[name], other[name], err_msg=name)


def prompts(count: int) -> list[str]:
    """Different texts of different lengths, Chinese among them."""
    return [f"{number} times {'ab' * (number % 7)}{'你好' if number % 3 == 0 else ''}." for number in range(count)]


@pytest.mark.parametrize(
    "make", [lambda: model.load("tiny"), lambda: random_model(LATENT)], ids=["tiny", "latent, experts"]
)
def test_every_array_is_the_one_captured_alone(make):
    """Guards against hooks that mix sessions up: registered per call, 597 of 600 captures were contaminated."""
    lm = make()
    texts = prompts(PROMPTS)
    alone = [run_trace(lm, text) for text in texts]

    def session(thread: int) -> None:
        for step in range(PROMPTS):
            number = (step * 7 + thread * 13) % PROMPTS  # every thread in another order
            assert_equal(run_trace(lm, texts[number]), alone[number])

    with ThreadPoolExecutor(THREADS) as pool:
        for done in [pool.submit(session, thread) for thread in range(THREADS)]:
            done.result()


def test_light_traces_and_generations_side_by_side():
    """Different kinds of work at once: none leaves anything behind for another."""
    lm = model.load("tiny")
    texts = prompts(12)
    works = [
        lambda text: run_trace(lm, text, capture="light").logits,
        lambda text: run_trace(lm, text, interventions=[model.NoMask()]).logits,
        lambda text: [step.id for step in model.generate(lm, text, max_new_tokens=5, seed=1)],
        lambda text: run_trace(lm, text)["blocks.2.attn.hook_z"],
    ]
    jobs = [(work, text) for text in texts for work in works]
    alone = [work(text) for work, text in jobs]
    with ThreadPoolExecutor(THREADS) as pool:
        together = list(pool.map(lambda job: job[0](job[1]), jobs))
    for one, other in zip(together, alone, strict=True):
        np.testing.assert_array_equal(one, other)


def test_the_real_model_too(smollm2):
    texts = prompts(THREADS)
    alone = [run_trace(smollm2, text, capture="light") for text in texts]
    with ThreadPoolExecutor(THREADS) as pool:
        for one, other in zip(
            pool.map(lambda text: run_trace(smollm2, text, capture="light"), texts), alone, strict=True
        ):
            assert_equal(one, other)
