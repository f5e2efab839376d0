/** What the totals of a run say of refusals. */
import { expect, test } from "vitest";
import { Refusals } from "../../../../host-sim/inspect/report/refusals";
import { readLogLine } from "../../../../host-sim/sim/world/device-log";

const stamp = (time: number): string => `${time} ms`;

function heard(...lines: string[]): Refusals {
  const refusals = new Refusals();
  lines.forEach((line, time) => {
    const event = readLogLine(line);
    expect(event, line).toBeDefined();
    refusals.hearDevice(event, time);
  });
  return refusals;
}

test("each reason once, with how often and when last; the last one is last", () => {
  const refusals = heard(
    'report: refused id=1 reason="rejected 4.00 illegal-payload"',
    'message: refused id=2 topic=thing/event/trouble/post reason="rejected 4.13 too-large"',
    'report: refused id=3 reason="rejected 4.00 illegal-payload"',
    "session: not admitted reason=unauthorized retry=60s",
    'modem: refused command="AT+CPSMS=1" code=3 means="operation not allowed"',
    "modem: denied cause=11 (PLMN not allowed): ask the operator",
  );
  expect(refusals.lines(stamp)).toEqual([
    "refused: a message on thing/event/trouble/post, rejected 4.13 too-large (at 1 ms)",
    "refused: a reading, rejected 4.00 illegal-payload (2 times, last at 2 ms)",
    "not admitted: the device, unauthorized (at 3 ms)",
    "refused: AT+CPSMS=1 by the modem, operation not allowed (at 4 ms)",
    "denied: the modem, by the network, 11 (PLMN not allowed) (at 5 ms)",
  ]);
});

test("what was only lost on the way, or went well, is no refusal", () => {
  const refusals = heard(
    'report: kept id=1 reason="offline timeout" retry=21s waiting=2',
    'report: kept id=1 reason="unanswered timeout" retry=21s waiting=2',
    "session: not admitted reason=timeout retry=60s",
    "report: acknowledged id=1 after=1.2s",
  );
  expect(refusals.lines(stamp)).toEqual([]);
});

test("what a reading was put off for, where the cloud said so", () => {
  const refusals = heard('report: kept id=1 reason="rejected 5.00 server-error" retry=21s waiting=2');
  expect(refusals.lines(stamp)).toEqual(["put off: a reading, rejected 5.00 server-error (at 0 ms)"]);
});

test("the cloud's own reasons, with its code and without anything that steers a terminal", () => {
  const refusals = new Refusals();
  const name = { productKey: "PK", deviceKey: "DK" };
  refusals.hearCloud(
    { type: "report-refused", ...name, reason: "t\u001b[2J: no number", enosCode: 1202, at: 0 },
    7,
  );
  expect(refusals.lines(stamp)).toEqual([
    "refused: a report, by the cloud with code 1202: t\\u001b[2J: no number (at 7 ms)",
  ]);
});

test("of a thousand reasons the last five, and how many there were before", () => {
  const refusals = new Refusals();
  for (let i = 0; i < 1_000; i++) {
    refusals.hearDevice({ kind: "report refused", id: i, reason: `reason ${i}` }, i);
  }
  const lines = refusals.lines(stamp);
  expect(lines).toHaveLength(6);
  expect(lines[0]).toBe("refusals for 995 other reasons before");
  expect(lines[5]).toBe("refused: a reading, reason 999 (at 999 ms)");
});
