/** The board's life: faults, restarts, power cuts, time that never goes back. */
import { describe, expect, test } from "vitest";
import { GuestFault } from "../../../../host-sim/sim/engine/engine";
import { Rig, engines, fixture, runFixture } from "./rig";

const serial = { transmit: 17, receive: 16, port: 1, baud: 115_200 };

describe.each(engines)("on %s", (_name, open) => {
  test("an exception that escapes a callback stops the board and is reported", async () => {
    const engine = open();
    const rig = await runFixture(engine, { program: "fault" }, 100);
    await engine.close();
    expect(rig.log).toEqual(["10 before"]);
    expect(rig.restarts).toMatchObject([{ reason: "exception", text: "TypeError: nobody catches this" }]);
    expect(rig.board.stopped).toBe(rig.restarts[0]);
  });

  test("with nobody to report it to, it is thrown", async () => {
    const engine = open();
    const run = runFixture(engine, { program: "fault" }, 100, () => {}, { onRestart: undefined });
    await expect(run).rejects.toThrow(new GuestFault("TypeError: nobody catches this"));
    await engine.close();
  });

  test("a firmware that throws while it boots stops the board too", async () => {
    const engine = open();
    const rig = await runFixture(engine, { program: "no such program" }, 100);
    await engine.close();
    expect(rig.restarts).toMatchObject([{ reason: "exception" }]);
    expect(rig.restarts[0].text).toMatch(/^TypeError: /);
  });

  test("a restart that the firmware asks for: nothing after it is heard", async () => {
    const engine = open();
    const rig = await runFixture(engine, { program: "restart" }, 100);
    await engine.close();
    expect(rig.log).toEqual(["10 going down"]);
    expect(rig.restarts).toEqual([{ reason: "software", text: "restart" }]);
  });

  test("without power nothing happens any more", async () => {
    const engine = open();
    const rig = await runFixture(engine, { program: "timers" }, 1000, ({ board, clock }) => {
      clock.at(110, () => board.powerOff());
      clock.at(120, () => board.serialReceive(new Uint8Array(1)));
    });
    await engine.close();
    expect(rig.log.at(-1)).toBe("100 repeat 100");
    expect(rig.restarts).toEqual([]);
  });

  test("a fault of the host's own gets past the firmware's try and catch", async () => {
    const engine = open();
    const wire = {
      write: (bytes: Uint8Array) => {
        if (bytes.length === 100) throw new RangeError("the wire is broken");
      },
      txFree: () => 128,
    };
    const run = runFixture(engine, { program: "full", serial }, 100, () => {}, { serial: wire });
    await expect(run).rejects.toThrow(new RangeError("the wire is broken"));
    await engine.close();
  });

  test("power comes at a broken fraction of a ms: ticks still count whole from zero", async () => {
    const engine = open();
    await engine.evaluate(await fixture());
    const rig = new Rig(engine, { program: "timers" });
    // (0.1 + 100) - 0.1 is a little less than 100: a board that took that for its time would wait for ever.
    rig.clock.at(0.1, () => rig.board.start());
    await rig.clock.run({ until: 1000 });
    await engine.close();
    expect(rig.log).toContain("100.1 repeat 100");
    expect(rig.log.at(-1)).toBe("460.1 first, then every 460");
  });
});
