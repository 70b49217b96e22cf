"""What the loss counts in whole thoughts, cut thoughts and prompts off topic."""

import random

import torch

from training.abacus.batches import IGNORED, by_length, collate
from training.abacus.examples import Example, Mixture, draw_example
from training.abacus.offtopic import INTRODUCTION, off_topic
from training.abacus.tokenizer import CLOSER, SPECIAL_TOKENS, build_tokenizer

LEVELS = {1: 1.0, 4: 1.0}
OPEN, CLOSE, EOS = (SPECIAL_TOKENS[token] for token in ("<think>", "</think>", "<|end|>"))
WHOLE = Mixture(cut=0, empty=0, off_topic=0, history=0)
CUT = Mixture(cut=1, empty=0, off_topic=0, history=0)


def draw(mixture: Mixture, count: int = 100) -> list[Example]:
    rng = random.Random(0)
    return [draw_example(rng, LEVELS, mixture) for _ in range(count)]


def test_a_whole_thought_counts_from_its_first_token_to_the_end() -> None:
    for example in draw(WHOLE):
        start = example.ids.index(OPEN) + 2
        assert not any(example.counted[:start])
        assert all(example.counted[start:])
        assert example.ids[-1] == EOS


def test_the_mark_that_cuts_a_thought_never_counts() -> None:
    for example in draw(CUT):
        place = example.ids.index(CLOSE)
        assert not example.counted[place]
        assert all(example.counted[place + 1 :])


def test_a_cut_thought_is_followed_by_the_closer_that_gateways_send() -> None:
    closed = [
        example.ids[place - 1 : place - 1 + len(CLOSER)] == CLOSER
        for example in draw(CUT)
        for place in [example.ids.index(CLOSE)]
    ]
    assert sum(closed) > len(closed) / 2


def test_prompts_off_topic_get_the_introduction() -> None:
    tokenizer = build_tokenizer()
    for example in draw(Mixture(cut=0, empty=0, off_topic=1, history=0), 20):
        assert tokenizer.decode(example.ids).endswith(f"</think>\n\n{INTRODUCTION}<|end|>")


def test_prompts_off_topic_hold_no_sum() -> None:
    drawn = {off_topic(random.Random(seed)) for seed in range(500)}
    assert len(drawn) > 250
    assert "12+34" not in " ".join(drawn)


def test_a_target_is_the_next_id_where_it_counts() -> None:
    batch = collate([Example([1, 2, 3], [False, True, True]), Example([4, 5], [False, True])])
    assert batch.ids.tolist() == [[1, 2, 3], [4, 5, 0]]
    assert batch.targets.tolist() == [[2, 3, IGNORED], [5, IGNORED, IGNORED]]


def test_batches_hold_every_example_and_no_more_than_the_limit() -> None:
    examples = draw(WHOLE)
    batches = list(by_length(examples, 512, random.Random(0)))
    assert max(batch.ids.numel() for batch in batches) <= 512
    assert sum(len(batch.ids) for batch in batches) == len(examples)
    counted = sum(sum(example.counted) for example in examples)
    assert sum(int(torch.sum(batch.targets != IGNORED)) for batch in batches) == counted
