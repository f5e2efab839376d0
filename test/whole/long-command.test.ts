/**
 * A command that makes an answer longer than what the modem takes, from a cloud that does not know: it rides on
 * each answer to a reading, whose end is cut off with it.
 */
import { afterEach, describe, expect, test } from "vitest";
import { EngineMissing } from "../../host-sim/sim/engine/engine";
import { World } from "../../host-sim/sim/world/world";
import { mayBeAbsent } from "../absent";
import { toldBy } from "./told";
import type { LogEvent } from "../../host-sim/sim/world/device-log";
import type { WorldOptions } from "../../host-sim/sim/world/world";

const hour = 3_600_000;
const twoDays = 2 * 86_400_000;
let world: World | undefined;
afterEach(async () => {
  await world?.close();
  world = undefined;
});

async function begin(options: Partial<WorldOptions>): Promise<LogEvent[]> {
  const told: LogEvent[] = [];
  world = await World.create({
    seed: 3,
    engine: "node",
    edition: "tokenless",
    coverage: 0,
    loss: 0,
    powerKey: true,
    interval: 900,
    format: "compact",
    settings: { startSpread: 0 },
    // The network carries such answers; it is the modem that cuts them.
    largestDatagram: 1152,
    pendingTtl: twoDays,
    ...options,
    onEvent: (event) => {
      const line = toldBy(event);
      if (line !== undefined) told.push(line);
    },
  });
  await world.start();
  await world.clock.run({ until: hour });
  return told;
}

/** Queues a command of 760 bytes, and returns its id. */
function send(): string {
  const { cloud, cloudNow, device } = world!;
  const { productKey, deviceKey } = device;
  const payload = new Uint8Array(760);
  payload.set([2, 0, 0, 0, 9]);
  return cloud.commands.send(productKey, deviceKey, { kind: "raw", payload, requestId: 9 }, cloudNow);
}

const count = (told: readonly LogEvent[], kind: LogEvent["kind"]): number =>
  told.filter((event) => event.kind === kind).length;

/** Those that give at most 512 bytes of a datagram: at once with the rest behind it, with the rest lost, or pushed. */
const cut = ["sim7020", "sim7000", "bc66", "bc660k", "bc95", "sara-n2", "sara-r4", "sara-r5"];
const whole = ["sim7080", "bg95"];

/** The command comes, is refused or obeyed, and readings go on as before. */
async function passes(told: readonly LogEvent[], tooLong: boolean): Promise<void> {
  const id = send();
  await world!.clock.run({ until: 4 * hour });
  expect(count(told, "report taken")).toBeGreaterThanOrEqual(16);
  expect(count(told, "report acknowledged")).toBeGreaterThanOrEqual(count(told, "report taken") - 1);
  expect(count(told, "report dropped") + count(told, "report refused")).toBe(0);
  // One line says what happened. What the modem gives of the rest is not taken for a datagram.
  expect(count(told, "command too long")).toBe(tooLong ? 1 : 0);
  expect(count(told, "report kept")).toBe(tooLong ? 1 : 0);
  expect(count(told, "coap discarded")).toBe(0);
  expect(world!.cloud.commands.view(id)).toMatchObject({ status: "failed" });
  const { productKey, deviceKey } = world!.device;
  expect(world!.cloud.reported.readings(productKey, deviceKey).length).toBe(
    count(told, "report acknowledged"),
  );
}

describe.each([...cut, ...whole])("with a %s", (modem) => {
  test.each(["none", "deep"] as const)(
    "readings go on, and the cloud hears why not, sleep %s",
    async (sleep) => {
      await passes(await begin({ modem, sleep }), cut.includes(modem));
    },
  );
});

test("on XS", async () => {
  let told: LogEvent[];
  try {
    told = await begin({ engine: "xs" });
  } catch (error) {
    if (error instanceof EngineMissing && mayBeAbsent()) return;
    throw error;
  }
  await passes(told, true);
});

test("where it is fetched, it comes in blocks that the modem takes", async () => {
  const told = await begin({ edition: "token", largestDatagram: 512 });
  await passes(told, false);
  const executed = told.find((event) => event.kind === "command executed");
  expect(executed).toMatchObject({ id: 9, code: 404 });
});
