from quorate_server.engines.phases import phase_in

LOG = """
(APIServer pid=1) INFO 11-23 [model.py:733] Resolved architecture: Qwen3ForCausalLM
(APIServer pid=1) WARNING 11-23 [vllm.py:1703] Enforce eager set, disabling torch.compile
(EngineCore pid=2) INFO 11-23 [core.py:133] Initializing a V1 LLM engine (v0.32.0) with config: …
(Worker pid=3) INFO 11-23 [cpu_model_runner.py:68] Starting to load model /m...
(Worker pid=3) INFO 11-23 [default_loader.py:501] Loading weights took 0.01 seconds
(EngineCore pid=2) INFO 11-23 [kv_cache_utils.py:2327] CPU KV cache size: 1,048,576 tokens
(EngineCore pid=2) INFO 11-23 [core.py:402] init engine (profile, …) took 2.79 s
"""


def test_a_start_is_told_step_by_step() -> None:
    assert [phase for line in LOG.splitlines() if (phase := phase_in(line))] == [
        "starting the engine core",
        "starting the worker",
        "loading the weights",
        "laying out the KV cache",
        "warming up",
        "opening the API",
    ]
