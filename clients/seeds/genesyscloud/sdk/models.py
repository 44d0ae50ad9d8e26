# Bodies of requests: what they are made with, in the names that the API has.
class _Body:
    def __init__(self, **members):
        self.members = members


class EventStreamBody(_Body):
    pass


class EventStreamDestinationBody(_Body):
    pass


def plain(value):
    """As JSON has it: `event_types` is `eventTypes`."""
    if isinstance(value, list):
        return [plain(one) for one in value]
    if not isinstance(value, _Body):
        return value
    out = {}
    for name, member in value.members.items():
        first, *rest = name.split("_")
        out[first + "".join(word.capitalize() for word in rest)] = plain(member)
    return out
