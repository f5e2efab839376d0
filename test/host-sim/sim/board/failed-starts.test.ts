/** The real firmware on a board whose parts fail while it starts: the same in every engine. */
import { describe, expect, it } from "vitest";
import { retainedLength } from "../../../../firmware/continuity/retained-memory";
import { bundleFirmware } from "../../../../host-sim/sim/board/bundle";
import { Rig, engines } from "./rig";
import type { BoardOptions } from "../../../../host-sim/sim/board/board";

const config = {
  server: "192.0.2.1",
  productKey: "product",
  deviceKey: "device",
  deviceSecret: "secret",
};
const hour = 3_600_000;

/** The bounds of the pause after that many failed starts, ms. */
const longest = (failures: number): number => Math.min(15_000 * 2 ** (failures - 1), hour);

describe.each(engines)("on %s", (_name, open) => {
  const keyValue: BoardOptions["keyValue"] = new Map();
  const retained = new Uint8Array(retainedLength);
  let restarted = false;
  /** The board was off: what it remembers is gone, but not what is in storage. */
  function powerOff(): void {
    keyValue.clear();
    retained.fill(0x5a);
    restarted = false;
  }
  let failing: { part: "serial" | "storage" | "state"; why: string } | undefined;

  /** One start of the board: what it logs, and after how long it restarts, if it does until then. */
  async function boot(until: number, more: Record<string, unknown> = {}) {
    const engine = open();
    await engine.evaluate(await bundleFirmware());
    const rig = new Rig(
      engine,
      { ...config, ...more },
      {
        keyValue,
        retained,
        resetReason: restarted ? "Software" : "Power-On",
        serialFault: () => (failing?.part === "serial" ? failing.why : undefined),
        storageStrike: (_operation, store) =>
          failing?.part === "storage" || failing?.part === store
            ? { kind: "refused", text: failing.why }
            : undefined,
      },
    );
    let restartedAt: number | undefined;
    rig.clock.after(0, () => {});
    await rig.board.start();
    for (let time = 0; time < until && rig.restarts.length === 0; time += 1_000) {
      await rig.clock.run({ until: time + 1_000 });
      if (rig.restarts.length > 0) restartedAt = rig.clock.now;
    }
    await engine.close();
    restarted = rig.restarts.length > 0;
    return {
      lines: rig.log.map((line) => line.slice(line.indexOf(" ") + 1)),
      restarts: rig.restarts,
      restartedAt,
    };
  }

  /** Ten starts that fail in a row: the board restarts after pauses that grow. */
  async function failTenTimes(judge: (lines: readonly string[], failures: number) => void): Promise<void> {
    for (let failures = 1; failures <= 10; failures++) {
      const { lines, restarts, restartedAt } = await boot(2 * hour);
      judge(lines, failures);
      expect(restarts).toEqual([{ reason: "software", text: "restart" }]);
      expect(restartedAt).toBeGreaterThanOrEqual(longest(failures) / 2 - 1_000);
      expect(restartedAt).toBeLessThanOrEqual(longest(failures) + 1_000);
    }
  }

  it("a UART that cannot be opened: it starts again, after pauses that grow over the restarts", async () => {
    powerOff();
    failing = { part: "serial", why: "port in use" };
    await failTenTimes((lines, failures) => {
      expect(lines.filter((line) => line.startsWith("start: "))).toEqual([
        expect.stringContaining(`start: failed reason="port in use" failures=${failures} retry=`),
      ]);
      expect(lines.join()).not.toContain("settings: ");
    });
    failing = undefined;
    const good = await boot(60_000);
    expect(good.lines).toContain("agent: start interval=900s batch=1 lifetime=3600s");
    expect(good.restarts).toEqual([]);
    // It has started, so that the next failure is the first again.
    failing = { part: "serial", why: "port in use" };
    expect((await boot(60_000)).lines.join()).toContain(" failures=1 ");
  });

  it("storage that cannot be read: it starts again, after pauses that grow, until it can", async () => {
    powerOff();
    failing = { part: "storage", why: "ESP_ERR_NVS_NOT_INITIALIZED" };
    await failTenTimes((lines, failures) => {
      expect(lines).toEqual([
        expect.stringMatching(
          `^start: failed reason="ESP_ERR_NVS_NOT_INITIALIZED" failures=${failures} retry=`,
        ),
      ]);
    });
    failing = undefined;
    const good = await boot(60_000);
    expect(good.lines).toContain("agent: start interval=900s batch=1 lifetime=3600s");
    expect(good.lines).toContain('start: recovered failures=10 reason="ESP_ERR_NVS_NOT_INITIALIZED"');
    expect(good.restarts).toEqual([]);
  });

  it("storage that fails once the keys were read: told, and the device works", async () => {
    powerOff();
    failing = { part: "state", why: "ESP_ERR_NVS_INVALID_STATE" };
    const { lines, restarts } = await boot(60_000);
    expect(lines.filter((line) => line.startsWith("memory: "))).toEqual([
      'memory: failed reason="ESP_ERR_NVS_INVALID_STATE"',
    ]);
    expect(lines).toContain("agent: start interval=900s batch=1 lifetime=3600s");
    expect(lines.join()).toContain("report: taken ");
    expect(restarts).toEqual([]);
  });

  it("a pin that is in use", async () => {
    powerOff();
    failing = undefined;
    const { lines, restarts } = await boot(60_000, { powerKey: 13, reset: 13 });
    expect(lines.join()).toMatch(/start: failed reason="[^"]*in use[^"]*" failures=1/);
    expect(restarts).toHaveLength(1);
  });

  it.each([
    ["a setting", { interval: "soon" }],
    ["the board's name", { board: "toaster" }],
    ["the modem's name", { modem: "carrier pigeon" }],
    ["a key", { deviceKey: "a/b" }],
  ])("but %s that cannot work ends it, for good", async (_what, wrong) => {
    powerOff();
    failing = undefined;
    const { lines, restarts } = await boot(24 * hour, wrong);
    expect(lines.filter((line) => /^(settings|start): /.test(line))).toEqual([
      expect.stringMatching(/^settings: /),
    ]);
    expect(restarts).toEqual([]);
  });
});
