/**
 * Is there any row of lines and silences after which the driver never acts again? At random: lines,
 * garbage, silence, reboots, sleep, datagrams. Then the modem behaves, and the driver must come up
 * within a bounded time, and send.
 */
import { describe, expect, it } from "vitest";
import fc from "fast-check";
import { ascii } from "../../../../firmware/text/ascii";
import { Random } from "../../../../host-sim/sim/time/random";
import { registeredAnswer, registeredUrc, ScriptedModem } from "../scripted-modem";
import { runs } from "../../../density";

const lines = [
  "OK",
  "OK",
  "OK",
  "ERROR",
  "+CME ERROR: 3",
  "+CME ERROR: 14",
  "+CME ERROR: 10",
  "RDY",
  "SMS Ready",
  "+CFUN: 1",
  "+CPIN: READY",
  "+CPIN: NOT READY",
  "+CPIN: SIM PIN",
  "+CEREG: 0",
  "+CEREG: 2",
  "+CEREG: 3,,,,0,15",
  "+CEREG: 5,2",
  "+CEREG: 5,3",
  registeredUrc,
  registeredAnswer,
  '+CPSMSTATUS: "ENTER PSM"',
  '+CPSMSTATUS: "EXIT PSM"',
  "+CSOERR: 0,1",
  "+CSONMI: 0,2,41",
  "+CSONMI: 1,2,41",
  "+CSONMI: 0,2,4",
  "+CSOC: 0",
  "+CSOC: 4",
  "+CSOSTATUS: 0,2",
  "+CSOSTATUS: 0,0",
  "+CSQ: 18,0",
  '+CCLK: "26/01/09,10:07:06+04"',
  "864600030000017",
  "NORMAL POWER DOWN",
  "AT",
  "ATE0",
  "AT+CEREG?",
  "AT+CFUN=0",
];

/** Answers of a modem that mostly does as it is told. */
const moods = [
  [],
  ["OK"],
  ["ERROR"],
  ['+CPSMSTATUS: "ENTER PSM"'],
  ["RDY"],
  ["+CEREG: 2", "OK"],
  ["+CSOERR: 0,1", "ERROR"],
];

/** How the modem treats commands for a while. */
const traits = [
  "good",
  "good",
  "moody",
  "moody",
  "moody",
  "silent",
  "silent",
  "refusing",
  "anything",
  "echoing",
  "slow",
  "searching",
];

const aLine = fc.constantFrom(...lines).map((line) => ({ line }));
const someBytes = fc.uint8Array({ minLength: 1, maxLength: 40 }).map((bytes) => ({ bytes }));
const waits = [10, 50, 300, 900, 3_000, 11_000, 40_000, 320_000];
const aWait = fc.constantFrom(...waits).map((wait) => ({ wait }));
const anyWait = fc.nat(5_000_000).map((wait) => ({ wait }));
const aManner = fc.constantFrom(...traits).map((manner) => ({ manner }));
const aDatagram = fc.constantFrom("203.0.113.5", "203.0.113.6").map((address) => ({ send: address }));
const aSleep = fc.constantFrom("ENTER", "EXIT", "ENTER").map((sleep) => ({ sleep }));

const event = fc.oneof(
  { weight: 6, arbitrary: aLine },
  { weight: 1, arbitrary: someBytes },
  { weight: 4, arbitrary: aWait },
  { weight: 1, arbitrary: anyWait },
  { weight: 4, arbitrary: aManner },
  { weight: 3, arbitrary: fc.constant({ connect: true }) },
  { weight: 3, arbitrary: aSleep },
  { weight: 2, arbitrary: fc.constant({ up: true }) },
  { weight: 2, arbitrary: aDatagram },
  { weight: 1, arbitrary: fc.constant({ close: true }) },
);

/** The longest pause (an hour), and the longest way up behind it. */
const bound = 3_600_000 + 900_000;

