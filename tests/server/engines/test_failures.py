import pytest

from quorate_server.engines.failures import SHOWN_LINES, explain

PREFIX = "(EngineCore pid=12) ERROR 11-23 09:32:30 [core.py:1] "
KV_CACHE = (
    "ValueError: To serve at least one request with the model's max seq len (40960), (4.38 GiB KV"
    " cache is needed, which is larger than the available KV cache memory (1.0 GiB). …"
)


@pytest.mark.parametrize(
    ("line", "word"),
    [
        ("OSError: nope/x is not a local folder and is not a valid model identifier", "not found"),
        ("ValueError: Invalid repository ID or local directory specified: 'nope'.", "not found"),
        ("huggingface_hub.errors.RepositoryNotFoundError: 404 Client Error.", "not found"),
        ("huggingface_hub.errors.GatedRepoError: 403 Client Error.", "HF_TOKEN"),
        ("OSError: You are trying to access a gated repo.", "HF_TOKEN"),
        ("huggingface_hub.errors.LocalEntryNotFoundError: Cannot find …", "no connection"),
        ("torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2 GiB", "GPU's memory"),
        ("ValueError: … is less than desired GPU memory utilization (0.9, 70 GiB).", "holds"),
        ("RuntimeError: [enforce fail] DefaultCPUAllocator: can't allocate memory", "machine's"),
        ("MemoryError", "machine's memory"),
        (KV_CACHE, "--max-model-len"),
        ("ValueError: No available memory for the cache blocks. Try …", "KV cache"),
        ("OSError: [Errno 98] Address already in use", "port"),
        ("/usr/bin/python: Error … (ModuleNotFoundError: No module named 'vllm')", "quorate[cpu]"),
        ("Model architectures ['FooForCausalLM'] are not supported for now.", "FooForCausalLM"),
        ("load has model type `foo9` but Transformers does not recognize this", "foo9"),
        ("api_server.py: error: unrecognized arguments: --no-such-thing", "--no-such-thing"),
        ("api_server.py: error: argument --dtype: invalid choice: 'x' (choose …)", "'x'"),
        ("RuntimeError: Failed to infer device type, please set the environment", "quorate[cpu]"),
    ],
)
def test_a_known_failure_is_one_sentence_with_the_line_that_tells_it(line: str, word: str) -> None:
    log = ["INFO 11-23 starting", PREFIX + line, *["INFO … shutting down"] * 3]
    failure = explain(log, 1)
    assert word in failure.message
    assert "\n" not in failure.message
    assert line in failure.log_lines


def test_prefixes_and_repetitions_are_left_out() -> None:
    failure = explain([PREFIX + "ValueError: odd", "ValueError: odd"] * 5, 1)
    assert failure.log_lines == ("ValueError: odd",)


def test_what_only_sounds_like_an_error_is_not_shown() -> None:
    warning = "(APIServer pid=1) WARNING 11-23 09:31:43 [a.py:2] errors like `OSError: [Errno 24]`"
    usage = "[--log-level {CRITICAL,ERROR,WARNING}]"
    assert explain([warning, usage, "KeyError: 'x'"], 1).log_lines == ("KeyError: 'x'",)


def test_a_silent_kill_is_the_memory() -> None:
    assert "memory" in explain(["INFO loading"], 137).message


def test_an_unknown_failure_shows_its_errors_or_else_its_last_lines() -> None:
    failure = explain(["INFO a", "FooError: b", "INFO c"], 3)
    assert "3" in failure.message
    assert failure.log_lines == ("FooError: b",)
    plain = [f"line {i}" for i in range(50)]
    assert explain(plain, 3).log_lines == tuple(plain[-SHOWN_LINES:])


def test_the_telling_line_is_shown_however_many_errors_follow() -> None:
    log = ["MemoryError", *[f"FooError: {i}" for i in range(50)]]
    failure = explain(log, 1)
    assert failure.log_lines[0] == "MemoryError"
    assert len(failure.log_lines) == SHOWN_LINES
