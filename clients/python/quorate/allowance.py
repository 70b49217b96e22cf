"""How much of a deadline the network takes."""

GAIN = 1 / 8
DEVIATION_GAIN = 1 / 4
DEVIATIONS = 2
"""The estimator of RFC 6298 (TCP's retransmission timer), with half of its margin: a time that was
measured too short costs an answer, one too long the thinking it could have had."""
BACK_OFF = 4
"""The network's time cannot be measured by a call that it made late, only be taken for longer."""
LEAST_S = 0.005
MOST_SHARE = 0.25


class NetworkAllowance:
    """Learns what a call takes beyond the server's own time, which is kept back from its budget.

    It is at least 5 ms and at most a quarter of what remains, however bad the network was.
    """

    def __init__(self) -> None:
        self._learned: tuple[float, float] | None = None
        self._backed_off_s = 0.0

    def learn(self, client_s: float, server_s: float) -> None:
        """One call: how long it took here, and how long the server says that it took there."""
        seen = max(0.0, client_s - server_s)
        self._backed_off_s = min((1 - DEVIATION_GAIN) * self._backed_off_s, 2 * seen)
        if self._learned is None:
            self._learned = (seen, seen / 2)
            return
        mean, deviation = self._learned
        deviation += DEVIATION_GAIN * (abs(mean - seen) - deviation)
        self._learned = (mean + GAIN * (seen - mean), deviation)

    def learn_late(self, kept_s: float) -> None:
        """One call that was not back in time, though `kept_s` had been kept back of its budget.

        Calls under way together, which all had as much kept back, teach this once.
        """
        self._backed_off_s = max(self._backed_off_s, BACK_OFF * kept_s)

    def of(self, remaining_s: float) -> float:
        """Seconds to keep back of those that remain."""
        mean, deviation = self._learned or (0.0, 0.0)
        wanted = max(LEAST_S, self._backed_off_s, mean + DEVIATIONS * deviation)
        return min(wanted, MOST_SHARE * max(0.0, remaining_s))
