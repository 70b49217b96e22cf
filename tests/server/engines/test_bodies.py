from quorate_sampling.engine import Abilities, Continuation, Draw
from quorate_server.engines.bodies import continuation_body, draw_body, prompt_body

ALL = Abilities(True, True, True, True, True)
BODY = {
    "model": "m",
    "messages": [{"role": "user", "content": "hi"}],
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
