"""How often each production of the grammar and each function was in a query that was compared."""


class Coverage:
    """Chooses among productions, rare ones more often until each has its share.

    Each is to be in one query of 400 at least."""

    def __init__(self, rng, total):
        self.rng = rng
        self.total = max(total, 1)
        self.wanted = total / 400
        self.counts = {}
        self.made = 0
        self.current = set()

    def register(self, names):
        for name in names:
            self.counts.setdefault(name, 0)

    def hit(self, name):
        self.counts.setdefault(name, 0)
        self.current.add(name)

    def maybe(self, name, probability):
        """True with the probability, more often while the production is rare."""
        self.register([name])
        if self.rng.random() < min(0.9, probability * self._boost(name)):
            self.hit(name)
            return True
        return False

    def pick(self, prefix, weights):
        """One key of `weights`, counted as prefix.key."""
        names = list(weights)
        self.register(f"{prefix}.{name}" for name in names)
        effective = [weights[name] * self._boost(f"{prefix}.{name}") for name in names]
        chosen = self.rng.choices(names, effective)[0]
        self.hit(f"{prefix}.{chosen}")
        return chosen

    def finish_query(self):
        """Ends the query that was being made; its productions, counted."""
        for name in self.current:
            self.counts[name] += 1
        self.made += 1
        self.current = set()

    def rare(self):
        """Productions below their share of the queries made."""
        share = self.wanted * min(1.0, self.made / self.total)
        return sorted(name for name, count in self.counts.items() if count < share)

    def report(self):
        """A table: the group, the production, in how many queries it was."""
        rows = []
        for name, count in sorted(self.counts.items()):
            group, _, rest = name.partition(".")
            rows.append(f"{group:<20} {rest or group:<34} {count:>6}")
        height = (len(rows) + 1) // 2
        return "\n".join(f"  {left}   | {right}".rstrip() for left, right in
                         zip(rows[:height], rows[height:] + [""]))

    def _boost(self, name):
        share = 2 * self.wanted * (self.made + 20) / self.total
        return 6 if self.counts.get(name, 0) < share else 1
