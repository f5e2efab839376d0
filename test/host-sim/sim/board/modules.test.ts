/** What the firmware sees of the board's modules, and when, in each engine. */
import { describe, expect, test } from "vitest";
import { Random } from "../../../../host-sim/sim/time/random";
import type { KeyValueStores } from "../../../../host-sim/sim/board/key-value";
import { engines, runFixture } from "./rig";

const day = 86_400_000;
const nested = { list: [1, 2] };

const programs: { program: string; until: number; log: string[] }[] = [
  {
    program: "timers",
    until: 3000,
    log: [
      "0 too far away is at once 0",
      "50 early 50",
      "100 repeat 100",
      "120 once 120",
      "150 late 150",
      "160 dead: Error: invalid timer nothing",
      "200 repeat 200",
      "200 same time, created first 200 object",
      "200 same time, created last 200",
      "200 set in a callback 200",
      "250 moved 250",
      "280 rested 280",
      "300 repeat 300",
      "400 first, then every 400",
      "430 first, then every 430",
      "460 first, then every 460",
    ],
  },
  {
    // 2^31 ms are 24.86 days: the sum of differences goes on rightly over the wrap.
    program: "ticks",
    until: 60 * day,
    log: [`${25 * day} wrapped ${24 * day} ${25 * day - 2 ** 32} ${25 * day} ${25 * day}`],
  },
  {
    program: "clock",
    until: 3000,
    log: [
      "0 0 0 5 string 1704067200000",
      "0 true true Date",
      "1500 1500 1500",
      `1500 clock ahead by ${1_700_000_000_000 - (1_699_999_000_000 + 1500)}`,
      "1500 1700000000000",
      "2750 2023-11-14T22:13:21.250Z",
    ],
  },
  {
    program: "jobs",
    until: 3000,
    log: [
      "0 first",
      "0 boot 0",
      "0 then 0",
      "5 timer 5",
      "10 boot timer 10",
      "10 then timer 10",
      "15 timer timer 15",
    ],
  },
  {
    program: "refusals",
    until: 10,
    log: [
      "0 no pins Error: invalid",
      "0 port RangeError: invalid port",
      "0 baud RangeError: invalid baud",
      "0 format RangeError: invalid format",
      "0 pin Error: invalid pin",
      "0 output RangeError: input only",
      "0 RangeError: input only",
      "0 RangeError: invalid edges",
      "0 RangeError: invalid mode",
    ],
  },
  {
    program: "scope",
    until: 10,
    log: ["0 none", ...Array.from({ length: 4 }, () => "0 TypeError"), "0 Declared true true 2", "0 a1true"],
  },
];

describe.each(engines)("on %s", (_name, open) => {
  test.each(programs)("$program", async ({ program, until, log }) => {
    const engine = open();
    const rig = await runFixture(engine, { program, nested }, until);
    await engine.close();
    expect(rig.log).toEqual(log);
    expect(rig.restarts).toEqual([]);
  });

  test("random numbers follow from the seed alone, and are the same in every engine", async () => {
    for (const seed of ["one", 2]) {
      const engine = open();
      const rig = await runFixture(engine, { program: "random" }, 10, () => {}, { seed });
      await engine.close();
      const random = new Random(seed);
      expect(rig.log).toEqual(Array.from({ length: 5 }, () => `0 ${random.next()}`));
    }
  });

  test("random numbers without a seed are the host's own bytes, a few hundred asked for at a time", async () => {
    const bytes = new Random("host").bytes(512);
    const asked: number[] = [];
    const randomBytes = (length: number): Uint8Array => {
      const from = asked.reduce((sum, each) => sum + each, 0);
      asked.push(length);
      return bytes.subarray(from, from + length);
    };
    const engine = open();
    const options = { seed: undefined, randomBytes };
    const rig = await runFixture(engine, { program: "manyRandom" }, 10, () => {}, options);
    await engine.close();
    const words = new Uint32Array(bytes.buffer);
    const expected = Array.from({ length: 70 }, (_, i) => `0 ${words[i] / 0x1_0000_0000}`);
    expect(rig.log).toEqual(expected);
    expect(asked).toEqual([256, 256]);
  });

  test("pins: outputs are driven from the start, inputs tell the edges they were asked for", async () => {
    const engine = open();
    const rig = await runFixture(engine, { program: "pins" }, 100, ({ board, clock }) => {
      for (const [time, level] of [
        [20, 0],
        [30, 0],
        [40, 1],
        [50, 0],
      ] as const) {
        clock.at(time, () => board.pinChanged(36, level));
      }
    });
    await engine.close();
    expect(rig.log).toEqual([
      "0 pin 4 0",
      "0 pin 4 1",
      "0 pin 5 0",
      "0 pin 5 1",
      "0 button 1 Error: can't read output Error: can't write input",
      "20 pressed true 0 20",
      "50 pressed true 0 50",
    ]);
  });

  test("key-value storage outlives the board", async () => {
    const keyValue: KeyValueStores = new Map();
    const run = async (): Promise<string[]> => {
      const engine = open();
      const rig = await runFixture(engine, { program: "storage" }, 10, () => {}, { keyValue });
      await engine.close();
      return rig.log;
    };
    const rest = [
      "0 into 3 RangeError: buffer too small",
      "0 count -56 text+blob+count",
      "0 Error: ESP_ERR_NVS_KEY_TOO_LONG Error: invalid",
      "0 Error: closed Error: read-only",
    ];
    expect(await run()).toEqual(["0 found undefined nothing", "0 blob undefined", ...rest]);
    expect(await run()).toEqual(["0 found äß€😀 and more TypeError: mismatch", "0 blob 080706", ...rest]);
    expect(keyValue.get("demo")).toEqual(
      new Map<string, unknown>([
        ["text", "äß€😀 and more"],
        ["blob", new Uint8Array([8, 7, 6])],
        ["count", -56],
      ]),
    );
  });
});
