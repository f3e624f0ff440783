"""The events that last now, from messages that may arrive twice or be too late."""

from collections import OrderedDict

# Ended events whose late messages are still recognized.
REMEMBERED = 1000


class OpenEvents:
    """Events by id, each with its newest message."""

    def __init__(self):
        self._open = OrderedDict()
        self._seen = OrderedDict()

    def take(self, event):
        """Takes a message of `P/NAME/event`; returns whether it is new.

        Delivery is at least once: a message with a `seq` that is not higher than an earlier one of its id is a duplicate.
        """
        name = event["id"]
        if event["seq"] <= self._seen.get(name, -1):
            return False
        self._seen[name] = event["seq"]
        self._seen.move_to_end(name)
        while len(self._seen) > REMEMBERED:
            self._seen.popitem(last=False)
        if event["type"] == "end":
            self._open.pop(name, None)
        else:
            self._open[name] = event
        return True

    def clear(self):
        """Ends all events, because the pipeline has stopped; returns whether there were any."""
        had_any = bool(self._open)
        self._open.clear()
        return had_any

    def __iter__(self):
        return iter(self._open.values())
