/**
 * Whatever a port or a file holds: the lines of a real log in any order and at any time, pieces of them, the debugger's
 * messages, noise. Nothing is thrown, every figure is one, what is shown steers no terminal, and no secret is kept.
 */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { paletteFor } from "../../../../host-sim/inspect/report/style";
import { profiles } from "../../../../host-sim/inspect/energy/profiles";
import { BoardLog } from "../../../../host-sim/tools/monitor/board-log";
import { LineReader } from "../../../../host-sim/tools/monitor/line-reader";
import { energyOf } from "../../../../host-sim/tools/monitor/log-energy";
import { LogRecord } from "../../../../host-sim/tools/monitor/log-record";
import { recordingOf } from "../../../../host-sim/tools/monitor/log-report";
import { logSummary } from "../../../../host-sim/tools/monitor/log-summary";

const secret = "WaFO5rZxXk3q7bTn9KpLd2sV";

/** Lines that a device writes, some of them impossible where they come. */
const told = [
  "journal: open waiting=0",
  "agent: start interval=1800s batch=1 lifetime=3600s",
  "agent: waits 234s before it uses the network",
  "agent: idle next=1795s",
  "agent: idle",
  "agent: woke without its memory",
  "session: resumed edition=token",
  "session: authenticating cause=first",
  "session: online edition=token",
  "session: not admitted reason=denied retry=60s",
  "session: keep alive",
  "report: taken id=1 format=raw",
  "report: taken id=2 format=json",
  "report: acknowledged id=1 after=3.2s",
  "report: acknowledged id=2 after=999999.9s",
  'report: kept id=1 reason="unanswered timeout" retry=60s waiting=1',
  'report: refused id=1 reason="rejected 4.00 bad-option"',
  "message: acknowledged id=7 topic=ota/device/inform",
  'command: executed kind=set id="5" code=200',
  'command: answered id="5"',
  'coap: discarded reason=unexpected what="ACK"',
  "modem: starting",
  "modem: identified imei=864600031353255",
  "modem: registered stat=1 t3324=2s t3412=86400s",
  "modem: registered stat=1 t3324=off",
  "modem: up rssi=-73dBm",
  "modem: up rssi=-73dBm edrx=82s",
  "modem: cell operator=00101 band=8 id=01A50B1A rsrp=-85dBm snr=13dB coverage=2",
  "modem: cell rsrp=-140dBm coverage=99999",
  "modem: granted apn=iot.example address=10.46.0.7 t3324=off edrx=off",
  "modem: waking",
  "modem: asleep",
  "modem: suspended",
  "modem: rebooted by itself",
  "modem: down reason=not-registered retry=1800s",
  "modem: powered off supply=low",
  "supervisor: restart reason=stuck",
  "rst:0x5 (DEEPSLEEP_RESET),boot:0x13 (SPI_FAST_FLASH_BOOT)",
  "<?xs.3FFB1C40?>",
  "<xsbug><log>modem: waking&#10;</log></xsbug>",
  '<xsbug><login name="main" value="XS"/></xsbug>',
  "<xsbug>",
  `fault: {"token":"${secret}"}`,
  `radar: ${secret}`,
];

const line = fc.oneof(
  { weight: 12, arbitrary: fc.constantFrom(...told) },
  {
    weight: 2,
    arbitrary: fc.tuple(fc.constantFrom(...told), fc.nat(20)).map(([text, at]) => text.slice(at)),
  },
  { weight: 1, arbitrary: fc.string({ unit: "binary", maxLength: 60 }) },
);
const wait = fc.oneof(
  { weight: 5, arbitrary: fc.nat(5_000) },
  { weight: 3, arbitrary: fc.constantFrom(0, 120, 20_000, 1_800_000) },
  { weight: 1, arbitrary: fc.nat(40_000_000) },
);

function shownOf(record: LogRecord, end: number, timed: boolean): string {
  const profile = profiles.field;
  const energy = timed
    ? energyOf(record.lines, end, { profile, battery: { capacity: 19, selfDischarge: 0.01 } })
    : undefined;
  if (energy !== undefined) {
    const { account, least, most, estimate } = energy;
    for (const value of [account.joules, least, most, estimate.boardAsleep, estimate.modemAsleep]) {
      expect(Number.isFinite(value) && value >= 0).toBe(true);
    }
    // No more than the board at its most and a modem that sends all the time.
    expect(account.joules).toBeLessThanOrEqual((end / 1_000) * 2 + 100);
    expect(Math.max(estimate.boardAsleep, estimate.modemAsleep)).toBeLessThanOrEqual(end);
    const times = estimate.events.map(({ time }) => time);
    expect(times.every((time, i) => i === 0 || time >= times[i - 1])).toBe(true);
  }
  const options = { source: "a test", command: "", epoch: 0, end, profile, energy };
  const { data } = recordingOf(record, options);
  expect(Number.isFinite(data.power.joules)).toBe(true);
  const summary = logSummary({
    tally: record.tally,
    end: timed ? end : undefined,
    energy,
    palette: paletteFor({ isTTY: false }),
  });
  return JSON.stringify(data) + summary;
}

describe("whatever comes", () => {
  it("over a port, is shown and counted", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(line, wait), { maxLength: 60 }), (heard) => {
        const record = new LogRecord();
        const log = new BoardLog({ onLine: (each) => record.hear(each), answer: () => {} });
        let time = 0;
        for (const [text, ms] of heard) {
          time += ms;
          log.receive(Buffer.from(`${text}\r\n`), time);
        }
        log.pause();
        const shown = shownOf(record, time, true);
        expect(shown).not.toContain(secret);
        // eslint-disable-next-line no-control-regex
        expect(shown).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e]/);
        const { taken, acknowledged } = record.tally.readings;
        expect(taken + acknowledged).toBeLessThanOrEqual(2 * heard.length);
      }),
      { numRuns: 150 },
    );
  }, 120_000);

  it("in a file, with times that go anywhere or are none", () => {
    const stamp = fc.oneof(
      fc.constant(""),
      fc.date({ noInvalidDate: true }).map((date) => `${date.toISOString()} `),
      fc.nat(2_000_000_000).map((seconds) => `${seconds} `),
      fc.nat(86_399).map((s) => `${new Date(1_000 * s).toISOString().slice(11, 23)}  `),
    );
    fc.assert(
      fc.property(fc.array(fc.tuple(stamp, line), { maxLength: 40 }), (captured) => {
        const record = new LogRecord();
        const log = new BoardLog({ onLine: (each) => record.hear(each) });
        const reader = new LineReader((each) => log.capture(each));
        reader.push(Buffer.from(captured.map((each) => each.join("")).join("\n")));
        reader.end();
        const end = record.lines.at(-1)?.time ?? 0;
        expect(shownOf(record, end, !log.timeless)).not.toContain(secret);
        const times = record.lines.map(({ time }) => time);
        expect(times.every((time, i) => i === 0 || time >= times[i - 1])).toBe(true);
      }),
      { numRuns: 150 },
    );
  }, 120_000);
});