function take(modem: ScriptedModem, manner: string, random: Random): void {
  modem.behave();
  switch (manner) {
    case "silent":
      modem.silent = true;
      break;
    case "moody":
      modem.answer(/^AT/, () => (random.chance(0.85) ? undefined : random.pick(moods)));
      break;
    case "refusing":
      modem.answer(/^AT./, () => {
        return random.chance(0.5) ? undefined : [`+CME ERROR: ${random.pick([3, 14, 50])}`];
      });
      break;
    case "anything":
      modem.answer(/^AT/, () => {
        return Array.from({ length: Math.floor(4 * random.next()) }, () => random.pick(lines));
      });
      break;
    case "echoing":
      modem.echo = true;
      break;
    case "slow":
      modem.delay = random.pick([310, 5_500, 31_000]);
      break;
    case "searching":
      modem.answer("AT+CEREG?", ["+CEREG: 5,2", "OK"]);
      break;
  }
}

describe.each([
  ["with a power key", true],
  ["without one", false],
])("%s", (_, withKey) => {
  it("comes up and sends, whatever went before", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(event, { maxLength: 60, size: "max" }), fc.nat(), async (events, seed) => {
        const random = new Random(seed);
        const modem = new ScriptedModem({
          withKey,
          psm: { t3412: 3_600, t3324: 10 },
          random: () => random.next(),
        });
        /** connect() was called and neither up nor down has been told since. */
        let asked = false;
        const settle = (): void => void (asked = asked && modem.states.splice(0).length === 0);
        modem.connect();
        asked = true;
        for (const what of events) {
          if ("line" in what) {
            modem.say(what.line);
          } else if ("bytes" in what) {
            modem.bytes(what.bytes);
          } else if ("wait" in what) {
            await modem.pass(what.wait);
          } else if ("manner" in what) {
            take(modem, what.manner, random);
          } else if ("sleep" in what) {
            modem.silent = what.sleep === "ENTER";
            modem.say(`+CPSMSTATUS: "${what.sleep} PSM"`);
          } else if ("up" in what) {
            // Deep states are reached from here: noise alone rarely gets past the bring-up.
            if (random.chance(0.5)) modem.behave();
            modem.connect();
            await modem.until(() => modem.driver.ready, 60_000);
          } else if ("connect" in what) {
            settle();
            modem.connect();
            asked = !modem.driver.ready;
          } else if ("send" in what) {
            modem.send("41", { address: what.send, release: random.chance(0.5) });
          } else {
            modem.driver.closeSocket(modem.owner);
            modem.driver.openSocket(modem.owner);
            modem.check();
          }
          settle();
          modem.commands.length = 0;
        }
        modem.behave();
        settle();
        const before = `${modem.driver.state} at ${modem.clock.now}`;
        // Who has asked and was told nothing need not ask again.
        if (!asked) modem.connect();
        const up = await modem.until(() => modem.driver.ready, bound);
        expect(up, `${before}, still ${modem.driver.state}; ${modem.log.slice(-12).join("; ")}`).toBe(true);
        await modem.pass(180_000);
        modem.take();
        // Late answers to what was asked before may cost one more round.
        for (let attempt = 0; ; attempt++) {
          modem.send("C0FFEE");
          await modem.pass(120_000);
          const sent = modem.take().filter((text) => text.startsWith("AT+CSOSEND="));
          // Nothing else was left waiting for somebody to come along.
          expect(
            sent.every((text) => text.endsWith(",C0FFEE")),
            `${before}; ${sent}`,
          ).toBe(true);
          if (sent.length > 0) break;
          expect(attempt, `${before}; ${modem.log.slice(-12).join("; ")}`).toBeLessThan(2);
        }
        expect(modem.keyPressed).toBe(false);
      }),
      { seed: 7020, numRuns: runs(1_500) },
    );
  });
});

it("goes on through hours of noise at the full rate", async () => {
  const modem = new ScriptedModem({ psm: { t3412: 3_600, t3324: 10 } });
  const random = new Random("noise");
  modem.connect();
  modem.silent = true;
  for (let i = 0; i < 20_000; i++) {
    modem.bytes(random.chance(0.3) ? ascii(`\r\n${random.pick(lines)}\r\n`) : random.bytes(20));
    await modem.pass(200);
    modem.commands.length = 0;
  }
  modem.behave();
  modem.connect();
  expect(await modem.until(() => modem.driver.ready, bound)).toBe(true);
});
