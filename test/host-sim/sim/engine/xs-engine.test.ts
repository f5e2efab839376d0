/** The XS engine: what it answers, what it counts, and how it ends. */
import { describe, expect, test } from "vitest";
import { EngineMissing, EngineStopped, GuestFault } from "../../../../host-sim/sim/engine/engine";
import { XsEngine } from "../../../../host-sim/sim/engine/xs-engine";
import { findWorker } from "../../../../host-sim/sim/engine/worker";
import { Rig, fixture, xsMissing } from "../board/rig";

const echo = `globalThis.handleCommand = (message) => {
  const answer = issueCommand(message);
  return { result: answer };
};`;

const everyByte = Uint8Array.from({ length: 1000 }, (_, index) => (index * 7) & 0xff);

test("says in one line what is missing", () => {
  const platform = Object.getOwnPropertyDescriptor(process, "platform")!;
  Object.defineProperty(process, "platform", { value: "win32" });
  try {
    expect(findWorker).toThrow(new EngineMissing("the XS engine runs on Linux and macOS, not on win32"));
  } finally {
    Object.defineProperty(process, "platform", platform);
  }
});

describe.skipIf(xsMissing !== undefined)("xsnap-worker", () => {
  test("carries bytes of any kind there and back, and between turns of the host's commands", async () => {
    const engine = new XsEngine();
    await engine.evaluate(echo);
    engine.onCommand = (command) => Uint8Array.from(command).reverse();
    const first = engine.deliver(everyByte);
    const second = engine.deliver(new Uint8Array(0));
    // A third comes just as the first is done and the second waits.
    const third = first.then(() => engine.deliver(new Uint8Array([1, 2])));
    expect(Buffer.from(await first)).toEqual(Buffer.from(everyByte).reverse());
    expect(await second).toHaveLength(0);
    expect([...(await third)]).toEqual([2, 1]);
    await engine.close();
  });

  test("an exception is the guest's, and the engine goes on", async () => {
    const engine = new XsEngine();
    await expect(engine.evaluate("throw new RangeError('of mine')")).rejects.toThrow(
      new GuestFault("RangeError: of mine"),
    );
    await expect(engine.deliver(everyByte)).rejects.toThrow(GuestFault);
    await engine.evaluate("1");
    await engine.close();
  });

  test("what the host's command throws comes out of the turn in which it did", async () => {
    const engine = new XsEngine();
    await engine.evaluate(echo);
    engine.onCommand = () => {
      throw new RangeError("the host's");
    };
    await expect(engine.deliver(everyByte)).rejects.toThrow(new RangeError("the host's"));
    engine.onCommand = (command) => command;
    expect(await engine.deliver(everyByte)).toHaveLength(everyByte.length);
    await engine.close();
  });

  test.each([
    ["computes for ever", "for (;;);", "computed for too long in one turn"],
    ["calls itself without end", "(function f() { return 1 + f(); })()", "ran out of stack"],
  ])("stops when it %s", async (_what, source, why) => {
    const engine = new XsEngine({ limit: 10_000_000 });
    await expect(engine.evaluate(source)).rejects.toThrow(EngineStopped);
    await expect(engine.evaluate("1")).rejects.toThrow(why);
    await engine.close();
  });

  test("counts alike in every run, and 1,000 messages leave nothing behind", async () => {
    const counts: unknown[] = [];
    for (let run = 0; run < 2; run++) {
      const engine = new XsEngine();
      await engine.evaluate(await fixture());
      const rig = new Rig(engine, { program: "churn" });
      await rig.board.start();
      const message = new Uint8Array(40).fill(0x21);
      const pump = async (count: number): Promise<void> => {
        for (let i = 0; i < count; i++) {
          rig.free = 128;
          await rig.board.serialReceive(message);
        }
      };
      await pump(10);
      const before = await engine.liveSlots();
      await pump(1000);
      const after = await engine.liveSlots();
      const { compute } = engine.usage();
      await engine.close();
      expect(after).toBe(before);
      expect(compute).toBeGreaterThan(1000);
      counts.push([compute, before, after]);
    }
    expect(counts[1]).toEqual(counts[0]);
  });

  test("is gone when it is closed", async () => {
    const engine = new XsEngine();
    await engine.evaluate(echo);
    await engine.close();
    await expect(engine.deliver(everyByte)).rejects.toThrow(new EngineStopped("the XS engine was closed"));
  });
});
