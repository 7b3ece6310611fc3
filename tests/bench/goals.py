"""What a benchmark has to reach, said the same way by all of them, so that tests/bench/all can put it into a table."""

import sys


class Goals:
    """Lines `goal: NAME | VALUE | WANTED | met`; at the end the exit status."""

    def __init__(self):
        self.missed = []

    def _say(self, name, value, wanted, is_met):
        print(f"goal: {name} | {value} | {wanted} | {'met' if is_met else 'MISSED'}", flush=True)
        if not is_met:
            self.missed.append(name)

    def at_most(self, name, value, most, unit=""):
        self._say(name, f"{value:.4g}{unit}", f"≤ {most:g}{unit}", value <= most)

    def at_least(self, name, value, least, unit=""):
        self._say(name, f"{value:.4g}{unit}", f"≥ {least:g}{unit}", value >= least)

    def end(self):
        sys.exit(f"missed: {', '.join(self.missed)}" if self.missed else 0)
