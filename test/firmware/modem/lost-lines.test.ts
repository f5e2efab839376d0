/**
 * Each family's modem says a line that is lost on its way, another one each time: an unsolicited one, the line that a
 * command waits for besides its OK, information, or the OK behind that. What an exchange takes longer for it is bounded.
 */
import { describe, expect, it } from "vitest";
import { families } from "../../../host-sim/sim/modem/families";
import { SimulatedBoard } from "./simulated-board";

const second = 1_000;
const minute = 60 * second;
const body = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8);

/** A line of the modem's, and the command in front of it. */
interface Said {
  readonly line: string;
  readonly command: string;
  /** The line that it said before, of the same command. */
  readonly before: string | undefined;
}

/** The line is the one by which a command ends: nothing tells that it was lost but that no more comes. */
const isFinal = (line: string): boolean =>
  /^(OK|ERROR|\+CME ERROR: .*|(\d, )?(SEND|SHUT|CLOSE) OK|\d+\.\d+\.\d+\.\d+)$/.test(line);

/** An OK that is lost behind information. */
const endsInformation = ({ line, before = "OK", command }: Said): boolean =>
  line === "OK" && before.startsWith(`+${/\+(\w+)/.exec(command)?.[1]}:`) && command.endsWith("?");

/** How long an exchange takes, out of nothing or out of sleep, when the modem's line of this number is lost. */
async function exchange(
  family: string,
  asleep: boolean,
  lost: number,
): Promise<{ time: number; said: Said[] }> {
  const board = new SimulatedBoard({ seed: 3, family });
  if (asleep) {
    await board.exchange(body);
    await board.until(() => board.driver.state === "asleep" && board.modem.state === "psm", 5 * minute);
    await board.pass(15 * minute);
  }
  const said: Said[] = [];
  board.lines.length = 0;
  board.modem.loses = (line) => {
    const mine = board.lines.map((each) => each.startsWith(">")).lastIndexOf(true);
    const before = mine < board.lines.length - 1 ? board.lines.at(-1)?.slice(2) : undefined;
    return said.push({ line, before, command: board.lines[mine]?.slice(2) ?? "" }) === lost + 1;
  };
  const from = board.clock.now;
  const count = board.returned.length;
  while (board.returned.length === count && board.clock.now < from + 60 * minute) {
    if (!board.driver.ready) board.connect();
    board.send(body);
    await board.until(() => board.returned.length > count, 10 * second);
  }
  return { time: board.clock.now - from, said };
}

/** Commands whose answer comes besides their OK, in the families that have one. */
const besides: Readonly<Record<string, readonly RegExp[]>> = {
  sim7080: [/^AT\+CNACT=0,1$/, /^AT\+CAOPEN=/],
  sim7000: [/^AT\+CIPSTART=/],
  bc66: [/^AT\+QIOPEN=/],
  bc660k: [/^AT\+QIOPEN=/],
  bg95: [/^AT\+QIOPEN=/],
  "sara-r5": [/^AT\+UPSDA=/],
};

describe.each([...families.keys()])("%s", (family) => {
  it.each([
    ["out of nothing", false],
    ["out of sleep", true],
  ])(
    "an exchange %s takes no more than 20 s longer for any line, 7 s where it comes besides an OK",
    async (_, asleep) => {
      const whole = await exchange(family, asleep, -1);
      const slow: string[] = [];
      for (const [index, each] of whole.said.entries()) {
        if (isFinal(each.line) && !endsInformation(each)) continue;
        const more = (await exchange(family, asleep, index)).time - whole.time;
        const isBeside = besides[family]?.some((command) => command.test(each.command)) === true;
        if (more > (isBeside ? 7 : 20) * second)
          slow.push(`${each.command} -> ${each.line}: ${more / second} s`);
      }
      expect(slow).toEqual([]);
    },
  );

  it("has what comes besides an OK told by a question", async () => {
    for (const command of besides[family] ?? []) {
      const { said } = await exchange(family, false, -1);
      const at = said.findIndex((each) => command.test(each.command) && !isFinal(each.line));
      expect(at, String(command)).toBeGreaterThanOrEqual(0);
      const { said: asked } = await exchange(family, false, at);
      const next = asked.slice(at + 1).map((each) => each.command);
      expect(
        next.some((each) => /^AT\+(CNACT\?|CASTATE\?|CIPSTATUS=0|QISTATE=1,0|UPSND=0,8)$/.test(each)),
      ).toBe(true);
    }
  });
});

it("sara-r5: a setting that is taken up at a restart, and whose OK is lost, has its restart", async () => {
  const whole = await exchange("sara-r5", false, -1);
  for (const command of ["AT+URAT=8", "AT+UBANDMASK?"]) {
    const at = whole.said.findIndex((each) => each.command === command && each.line === "OK");
    expect(at, command).toBeGreaterThanOrEqual(0);
    const { time } = await exchange("sara-r5", false, at);
    expect(time - whole.time, command).toBeLessThan(40 * second);
  }
});
