/**
 * Each command of a bring-up refused in turn, in every family: the device comes online all the same, or a line
 * of its log names the command.
 */
import { describe, expect, it } from "vitest";
import { parseAtCommand } from "../../../host-sim/sim/modem/at-command";
import { families } from "../../../host-sim/sim/modem/families";
import { density } from "../../density";
import { SimulatedBoard } from "./simulated-board";

const minute = 60_000;

/** Nothing comes of a datagram without these: sockets, the context that they are opened in, the form of their data. */
const vital: Readonly<Record<string, readonly string[]>> = {
  sim7020: ["+CSOC", "+CSOCON", "+CSOSEND"],
  sim7080: ["+CNACT", "+CAOPEN", "+CASEND", "+CARECV"],
  sim7000: ["+CIPMUX", "+CIPRXGET", "+CSTT", "+CIICR", "+CIFSR", "+CIPSTART", "+CIPSEND"],
  bc66: ["+QIOPEN", "+QISENDEX", "+QIRD"],
  bc660k: ["+QICFG", "+QIOPEN", "+QISEND", "+QIRD"],
  // Its radio is off when it starts.
  bc95: ["+CFUN", "+NSOCR", "+NSOST", "+NSORF"],
  "sara-n2": ["+CFUN", "+NSOCR", "+NSOST", "+NSORF"],
  bg95: ["+QIACT", "+QIOPEN", "+QISENDEX", "+QIRD"],
  "sara-r4": ["+UDCONF", "+USOCR", "+USOST", "+USORF"],
  // From the factory it searches LTE-M alone.
  "sara-r5": ["+URAT", "+CFUN", "+UDCONF", "+UPSDA", "+USOCR", "+USOST", "+USORF"],
};

/** The commands that a device sends up to its second exchange, as the quirk names them. */
async function commandsOf(family: string): Promise<string[]> {
  const board = new SimulatedBoard({ seed: "refusals", family });
  await online(board);
  const found = new Map<string, Set<string>>();
  for (const line of board.lines) {
    const command = line.startsWith("> ") ? parseAtCommand(line.slice(2)) : undefined;
    if (command === undefined || command.name === "") continue;
    const forms = found.get(command.name) ?? new Set<string>();
    found.set(command.name, forms.add(command.form));
  }
  expect(found.size).toBeGreaterThan(12);
  const all: string[] = [];
  for (const [name, forms] of found) {
    all.push(name);
    if (forms.size > 1) for (const form of forms) all.push(`${name} ${form}`);
  }
  return all;
}

/** Two exchanges, the second of them after a sleep. */
async function online(board: SimulatedBoard): Promise<void> {
  await board.exchange(Uint8Array.of(1, 2, 3), 15 * minute);
  await board.until(() => board.driver.state === "asleep", 5 * minute);
  await board.exchange(Uint8Array.of(4, 5, 6), 15 * minute);
}

describe.each([...families.keys()])("%s", (family) => {
  it("is online whichever single command is refused, or names the one without which it cannot be", async () => {
    const wrong: string[] = [];
    const offline: string[] = [];
    const commands = await commandsOf(family);
    for (const refused of commands.filter((name) => density(true, !name.includes(" ")))) {
      const board = new SimulatedBoard({ seed: refused, family, modem: { quirks: { refuses: [refused] } } });
      const isVital = vital[family].includes(refused.split(" ")[0]);
      const error = await online(board).then(
        () => undefined,
        (failure: Error) => failure.message,
      );
      const named = board.log.some(
        (line) => line.startsWith("refused command=") && line.includes(`"AT${refused.split(" ")[0]}`),
      );
      if (error !== undefined) offline.push(refused);
      if (error !== undefined && !isVital) wrong.push(`${refused}: offline; ${error.slice(0, 1500)}`);
      if (error !== undefined && !named)
        wrong.push(`${refused}: named nowhere; ${board.log.slice(-8).join("; ")}`);
    }
    // What is listed above and can be done without is no longer vital.
    expect(vital[family].filter((name) => !offline.includes(name))).toEqual([]);
    expect(wrong).toEqual([]);
  });
});
