/** Keys asked for on a terminal. */
import { PassThrough } from "node:stream";
import { expect, test } from "vitest";
import { askForKeys } from "../../../../host-sim/tools/provision/ask";

const secret = "kT4vXq9Zr2LmWp7CsB1nYd6HfJ8gQa3E";

/** A terminal that answers each question as it comes up. */
function terminal(answers: Record<string, string>): {
  input: PassThrough;
  output: PassThrough;
  shown: () => string;
} {
  const input = new PassThrough();
  const output = new PassThrough();
  let shown = "";
  const waiting = Object.entries(answers);
  output.setEncoding("utf8").on("data", (text: string) => {
    shown += text;
    const [question, answer] = waiting[0] ?? [];
    if (question === undefined || !shown.includes(question)) return;
    waiting.shift();
    // Not before the question has been put in full.
    setImmediate(() => input.write(answer));
  });
  return { input, output, shown: () => shown };
}

test("keys are shown as they are typed, the secret is not", async () => {
  const { input, output, shown } = terminal({
    "Product key": "AbCdEfGh\r",
    "Device key": "864600031234566\r",
    "Device secret": `x\x7f${secret.slice(0, 10)}\x1b[A${secret.slice(10)} \r`,
  });
  expect(await askForKeys(input, output)).toEqual({
    productKey: "AbCdEfGh",
    deviceKey: "864600031234566",
    deviceSecret: secret,
  });
  expect(shown()).toContain("AbCdEfGh");
  expect(shown()).toContain("864600031234566");
  for (let i = 0; i + 3 <= secret.length; i++) expect(shown()).not.toContain(secret.slice(i, i + 3));
  expect(shown()).toMatch(/\(not shown\): [^\n]*\n$/);
});

test("no device key stands for the IMEI", async () => {
  const { input, output } = terminal({
    "Product key": "PK\r",
    "Device key": "\r",
    "Device secret": `${secret}\r`,
  });
  expect(await askForKeys(input, output)).toEqual({
    productKey: "PK",
    deviceKey: undefined,
    deviceSecret: secret,
  });
});

test("is not offered for a sealed product, whose seal key is made of the device key", async () => {
  const all = { "Product key": "PK\r", "Device key": "DK\r", "Device secret": `${secret}\r` };
  for (const [isSealed, question] of [
    [true, "Device key: "],
    [false, "Device key (empty: the modem's IMEI): "],
  ] as const) {
    const { input, output, shown } = terminal(all);
    await askForKeys(input, output, isSealed);
    expect(shown()).toContain(question);
  }
});

test("of all pasted at once, the secret is not shown", async () => {
  const { input, output, shown } = terminal({ "Product key": `PK\rDK\r${secret}\r`, "Device key": "\x03" });
  expect(await askForKeys(input, output)).toBeUndefined();
  expect(shown()).not.toContain(secret);
});

test.each(["Product key", "Device key", "Device secret"])("Ctrl-C and Ctrl-D at %s end it", async (last) => {
  for (const key of ["\x03", "\x04"]) {
    const all = { "Product key": "PK\r", "Device key": "DK\r", "Device secret": `${secret}\r` };
    const { input, output } = terminal({ ...all, [last]: key });
    expect(await askForKeys(input, output)).toBeUndefined();
  }
});
