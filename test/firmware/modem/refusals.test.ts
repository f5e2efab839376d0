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

/** Whatever the forms, nothing comes of a datagram without these. */
const vital: readonly string[] = [
  // Creating, connecting, sending, reading.
  ...["+CSOC", "+CSOCON", "+CSOSEND", "+CAOPEN", "+CASEND", "+CARECV", "+CIPSTART", "+CIPSEND", "+CIPRXGET"],
  ...["+QIOPEN", "+QISENDEX", "+QISEND", "+QIRD", "+NSOCR", "+NSOST", "+NSORF", "+USOCR", "+USOST", "+USORF"],
  // The contexts that sockets are opened in, of those families that have such.
  ...["+CNACT", "+CIICR", "+CSTT", "+CIFSR", "+CIPMUX", "+QIACT", "+UPSD", "+UPSDA"],
  // The form of the data, which is not as the modem has it from the factory.
  ...["+UDCONF", "+QICFG"],
  // On BC95 radio and attach do not come by themselves.
  ...["+CFUN", "+CGATT"],
  // A SARA-R5 comes from the factory for LTE-M alone, and the cell here is of NB-IoT.
  "+URAT",
];

/** The commands that a device sends up to its second exchange, as the quirk names them. */
async function commandsOf(family: string): Promise<string[]> {
  const board = new SimulatedBoard({ seed: "refusals", family });
  await online(board);
  const found = new Map<string, Set<string>>();
  for (const line of board.lines) {
    const command = line.startsWith("> ") ? parseAtCommand(line.slice(2)) : undefined;
    // The card's own refusals are facts about the card.
    if (command === undefined || command.name === "" || command.name === "+CPIN") continue;
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
      const isVital = vital.includes(refused.split(" ")[0]);
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
    expect(wrong).toEqual([]);
  });
});
