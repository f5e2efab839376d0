/** The real firmware, with no modem at the other end of its wire: the same in every engine. */
import { expect, test } from "vitest";
import { bundleFirmware } from "../../../../host-sim/sim/board/bundle";
import { Rig, engines } from "./rig";

const config = {
  server: "192.0.2.1",
  productKey: "product",
  deviceKey: "device",
  deviceSecret: "secret",
};

test("starts unchanged, and speaks to its modem alike in all engines", async () => {
  const source = await bundleFirmware();
  const logs: string[][] = [];
  for (const [, open] of engines) {
    const engine = open();
    await engine.evaluate(source);
    const rig = new Rig(engine, config);
    // A modem that is not there: the FIFO drains, and nothing ever comes back.
    const drain = (): void | Promise<void> => {
      rig.clock.after(10, drain);
      if (rig.free === 128) return;
      rig.free = 128;
      return rig.board.serialWritable(128);
    };
    rig.clock.after(10, drain);
    await rig.board.start();
    await rig.clock.run({ until: 600_000 });
    await engine.close();
    expect(rig.restarts).toEqual([]);
    logs.push(rig.log);
  }
  const wire = logs[0].filter((line) => line.includes(" serial ")).map((line) => line.split(" ").at(-1)!);
  expect(Buffer.from(wire.join(""), "hex").toString("latin1")).toMatch(/^AT/);
  for (const log of logs) expect(log).toEqual(logs[0]);
});
