/** How the process of an engine is spoken to and how it ends, with programs that do all that one can do wrong. */
import { afterEach, expect, test } from "vitest";
import { EngineStopped } from "../../../../host-sim/sim/engine/engine";
import { EngineProcess } from "../../../../host-sim/sim/engine/engine-process";

let engine: EngineProcess;
afterEach(() => engine.close());

const nobody = new Uint8Array(0);

/** Waits for the first turn, and then does what `body` says; `say` sends one message. */
function start(body: string, exits?: Record<number, string>): EngineProcess {
  const script = `
    const { readSync, writeSync } = require("node:fs");
    const say = (text) => writeSync(4, text.length + ":" + text + ",");
    readSync(3, Buffer.alloc(100));
    ${body}`;
  return new EngineProcess({
    program: process.execPath,
    args: ["-e", script],
    exits,
    onCommand: (command) => command,
  });
}

test.each([
  [
    "answers more than it was asked",
    'writeSync(4, "1:.,1:.,1:.,"); setInterval(() => {}, 1000)',
    /understood: an answer to nothing/,
  ],
  ["knows another kind", 'say("x")', /understood: a message of unknown kind 120$/],
  ["sends no netstring", 'writeSync(4, "hello:")', /understood: no netstring: its length is no number$/],
  ["is killed", 'process.kill(process.pid, "SIGKILL")', /^the XS engine was killed by SIGKILL$/],
  ["runs out of memory", "process.exit(11)", /^the XS engine ran out of memory$/],
  ["ends in its own way", "process.exit(17)", /^the XS engine took too long$/],
  ["ends in no known way", "process.exit(99)", /^the XS engine ended with code 99$/],
  [
    "says why on its standard error, in some lines",
    'writeSync(2, "no room\\n  for more\\n"); process.exit(11)',
    /^the XS engine ran out of memory \(no room; for more\)$/,
  ],
])("one that %s has stopped, and all turns from then on say so", async (_what, body, why) => {
  engine = start(body, { 17: "took too long" });
  const turns = [engine.turn("e", nobody), engine.turn("e", nobody)];
  const ended = await Promise.allSettled(turns);
  const fault: unknown = await engine.turn("e", nobody).catch((error: unknown) => error);
  expect(fault).toBeInstanceOf(EngineStopped);
  expect((fault as Error).message).toMatch(why);
  for (const turn of ended) if (turn.status === "rejected") expect(turn.reason).toBe(fault);
});

test("one that cannot be started is one that has stopped", async () => {
  engine = new EngineProcess({ program: "/no/such/program", onCommand: (command) => command });
  await expect(engine.turn("e", nobody)).rejects.toThrow(/^the XS engine could not be started: .*ENOENT/);
});

test("what the host throws, even if it is no error, ends the turn and not the engine", async () => {
  const script = `
    const { readSync, writeSync } = require("node:fs");
    const say = (text) => writeSync(4, text.length + ":" + text + ",");
    const piece = Buffer.alloc(100);
    for (;;) {
      readSync(3, piece);
      say("?ask");
      say("." + piece.toString("latin1", 0, readSync(3, piece)));
    }`;
  let throws = true;
  engine = new EngineProcess({
    program: process.execPath,
    args: ["-e", script],
    onCommand: (command) => {
      if (throws) throw "a text";
      return command;
    },
  });
  await expect(engine.turn("e", nobody)).rejects.toThrow(new Error("a text"));
  throws = false;
  expect(Buffer.from(await engine.turn("e", nobody)).toString()).toBe("4:/ask,");
});
