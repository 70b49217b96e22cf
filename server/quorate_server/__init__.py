"""The Quorate gateway: an OpenAI-compatible server in front of reasoning engines."""
