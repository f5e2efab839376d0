import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { makeWorld, press } from "./serial-host";

const fixture = readFileSync(new URL("sim7020-session.txt", import.meta.url), "utf8");

/** One step: what is done, then the lines due and the time they have. */
interface Step {
  typed?: string;
  pressed?: number;
  answer: string[];
  loose: string[];
  patience: number;
}

function parseSession(text: string): Step[] {
  const steps: Step[] = [];
  for (const row of text.split("\n")) {
    const [sign, rest] = [row[0], row.slice(2)];
    if (sign === ">") steps.push({ typed: rest, answer: [], loose: [], patience: 10 });
    else if (sign === "^") steps.push({ pressed: Number(rest), answer: [], loose: [], patience: 0 });
    else if (sign === "~") steps.push({ answer: [], loose: [], patience: Number(rest) });
    else if (sign === "<") steps.at(-1)!.answer.push(rest);
    else if (sign === "*") steps.at(-1)!.loose.push(rest);
  }
  return steps;
}

function matches(expected: string, text: string): boolean {
  const pattern = expected.replace(/[.*+?^${}()|[\]\\]/g, "\\$&").replaceAll("<n>", "\\d+");
  return new RegExp(`^${pattern}$`).test(text);
}

/** Ten seeds: the order of lines that the manual leaves open differs between them. */
it.each([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])("replays the documented session, seed %i", async (seed) => {
  const world = makeWorld(seed, { quirks: { echoAfterPsm: false } });
  const { host, cell } = world;
  const request: string[] = [];
  cell.onUplink = (datagram, peer) => {
    request.push(Buffer.from(datagram).toString("hex").toUpperCase());
    cell.sendDownlink(Buffer.from("64441234A1B2C3D4FF7B226F6B223A747275657D", "hex"), peer);
  };
  for (const step of parseSession(fixture)) {
    const start = host.lines.length;
    if (step.typed !== undefined) host.type(`${step.typed}\r`);
    if (step.pressed !== undefined) await press(world, step.pressed * 1_000);
    const due = step.answer.length + step.loose.length;
    const came = () => host.texts.slice(start);
    if (due === 0) await host.pass(step.patience * 1_000);
    else await host.until(() => came().length >= due, step.patience * 1_000);
    const answer = came().filter((text) => !step.loose.some((loose) => matches(loose, text)));
    const loose = came().filter((text) => step.loose.some((expected) => matches(expected, text)));
    expect(answer, step.typed).toHaveLength(step.answer.length);
    answer.forEach((text, i) => {
      expect(matches(step.answer[i], text), `${text} for ${step.typed}`).toBe(true);
    });
    expect(loose, step.typed).toEqual(step.loose);
  }
  expect(request).toEqual([expect.stringMatching(/^44021234A1B2C3D4B4.*6C6520$/)]);
});
