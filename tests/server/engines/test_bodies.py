from dataclasses import replace

from quorate_sampling.engine import Abilities, Continuation, Draw
from quorate_sampling.turns import Turn
from quorate_server.engines.bodies import continuation_body, draw_body, prompt_body

ALL = Abilities(True, True, True, True, True)
MESSAGES = [{"role": "user", "content": "hi"}]
BODY = {
    "model": "m",
    "messages": MESSAGES,
    "temperature": 0.6,
    "top_k": 20,
    "n": 4,
    "include_reasoning": False,
    "stream_options": {"include_usage": False},
    "max_tokens": 100,
    "some_new_field": [1],
}


def test_a_draw_is_one_streamed_choice_with_all_the_clients_fields() -> None:
    body = draw_body(Draw("s", BODY, seed=7, max_tokens=50, stream_interval=32), ALL)
    assert body == {
        "model": "m",
        "messages": BODY["messages"],
        "temperature": 0.6,
        "top_k": 20,
        "some_new_field": [1],
        "max_tokens": 50,
        "seed": 7,
        "stream": True,
        "stream_options": {"include_usage": True},
        "return_token_ids": True,
        "stream_interval": 32,
    }


def test_a_draw_of_plain_text_carries_nothing_of_a_chat() -> None:
    asked = {
        "model": "m",
        "prompt": "2+2=",
        "n": 3,
        "echo": False,
        "logprobs": 2,
        "max_tokens": 100,
        "max_completion_tokens": 90,
        "stream_options": {"include_usage": False},
    }
    body = draw_body(Draw("s", asked, chat=False, seed=7, max_tokens=50), ALL)
    assert body == {
        "model": "m",
        "prompt": "2+2=",
        "echo": False,
        "logprobs": 2,
        "max_tokens": 50,
        "seed": 7,
        "stream": True,
        "stream_options": {"include_usage": True},
        "return_token_ids": True,
        "stream_interval": 16,
    }


def test_the_clients_own_request_stays_as_it_was() -> None:
    before = dict(BODY)
    draw_body(Draw("s", BODY, max_tokens=1), ALL)
    assert before == BODY


def test_a_limit_goes_under_the_name_the_client_used() -> None:
    body = draw_body(Draw("s", {"max_completion_tokens": 9, "max_tokens": 8}, max_tokens=5), ALL)
    assert body["max_completion_tokens"] == 5
    assert "max_tokens" not in body


def test_an_engine_that_can_less_is_asked_for_less() -> None:
    body = draw_body(Draw("s", {"model": "m", "n": 2}), Abilities())
    assert body == {"model": "m", "stream": True}


def test_a_continuation_takes_the_sampling_settings_and_nothing_of_the_chat() -> None:
    asked = {
        **BODY,
        "stop": ["END"],
        "tools": [{}],
        "min_tokens": 30,
        "logprobs": True,
        "top_logprobs": 3,
        "response_format": {"type": "json_object"},
        "logit_bias": {"5": -100},
    }
    body = continuation_body(Continuation("s", asked, (1, 2, 3), max_tokens=16, seed=2), ALL)
    assert body == {
        "model": "m",
        "temperature": 0.6,
        "top_k": 20,
        "stop": ["END"],
        "response_format": {"type": "json_object"},
        "logit_bias": {"5": -100},
        "logprobs": 3,
        "prompt": [1, 2, 3],
        "max_tokens": 16,
        "seed": 2,
        "stream": True,
        "stream_options": {"include_usage": True},
        "return_token_ids": True,
        "stream_interval": 16,
    }


def test_log_probabilities_without_alternatives_are_asked_for_as_zero() -> None:
    body = continuation_body(Continuation("s", {"logprobs": True}, (1,), max_tokens=1), ALL)
    assert body["logprobs"] == 0


def test_a_prompt_is_tokenized_with_what_shapes_it() -> None:
    asked = {**BODY, "tools": [{"type": "function"}], "reasoning_effort": "none"}
    assert prompt_body(asked | {"chat_template_kwargs": {"enable_thinking": True}}) == {
        "model": "m",
        "messages": BODY["messages"],
        "tools": [{"type": "function"}],
        "chat_template_kwargs": {"reasoning_effort": "none", "enable_thinking": True},
    }


def test_a_thinking_budget_is_asked_for_where_it_is_kept() -> None:
    able = replace(ALL, thinking_budget=True)
    for theirs, sent in ((None, 60), (40, 40), (400, 60), (-1, 60), ("x", 60), (True, 60)):
        draw = Draw("s", BODY | {"thinking_token_budget": theirs}, thinking_tokens=60)
        assert draw_body(draw, able)["thinking_token_budget"] == sent
    assert "thinking_token_budget" not in draw_body(Draw("s", BODY, thinking_tokens=60), ALL)
    assert "thinking_token_budget" not in draw_body(Draw("s", BODY), able)


TURN_BODY = {**BODY, "logprobs": True, "response_format": {"type": "json_object"}}


def test_a_message_that_goes_on_is_the_assistants_last() -> None:
    turn = Turn("<t>\nhm\n</t>\n\n[")
    continuation = Continuation("s-answer", TURN_BODY, (), 40, seed=7, turn=turn)
    assert continuation_body(continuation, Abilities(goes_on=True)) == {
        "model": "m",
        "messages": [*MESSAGES, {"role": "assistant", "content": turn.said}],
        "continue_final_message": True,
        "add_generation_prompt": False,
        "temperature": 0.6,
        "top_k": 20,
        "some_new_field": [1],
        "logprobs": True,
        "response_format": {"type": "json_object"},
        "max_tokens": 40,
        "seed": 7,
        "stream": True,
    }


def test_an_answer_that_is_asked_for_has_a_turn_of_its_own() -> None:
    body = {**BODY, "chat_template_kwargs": {"x": 1}}
    continuation = Continuation("s-answer", body, (), 40, turn=Turn("hm", "Now?"))
    for able, kwargs in (
        (Abilities(), {"x": 1}),
        (Abilities(thinking_off=True), {"x": 1, "enable_thinking": False}),
    ):
        sent = continuation_body(continuation, able)
        assert sent["messages"][1:] == [
            {"role": "assistant", "content": "hm"},
            {"role": "user", "content": "Now?"},
        ]
        assert sent["chat_template_kwargs"] == kwargs
        assert "continue_final_message" not in sent
    assert BODY["messages"] == [{"role": "user", "content": "hi"}]


def test_a_thought_that_was_left_out_says_nothing() -> None:
    continuation = Continuation("s-answer", BODY, (), 40, turn=Turn("", "Now?"))
    roles = [m["role"] for m in continuation_body(continuation, Abilities())["messages"]]
    assert roles == ["user", "user"]


def test_a_grammar_stays_with_a_sample_that_goes_on() -> None:
    for grammar in (
        {"response_format": {"type": "json_object"}},
        {"structured_outputs": {"regex": "[0-9]+"}},
    ):
        sent = continuation_body(Continuation("s-answer", {**BODY, **grammar}, (1, 2), 40), ALL)
        assert sent.items() >= grammar.items()
        assert "messages" not in sent
