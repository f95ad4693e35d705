"""What makes the fuzzing reach beyond the signature: requests are signed, addresses name what exists, and records inside
base64 are real ones with one thing changed, signed anew.

Loaded by `cargo verify --only schemathesis`; every choice comes from Hypothesis, so that a seed repeats a run.
"""

import copy
import os
import sys

import schemathesis
from hypothesis import strategies as st

sys.path.insert(0, os.path.dirname(__file__))

from world import World, fresh_id  # noqa: E402

WORLD = World()
schemathesis.auth.set_from_requests(WORLD.hop)

# Values that parsers stumble over: other types, edges of numbers, long and strange texts, ids and times of every shape.
ODD = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), st.text(max_size=40),
    st.sampled_from([
        "", " ", "\u3000", "\u0000", "0", "0.00", "-1.00", "1.0", "01.00", "99999999999999.99", "100000000000000.00",
        "1970-01-01T00:00:00Z", "9999-12-31T23:59:59.999+08:00", "2026-02-30T00:00:00+08:00", "0001-01-01T00:00:00-23:59",
        "018F9F3A-7C00-7000-8000-000000000000", "00000000-0000-0000-0000-000000000000", "x" * 200, "铜" * 201, "x" * 2001,
        0, -1, 1 << 31, 1 << 53, (1 << 53) + 1, 1 << 63, 1 << 64, -(1 << 63), 1e308, 0.1, [], {}, [[]], {"": None},
    ]),
    st.recursive(st.none() | st.text(max_size=4), lambda inner: st.lists(inner, max_size=3), max_leaves=8),
)


def places(value, path=()):
    """Every place in a record, by its path."""
    if path:
        yield path
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, member in members:
        yield from places(member, (*path, name))


@st.composite
def changed(draw, record: dict):
    """The record as it is, or with one or two of its places removed, repeated or replaced."""
    record = copy.deepcopy(record)
    for _ in range(draw(st.integers(0, 2))):
        known = list(places(record))
        if not known:
            break
        *way, last = draw(st.sampled_from(known))
        holder = record
        for name in way:
            holder = holder[name]
        match draw(st.sampled_from(["replace", "remove", "add", "repeat"])):
            case "remove":
                del holder[last]
            case "add" if isinstance(holder, dict):
                holder[draw(st.text(max_size=8))] = draw(ODD)
            case "repeat" if isinstance(holder, list):
                holder.extend([holder[last]] * draw(st.sampled_from([1, 199, 200])))
            case _:
                holder[last] = draw(ODD)
    return record


def bills() -> st.SearchStrategy[str]:
    return st.sampled_from([*WORLD.bills.values(), fresh_id(7)])


# Records are made when the strategy draws, not when it is built: each is new to the platform unless it says otherwise.
RECORDS = {
    "/v1/bills": ("tongqiao-bill-v1", lambda bill: WORLD.bill()),
    "/v1/bills/{bill}/void": ("tongqiao-void-v1", WORLD.void),
    "/v1/bills/{bill}/fence": ("tongqiao-fence-v1", WORLD.fence),
    "/v1/bills/{bill}/refunds": ("tongqiao-refund-v1", WORLD.refund),
    "/v1/inbox/acknowledgements": ("tongqiao-inbox-acknowledgement-v1", lambda bill: WORLD.acknowledgement()),
}


@st.composite
def orders(draw, path: str):
    tag, make = RECORDS[path]
    return WORLD.party.record(tag, draw(changed(make(draw(bills())))))


@st.composite
def batches(draw):
    """Events of new cases, and of the case that exists, in an order of their own."""
    events = []
    for _ in range(draw(st.integers(1, 3))):
        event = {**WORLD.event, "id": fresh_id(), "subject": fresh_id()}
        kind = draw(st.sampled_from(["applied", "accepted", "withdrawn", "step-recorded", "again"]))
        if kind == "again":
            event = WORLD.event
        elif kind != "applied":
            data = {
                "accepted": {"accepted_on": event["time"], "handler": "乙", "promise": {"working_days": 5, "due": event["time"]}},
                "withdrawn": {"reason": "不办了"},
                "step-recorded": {"step": "核查", "started": event["time"], "ended": event["time"], "handler": "乙"},
            }[kind]
            event.update({
                "type": f"cn.tongqiao.case.{kind}.v1", "subject": WORLD.case, "data": data,
                "sequence": draw(st.integers(1, 4)), "revision": draw(st.integers(0, 3)),
            })
            del event["number"]
        events.append(WORLD.party.record("tongqiao-event-v1", draw(changed(event))))
    return {"events": events}


@schemathesis.hook
def before_generate_body(context, strategy):
    """Three of four bodies that carry signed records are made here, the fourth as the schema says."""
    path = context.operation.path
    own = batches() if path == "/v1/case-events" else orders(path) if path in RECORDS else None
    return strategy if own is None else st.one_of(own, own, own, strategy)


@schemathesis.hook
def before_generate_path_parameters(context, strategy):
    """Half of the addresses name something that exists."""
    known = {
        "bill": bills(), "refund": st.sampled_from([WORLD.refund_id, fresh_id(8)]),
        "case": st.sampled_from([WORLD.case, WORLD.event["number"], fresh_id(9)]),
        "event": st.sampled_from([WORLD.event["id"], fresh_id(10)]),
        "item": st.just(WORLD.item["code"]), "date": st.sampled_from(["2026-11-23", "1970-01-01"]),
    }
    names = [part.strip("{}") for part in context.operation.path.split("/") if part.startswith("{")]
    if not names or not all(name in known for name in names):
        return strategy
    return st.one_of(st.fixed_dictionaries({name: known[name] for name in names}), strategy)


@schemathesis.check
def code_is_named(ctx, response, case):
    """A refusal has a code that the document names for this operation, and an event's refusal one that it names there."""
    if response.headers.get("content-type", [""])[0].startswith("application/problem+json"):
        operation = case.operation.definition.raw
        code = response.json()["code"]
        # A method or an address of the fuzzer's own is nobody's operation.
        if code not in ("request.method_not_allowed", "request.unknown_route"):
            assert code in operation["x-tongqiao-codes"], f"{code} is not named for {case.operation.label}"
    if response.status_code == 200 and case.operation.path == "/v1/case-events":
        named = case.operation.definition.raw["x-tongqiao-result-codes"]
        for result in response.json()["results"]:
            code = result.get("problem", {}).get("code")
            assert code is None or code in named, f"{code} is not named as a result"
