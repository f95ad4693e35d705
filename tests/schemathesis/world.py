"""What stands at the platform before it is fuzzed: a party, a case, and bills in every state."""

import json
import os
from datetime import datetime, timedelta, timezone

import requests

from signing import HopSignature, Party

URL = os.environ["TONGQIAO_URL"]
DIVISION = "340702000000"
CHINA = timezone(timedelta(hours=8))
_serial = 0


def now(days: int = 0) -> str:
    return (datetime.now(CHINA) + timedelta(days=days)).isoformat(timespec="milliseconds")


def fresh_id(number: int | None = None) -> str:
    """A UUID of version 7; the same number gives the same id."""
    global _serial
    if number is None:
        _serial += 1
        number = _serial + (1 << 40)
    return f"018f9f3a-7c00-7000-8000-{number % (1 << 48):012x}"


class World:
    def __init__(self):
        self.party = Party("fuzzed-office")
        self.hop = HopSignature(self.party)
        self.producer, self.incarnation = fresh_id(), fresh_id()
        self.enrol(os.environ["TONGQIAO_CODE"])
        self.catalogue = self.signed("GET", "/v1/catalogue")
        self.item = next(
            item for item in self.catalogue["items"]
            if item["state"] == "in-force" and item.get("division") == "340700000000" and len(item["materials"]) > 1
        )
        self.case, self.event = fresh_id(), self.application()
        self.event["subject"] = self.case
        self.expect("settled", self.push(self.event))
        self.bills = {}
        for state in ("open", "void", "paid", "fenced"):
            self.bills[state] = self.bill_in(state)
        refund = self.refund(self.bills["paid"])
        self.refund_id = refund["refund"]
        self.post(f"/v1/bills/{self.bills['paid']}/refunds", "tongqiao-refund-v1", refund)

    def request(self, method: str, path: str, body=None):
        data = None if body is None else json.dumps(body, ensure_ascii=False).encode()
        headers = {"Content-Type": "application/json"}
        answer = requests.request(method, URL + path, data=data, headers=headers, auth=self.hop, timeout=10)
        if answer.status_code != 200:
            raise RuntimeError(f"{method} {path}: {answer.status_code} {answer.text}")
        return answer.json()

    def signed(self, method: str, path: str):
        import base64

        return json.loads(base64.b64decode(self.request(method, path)["record"]))

    def post(self, path: str, tag: str, record: dict):
        return self.request("POST", path, self.party.record(tag, record))

    @staticmethod
    def expect(status: str, answer: dict):
        if answer["results"][0]["status"] != status:
            raise RuntimeError(json.dumps(answer, ensure_ascii=False))

    def enrol(self, code: str):
        name, key = self.party.name, self.party
        proof = key.sign(f"tongqiao-enrolment-v1\n{key.keyid}\n{code}\n{name}".encode())
        keys = [{
            "keyid": key.keyid, "suite": "international", "public_key": key.public_key(), "use": "event", "proof": proof,
        }]
        self.request("POST", "/v1/enrolments", {
            "code": code, "party": name, "kind": "department", "name": "测试局", "keys": keys,
        })

    def number(self) -> str:
        lease = self.request("POST", "/v1/case-number-leases", {
            "request": fresh_id(), "division": DIVISION, "count": 1,
            "producer": self.producer, "incarnation": self.incarnation,
        })
        digits = f"{lease['division']}{lease['year']:04}{lease['first']:010}"
        carry = 10
        for digit in digits:
            carry = ((carry + int(digit)) % 10 or 10) * 2 % 11
        return digits + str((11 - carry) % 10)

    def push(self, event: dict):
        return self.request("POST", "/v1/case-events", {"events": [self.party.record("tongqiao-event-v1", event)]})

    def application(self) -> dict:
        """A complete application for a case of its own."""
        identity = {"kind": {"set": "id_type", "generation": "ga2000.156", "code": "414"}, "number": "TEST0001"}
        data = {
            "item": {"code": self.item["code"], "version": self.item["version"]}, "division": DIVISION,
            "applicant": {"kind": "person", "name": "测试甲", "identity": identity},
            "form": {field["key"]: filled_in(field) for field in self.item["form"]},
            "materials": [{"guide": one["key"], "name": one["name"]["zh"]} for one in self.item["materials"]],
            "channel": {"set": "handle_form", "generation": "gb39046-2020", "code": "1"},
        }
        return {
            "specversion": "1.0", "id": fresh_id(), "source": f"urn:tongqiao:party:{self.party.name}",
            "type": "cn.tongqiao.case.applied.v1", "subject": fresh_id(), "time": now(),
            "datacontenttype": "application/json", "producer": self.producer, "incarnation": self.incarnation,
            "sequence": 1, "revision": 0, "dataclass": "personal", "clock": "free", "number": self.number(), "data": data,
        }

    def bill(self) -> dict:
        line = {"code": "103044550", "name": "证书工本费", "quantity": 2, "unit_price": "10.00", "amount": "20.00"}
        return {
            "bill": fresh_id(), "party": self.party.name, "division": DIVISION, "payer": {"name": "测试甲"},
            "amount": "20.00", "lines": [line], "late_fee": "0.50", "not_after": now(1), "created": now(),
        }

    def void(self, bill: str) -> dict:
        return {"bill": bill, "party": self.party.name, "reason": "开错", "created": now()}

    def fence(self, bill: str) -> dict:
        return {"bill": bill, "party": self.party.name, "time": now()}

    def refund(self, bill: str) -> dict:
        return {
            "refund": fresh_id(), "bill": bill, "party": self.party.name, "amount": "1.00", "reason": "多收",
            "not_after": now(1), "created": now(),
        }

    def acknowledgement(self) -> dict:
        return {"party": self.party.name, "entries": [fresh_id()], "time": now()}

    def bill_in(self, state: str) -> str:
        bill = self.bill()
        if state == "fenced":
            self.post(f"/v1/bills/{bill['bill']}/fence", "tongqiao-fence-v1", self.fence(bill["bill"]))
            return bill["bill"]
        view = self.post("/v1/bills", "tongqiao-bill-v1", bill)
        if state == "void":
            self.post(f"/v1/bills/{bill['bill']}/void", "tongqiao-void-v1", self.void(bill["bill"]))
        if state == "paid":
            paid = requests.post(f"{URL}/cashier/{view['pay_code']}", timeout=10)
            paid.raise_for_status()
        return bill["bill"]


def filled_in(field: dict):
    if field.get("choices"):
        return field["choices"][0]["zh"]
    values = {
        "integer": 1, "number": 1, "amount": "1.00", "date": "2026-11-23", "phone": "13800000000", "division": DIVISION,
        "citizen-number": "340702" + "19680229" + "0211", "credit-code": "11340700TQ1100017W",
    }
    return values.get(field["kind"], "填写")
