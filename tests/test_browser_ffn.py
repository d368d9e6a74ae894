"""The feed-forward page in a real browser: neurons as the model has them, and one switched off."""

import re

import numpy as np
import pytest
from playwright.sync_api import Page, expect

import model
from app.kit.numbers import signed

PROMPT = "Once upon a time"
expect.set_options(timeout=20_000)


def rows(page: Page):
    return page.locator(".st-key-neurons .neuron")


def neuron_numbers(page: Page) -> list[int]:
    expect(rows(page)).to_have_count(8)
    return [int(number) for number in rows(page).evaluate_all("rows => rows.map(row => row.dataset.neuron)")]


@pytest.mark.parametrize("name", ["storyteller-classic", "tiny", "storyteller"])
def test_the_most_active_neurons_are_the_model_s(visit, name):
    page = visit(f"/ffn?model={name}&prompt={PROMPT}&layer=2&query=1")
    trace = model.run_trace(model.load(name), PROMPT)
    post = trace["blocks.2.mlp.hook_expert_post"][1, 0] if name == "storyteller" else trace["blocks.2.mlp.hook_post"][1]
    shown = neuron_numbers(page)
    np.testing.assert_allclose(np.abs(post)[shown], np.sort(np.abs(post))[::-1][:8], rtol=1e-4)
    expect(rows(page).first.locator(".figure")).to_have_text(signed(float(post[shown[0]]), 3))


def test_a_click_switches_a_neuron_off_and_another_one_on_again(visit):
    page = visit(f"/ffn?model=storyteller&prompt={PROMPT}&layer=4")
    lm = model.load("storyteller")
    plain = model.run_trace(lm, PROMPT)
    expert = int(plain["blocks.4.mlp.hook_expert_indices"][-1, 0])
    neuron = neuron_numbers(page)[0]
    rows(page).first.click()
    expect(page).to_have_url(re.compile(f"neuron={neuron}"))
    expect(page.locator("h4", has_text="switched off")).to_contain_text(f"Neuron {neuron} of layer 4")
    expect(rows(page).first).to_have_attribute("aria-pressed", "true")
    off = model.run_trace(lm, PROMPT, interventions=[model.AblateNeuron(4, neuron, expert)])
    bars = page.locator(".st-key-before_after")
    for trace in (plain, off):
        best = model.distribution(trace.logits[-1]).max()
        expect(bars.locator(".words").first).to_contain_text(re.compile(f"{100 * best:.1f}"[:3]))
    rows(page).first.click()
    expect(page.locator(".st-key-before_after")).to_have_count(0)


def test_experts_of_the_token_come_first_and_others_can_be_seen(visit):
    page = visit(f"/ffn?model=storyteller&prompt={PROMPT}&layer=3")
    trace = model.run_trace(model.load("storyteller"), PROMPT)
    indices = trace["blocks.3.mlp.hook_expert_indices"][-1]
    weights = trace["blocks.3.mlp.hook_expert_weights"][-1]
    chosen = f"Choice 1 of this token: expert {indices[0]}, weight {weights[0]:.3f}"
    expect(page.locator(".st-key-network input")).to_have_value(chosen)
    page.locator(".st-key-network input").click()
    options = page.get_by_role("option")
    expect(options.nth(1)).to_contain_text(f"expert {indices[1]}, weight {weights[1]:.3f}")
    expect(options.nth(2)).to_contain_text("Shared expert")
    options.nth(2).click()
    expect(page).to_have_url(re.compile("network=shared"))
    expect(page.locator("h4").first).to_contain_text("shared expert")
    other = next(expert for expert in range(8) if expert not in indices)
    unchosen = visit(f"/ffn?model=storyteller&prompt={PROMPT}&layer=3&network=expert{other}")
    expect(unchosen.get_by_text(f"did not choose expert {other}")).to_be_visible()


def test_a_neuron_that_another_network_does_not_have_is_forgotten(visit):
    page = visit(f"/ffn?model=storyteller-classic&prompt={PROMPT}&neuron=570")
    expect(page.locator("h4", has_text="switched off")).to_contain_text("Neuron 570")
    page = visit(f"/ffn?model=tiny&prompt={PROMPT}&neuron=570")
    expect(page.get_by_text("Click a neuron above")).to_be_visible()
