/** How soon a datagram follows another: three seconds, or sooner behind an answer. */
import { describe, expect, it } from "vitest";
import { bc95 } from "../../../../firmware/modem/family/bc95";
import { ScriptedModem } from "../scripted-modem";

const sends = (modem: ScriptedModem): { text: string; time: number }[] =>
  modem.commands.filter(({ text }) => text.startsWith("AT+NSOST="));

/** A modem that keeps what it receives until it is read, up, with its first datagram sent. */
async function upWithReads(): Promise<ScriptedModem> {
  const modem = new ScriptedModem({ family: bc95, pace: undefined });
  modem.answer("AT+CGMM", ["BC95-G", "OK"]);
  modem.answer(/^AT\+NSOCR/, ["0", "OK"]);
  modem.answer(/^AT\+NSOST=/, ["0,1", "OK"]);
  modem.answer(/^AT\+NSORF/, ["OK"]);
  await modem.up();
  modem.send("01");
  await modem.until(() => sends(modem).length === 1, 60_000);
  await modem.pass(10_000);
  return modem;
}

/** A row that is read once, and then nothing. */
function answerOnce(modem: ScriptedModem): void {
  let left = 1;
  modem.answer(/^AT\+NSORF/, () => (left-- > 0 ? ["0,203.0.113.5,5683,1,AA,0", "OK"] : ["OK"]));
}

describe("behind a hint that came while a datagram was handed over, which is no answer to that", () => {
  it.each([1, 2, 3])("told %i times, the next one waits", async (times) => {
    const modem = await upWithReads();
    modem.delay = 50;
    modem.send("02");
    modem.send("03");
    await modem.until(() => sends(modem).length === 2, 60_000);
    answerOnce(modem);
    for (let i = 0; i < times; i++) modem.say("+NSONMI:0,1");
    await modem.until(() => sends(modem).length === 3, 60_000);
    expect(modem.received).toEqual(["aa from 203.0.113.5:5683"]);
    const [, second, third] = sends(modem);
    expect(third.time - second.time).toBeGreaterThanOrEqual(3_000);
  });

  it("another hint, later, is one, and the next one goes", async () => {
    const modem = await upWithReads();
    modem.send("02");
    modem.send("03");
    await modem.until(() => sends(modem).length === 2, 60_000);
    await modem.pass(600);
    answerOnce(modem);
    modem.say("+NSONMI:0,1");
    await modem.until(() => sends(modem).length === 3, 60_000);
    const [, second, third] = sends(modem);
    expect(third.time - second.time).toBeLessThan(1_000);
  });
});

it("a board that stood still before the command went out counts from its OK, which is as much later", async () => {
  const modem = await upWithReads();
  modem.delay = 2_400;
  modem.send("02");
  modem.send("03");
  await modem.until(() => sends(modem).length === 3, 60_000);
  const [, second, third] = sends(modem);
  expect(third.time - second.time).toBeGreaterThanOrEqual(2_400 + 3_000);
  expect(third.time - second.time).toBeLessThan(2_400 + 3_600);
});
