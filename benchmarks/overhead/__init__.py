"""What a gateway costs: requests/s and latency in front of an upstream that answers at once."""
