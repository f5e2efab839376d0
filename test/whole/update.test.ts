/**
 * Updates in the simulated world, of firmware that its boards start from their slots: with each family's modem, from
 * another server by its name, over deep sleep, sealed, and in bad coverage.
 */
import { beforeAll, describe, expect, it } from "vitest";
import { exampleFirmware } from "../../host-sim/tools/update/example-images";
import { differencePackage } from "../../host-sim/tools/update/package-file";
import { SeededMaker } from "../../host-sim/tools/update/seeded-maker";
import { UpdatedDevice } from "../../host-sim/tools/update/updated-device";
import { fileServer } from "../firmware/update/updating-device";
import { density } from "../density";
import { toldBy } from "./told";
import type { WorldEvent } from "../../host-sim/sim/world/world";
import type { DeviceOptions } from "../../host-sim/sim/world/device-options";
import type { Seal } from "../../host-sim/sim/world/device-options";

const minute = 60_000;
const hour = 60 * minute;
const seed = 5;
const board = "m5stack-nbiot";
const version = "0.3.0";

const usual = {
  ...{ seed, engine: "node", edition: "token", coverage: 0, loss: 0, powerKey: true },
  ...{ interval: 900, format: "compact" },
} as const satisfies DeviceOptions;

interface Prepared {
  readonly image: Uint8Array;
  readonly file: Uint8Array;
}

async function prepared(change: "constant" | "nine lines", sealed?: Seal): Promise<Prepared> {
  const variant = sealed === undefined ? {} : { sealed };
  const { image } = await exampleFirmware("0.2.0", [], variant);
  const next = await exampleFirmware(version, [change], variant);
  const about = { board, version, baseVersion: "0.2.0" };
  return { image, file: differencePackage(image, next.image, about, new SeededMaker(seed).sign) };
}

let small: Prepared;
let large: Prepared;

beforeAll(async () => {
  small = await prepared("constant");
  large = await prepared("nine lines");
});

interface Run {
  readonly device: UpdatedDevice;
  readonly told: ReturnType<typeof toldBy>[];
  readonly events: WorldEvent[];
}

async function within(
  options: Partial<DeviceOptions> & { readonly image: Uint8Array },
  work: (run: Run) => Promise<void>,
): Promise<void> {
  const told: Run["told"] = [];
  const events: WorldEvent[] = [];
  const device = await UpdatedDevice.create({
    ...usual,
    ...options,
    onEvent: (event) => {
      const event_ = toldBy(event);
      if (event_ !== undefined) told.push(event_);
      if (event.source === "air" || event.source === "board" || event.source === "at") events.push(event);
    },
  });
  try {
    await device.start();
    await work({ device, told, events });
    expect(device.bricks).toBe(0);
    await device.settle();
    expect(device.readings).toMatchObject({ lost: 0, stored: device.readings.taken });
  } finally {
    await device.close();
  }
}

const families = density(
  ["sim7020", "bc95", "sim7080", "bg95", "sara-n2", "bc66", "bc660k", "sim7000", "sara-r4", "sara-r5"],
  // One of each maker, and among them the one that looks up no name.
  ["sim7020", "bg95", "sara-n2"],
);

describe("from another server, by its name", () => {
  it.each(families)("%s: two sockets, each with its peer, and readings as ever", async (modem) => {
    const { image, file } = small;
    const named = modem !== "sara-n2";
    const host = named ? "files.example" : "198.51.100.20";
    await within(
      { image, modem, settings: { files: `coap://${host}:5700/fw` } },
      async ({ device, told }) => {
        const { cell } = device.world;
        cell.names.set("files.example", "198.51.100.20");
        const before = cell.onUplink;
        // A request that is sent again is the same one: how often that happens is for the network to say.
        const asked = new Set<string>();
        cell.onUplink = (datagram, peer, to) => {
          if (to.address !== "198.51.100.20") return before(datagram, peer, to);
          asked.add(Buffer.from(datagram).toString("hex"));
          expect(to.port).toBe(5700);
          const answer = fileServer(datagram, `/fw/${version}-${board}.enup`, file);
          cell.sendDownlink(answer, peer, to);
          return undefined;
        };
        const { status, runs } = await device.update({ version, file }, 12 * hour);
        expect({ status, runs }).toEqual({ status: "succeeded", runs: version });
        // Modems that take less than a block of 512 bytes are given two of 256.
        const blocks = Math.ceil(file.length / 256);
        expect(asked.size).toBeGreaterThanOrEqual(Math.ceil(file.length / 512));
        expect(asked.size).toBeLessThanOrEqual(blocks + 1);
        await device.run(hour);
        expect(told.filter((each) => each?.kind === "update pauses")).toEqual([]);
      },
    );
  });
});

describe("over deep sleep", () => {
  it.each(["sim7020", "bc66", "bg95"])(
    "%s: so many blocks a contact, none asked for twice",
    async (modem) => {
      const { image, file } = large;
      await within(
        { image, modem, sleep: "deep", settings: { updateBlocks: 8 } },
        async ({ device, told, events }) => {
          const outcome = await device.update({ version, file }, 48 * hour);
          expect(outcome).toMatchObject({ status: "succeeded", runs: version });
          // A retransmission or two are requests as well.
          expect(outcome.requests).toBeLessThanOrEqual(outcome.blocks + 4);
          expect(Math.ceil(file.length / 512)).toBeLessThanOrEqual(outcome.blocks);
          const pauses = told.filter((each) => each?.kind === "update pauses");
          expect(pauses.length).toBe(Math.ceil(outcome.blocks / 8) - 1);
          const slept = events.filter((event) => event.source === "board" && event.what === "asleep");
          expect(slept.length).toBeGreaterThanOrEqual(pauses.length);
        },
      );
    },
  );
});

describe("otherwise", () => {
  it.each([true, "proof"] as const)("a sealed product, %s", async (sealed) => {
    const { image, file } = await prepared("constant", sealed);
    await within({ image, sealed }, async ({ device }) => {
      const outcome = await device.update({ version, file }, 12 * hour);
      expect(outcome).toMatchObject({ status: "succeeded", runs: version });
    });
  });

  it.each([1, 2] as const)("at coverage level %i, with its losses", async (coverage) => {
    const { image, file } = large;
    await within({ image, coverage, loss: undefined }, async ({ device }) => {
      const outcome = await device.update({ version, file }, 48 * hour);
      expect(outcome).toMatchObject({ status: "succeeded", runs: version });
    });
  });

  it("in the later edition, as JSON, asked for once a day", async () => {
    const { image, file } = small;
    await within(
      { image, edition: "tokenless", format: "json", settings: { updates: "ask" } },
      async ({ device }) => {
        const outcome = await device.update({ version, file }, 30 * hour);
        expect(outcome).toMatchObject({ status: "succeeded", runs: version });
      },
    );
  });

  it("not while the modem tells of a coverage level that is too high, as far as it tells", async () => {
    const { image, file } = small;
    await within({ image, coverage: 2, settings: { updateCoverage: 1 } }, async ({ device, told }) => {
      const outcome = await device.update({ version, file }, 6 * hour);
      expect(outcome.status).not.toBe("succeeded");
      expect(outcome.blocks).toBe(0);
      expect(told.find((each) => each?.kind === "update pauses")).toMatchObject({ reason: "coverage" });
    });
  });
});
