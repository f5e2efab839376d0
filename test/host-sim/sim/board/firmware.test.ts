/** The real firmware, with no modem at the other end of its wire: the same in every engine. */
import { expect, test } from "vitest";
import { bundleFirmware } from "../../../../host-sim/sim/board/bundle";
import { Bench, engines } from "./rig";

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
    const bench = new Bench(engine, config);
    // A modem that is not there: the FIFO drains, and nothing ever comes back.
    const drain = (): void | Promise<void> => {
      bench.clock.after(10, drain);
      if (bench.free === 128) return;
      bench.free = 128;
      return bench.board.serialWritable(128);
    };
    bench.clock.after(10, drain);
    await bench.board.start();
    await bench.clock.run({ until: 600_000 });
    await engine.close();
    expect(bench.restarts).toEqual([]);
    logs.push(bench.log);
  }
  const wire = logs[0].filter((line) => line.includes(" serial ")).map((line) => line.split(" ").at(-1)!);
  expect(Buffer.from(wire.join(""), "hex").toString("latin1")).toMatch(/^AT/);
  for (const log of logs) expect(log).toEqual(logs[0]);
});
