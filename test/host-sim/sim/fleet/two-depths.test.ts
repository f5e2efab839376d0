/**
 * A device at link depth against the same device through modem, UART and driver: the same keys, the same cell with the same
 * draws for each datagram, the same stand-in. They send the same requests, each reading comes to the same end, and times
 * and joules are nearly the same.
 */
import { describe, expect, test } from "vitest";
import { readSettings } from "../../../../firmware/device/settings";
import { DemoApplication } from "../../../../firmware/application";
import { EnosCloud } from "../../../../host-sim/cloud/cloud";
import { con, decodeCoap, encodeCoap, rst } from "../../../../host-sim/cloud/coap/coap-wire";
import { loadScriptEngine } from "../../../../host-sim/cloud/script/script-engine";
import { pathOf } from "../../../../host-sim/inspect/capture/cause";
import { profiles } from "../../../../host-sim/inspect/energy/profiles";
import { DeviceMeter, levelPower } from "../../../../host-sim/tools/fleet/device-meter";
import { nodeCryptography } from "../../../../host-sim/sim/engine/node-cryptography";
import { LinkDevice } from "../../../../host-sim/sim/fleet/link-device";
import { familyTraits, linkFamilies } from "../../../../host-sim/sim/fleet/link-traits";
import { NbIotCell } from "../../../../host-sim/sim/radio/link";
import { VirtualClock } from "../../../../host-sim/sim/time/clock";
import { Random } from "../../../../host-sim/sim/time/random";
import { demoDevice } from "../../../../host-sim/sim/world/demo-device";
import { readLogLine } from "../../../../host-sim/sim/world/device-log";
import { epoch, server } from "../../../../host-sim/sim/world/network-and-cloud";
import { productRecord } from "../../../../host-sim/sim/world/products";
import { World } from "../../../../host-sim/sim/world/world";
import type { ModemEvent } from "../../../../host-sim/sim/modem/modem-event";
import type { Coverage, DatagramReport } from "../../../../host-sim/sim/radio/link";

interface Run {
  readonly seed: string;
  readonly coverage: Coverage;
  readonly loss: number;
  readonly sleep: "none" | "deep";
  readonly batch?: number;
  /** The modem's family; "sim7020" when left out. */
  readonly modem?: string;
  /** Seconds of T3324, and of eDRX: the cloud's side pings the device while it is in reach and has no connection. */
  readonly paged?: { readonly t3324: number; readonly edrx?: number };
}

/** What of a run is compared. */
interface Told {
  /** Requests in their order, retransmissions left out. */
  readonly requests: string[];
  /** ms from each reading's measurement until it was known to be stored, in their order. */
  readonly delays: number[];
  readonly lost: number;
  /** Joules of the modem in the whole time, and in the middle one of its contacts; 0 where it was not often in PSM. */
  readonly modem: number;
  readonly contact: number;
  /** Virtual seconds at which it has answered a ping. */
  readonly resets: number[];
  /** What the modem of this seed has and others of its family may not: release assistance, and sockets that PSM closes. */
  readonly assistance: boolean;
  readonly reopens: boolean;
}

const interval = 900;
/** Half an interval before a reading: whose clock is a little slower has taken as many. */
const until = 1_000 * (12 * 3_600 - interval / 2);

/** Hears datagrams that set out, and tells requests from their copies. */
class Requests {
  readonly all: string[] = [];
  /** Virtual ms of answers to pings. */
  readonly resets: number[] = [];
  #last = -1;

  hear({ direction, bytes, time }: DatagramReport): void {
    if (direction !== "up") return;
    const message = decodeCoap(bytes);
    if ("malformed" in message) throw new Error("malformed");
    if (message.type === rst) this.resets.push(time);
    const path = pathOf(message);
    if (path === undefined || message.messageId === this.#last) return;
    this.#last = message.messageId;
    this.all.push(path.replace(/\/(sys|auth)\/[^/]+\/[^/]+/, "/$1"));
  }
}

/** What the modem draws from one sleep to the next. */
class Contacts {
  readonly #joules: number[] = [];
  readonly #meter: DeviceMeter;
  #before = 0;

  constructor(meter: DeviceMeter) {
    this.#meter = meter;
  }

  get median(): number {
    return this.#joules.length < 10 ? 0 : median(this.#joules);
  }

  /** To be told behind the meter. */
  hear(event: ModemEvent): void {
    if (event.type !== "psm" || event.state !== "enter") return;
    this.#meter.account(event.time);
    // The first one was a start, which takes as long as its search.
    if (this.#before > 0) this.#joules.push(this.#meter.modem - this.#before);
    this.#before = this.#meter.modem;
  }
}

/** Pings the device five minutes behind each reading, when its connection is long over. */
function ping(clock: VirtualClock, cell: NbIotCell, run: Run): void {
  if (run.paged === undefined) return;
  for (let at = 1_000 * (interval + 300); at < until; at += 1_000 * interval) {
    clock.at(at, () => {
      const bytes = encodeCoap({
        ...{ version: 1, type: con, code: 0, messageId: at % 65_521 },
        ...{ token: new Uint8Array(0), options: [], payload: new Uint8Array(0) },
      });
      for (const device of cell.publicEndpoints) cell.injectDownlink(bytes, device, server);
    });
  }
}

const common = { interval, startSpread: 0, payload: "compact", othersBudget: 0, radioBudget: 0 };

async function full(run: Run): Promise<Told> {
  const { seed, coverage, loss, sleep, batch = 1, paged, modem: family } = run;
  let assistance = false;
  let closed = 0;
  const requests = new Requests();
  const delays: number[] = [];
  let lost = 0;
  const meter = new DeviceMeter(levelPower(profiles.modern, coverage));
  const contacts = new Contacts(meter);
  const world = await World.create({
    ...{ seed, coverage, loss, sleep, interval, batch, engine: "node", edition: "token" },
    ...{ format: "compact", powerKey: true, modem: family },
    settings: { ...common, ...paged },
    quirks: { urcInsideResponse: false, junkAtWake: false, ceregRoutingArea: false },
    onEvent: (event) => {
      if (event.source === "modem") {
        const { event: told } = event;
        meter.hear(told);
        contacts.hear(told);
        assistance ||= told.type === "send" && told.rai === 2;
        if (told.type === "socket" && told.state === "closed") closed += 1;
      }
      if (event.source === "air") {
        requests.hear(event.report);
        if (event.report.direction === "up") meter.sent(event.report.bytes.length, event.time);
      }
      if (event.source !== "device") return;
      const told = readLogLine(event.text);
      if (told?.kind === "report acknowledged") delays.push(told.after);
      if (told?.kind === "report dropped" || told?.kind === "report refused") lost += 1;
    },
  });
  ping(world.clock, world.cell, run);
  try {
    await world.start();
    await world.clock.run({ until });
  } finally {
    await world.close();
  }
  meter.account(world.clock.now);
  return {
    requests: requests.all,
    delays,
    lost,
    modem: meter.modem,
    contact: contacts.median,
    resets: requests.resets,
    assistance,
    reopens: closed > 5,
  };
}

/** @param kind what full depth's modem was found to have */
async function link(
  run: Run,
  kind: Pick<Told, "assistance" | "reopens">,
): Promise<Omit<Told, keyof typeof kind>> {
  const { seed, coverage, loss, sleep, batch = 1, paged, modem: family = "sim7020" } = run;
  const traits = { ...familyTraits(family), ...kind };
  const clock = new VirtualClock();
  const random = new Random(seed);
  const keys = random.fork("keys");
  const record = demoDevice((length) => keys.bytes(length));
  const cloudRandom = random.fork("cloud");
  const requests = new Requests();
  const delays: number[] = [];
  let lost = 0;
  const meter = new DeviceMeter(levelPower(profiles.modern, coverage));
  const contacts = new Contacts(meter);
  const engine = await loadScriptEngine(() => epoch + clock.now);
  const cell = new NbIotCell({
    ...{ scheduler: clock, random: random.fork("radio"), coverage, loss },
    onDatagram: (report) => requests.hear(report),
  });
  const cloud = new EnosCloud({
    transmit: (datagram, peer) => cell.sendDownlink(datagram, peer),
    randomBytes: (length) => cloudRandom.bytes(length),
    ...{ edition: "token", iv: "zero", devices: [record], scriptEngine: engine },
    products: [productRecord("demo", record.productKey, "raw")],
  });
  cell.onUplink = (datagram, peer) => cloud.receive(datagram, peer, epoch + clock.now);
  const device = new LinkDevice({
    ...{ record, clock, random: random.fork("device"), network: cell.admit(), traits, epoch },
    airtime: () => 0,
    settings: readSettings({ ...common, ...paged, sleep, batch, server: server.address }),
    crypto: nodeCryptography,
    application: (inputs) => new DemoApplication(inputs),
    ...{ journalSize: 131_072, maxDatagram: traits.largest, sleepRate: 1, bootTime: 500, wakeTime: 150 },
    onLog: (event) => {
      if (event.kind === "report acknowledged") delays.push(event.after);
      if (event.kind === "report dropped" || event.kind === "report refused") lost += 1;
    },
    onModem: (event) => {
      meter.hear(event);
      contacts.hear(event);
    },
    onUplink: (bytes) => meter.sent(bytes, clock.now),
  });
  ping(clock, cell, run);
  device.powerOn();
  await clock.run({ until });
  meter.account(clock.now);
  expect(device.faults).toBe(0);
  return {
    requests: requests.all,
    delays,
    lost,
    modem: meter.modem,
    contact: contacts.median,
    resets: requests.resets,
  };
}

const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1];

const runs: readonly Run[] = [
  { seed: "depths 1", coverage: 0, loss: 0, sleep: "none" },
  { seed: "depths 2", coverage: 0, loss: 0, sleep: "deep" },
  { seed: "depths 3", coverage: 1, loss: 0.1, sleep: "deep" },
  { seed: "depths 4", coverage: 2, loss: 0.1, sleep: "none" },
  { seed: "depths 5", coverage: 0, loss: 0, sleep: "deep", batch: 4 },
  { seed: "depths 6", coverage: 1, loss: 0, sleep: "none" },
  { seed: "depths 7", coverage: 2, loss: 0, sleep: "deep" },
  { seed: "depths 8", coverage: 0, loss: 0, sleep: "none", paged: { t3324: 600 } },
  { seed: "depths 9", coverage: 1, loss: 0, sleep: "none", paged: { t3324: 600, edrx: 82 } },
  { seed: "depths 10", coverage: 0, loss: 0, sleep: "none", paged: { t3324: 60, edrx: 82 } },
  { seed: "depths 11", coverage: 0, loss: 0, sleep: "deep", paged: { t3324: 600 } },
];

/** How far the two may lie apart: ms of the middle reading, and of each answer to a ping. */
interface Tolerance {
  readonly delay: number;
  readonly answer: number;
}

async function compare(run: Run, { delay, answer }: Tolerance): Promise<void> {
  const through = await full(run);
  const alone = await link(run, through);
  expect(alone.lost).toBe(through.lost);
  expect(alone.delays).toHaveLength(through.delays.length);
  // A loss that strikes another datagram is another story: then both come to the same end, and not by the same way.
  if (run.loss === 0 || run.modem === undefined) {
    expect(alone.requests).toEqual(through.requests);
    // A request takes its time on the air, which both draw the same; what AT commands take, link depth has as a constant.
    expect(Math.abs(median(alone.delays) - median(through.delays))).toBeLessThan(delay);
  } else expect(Math.abs(alone.requests.length - through.requests.length)).toBeLessThan(15);
  expect(alone.resets).toHaveLength(through.resets.length);
  const late = alone.resets.map((at, i) => Math.abs(at - through.resets[i]));
  if (late.length > 0) expect(median(late)).toBeLessThan(answer);
  if (run.modem === undefined) within(alone.modem, through.modem);
  if (through.contact > 0) within(alone.contact, through.contact);
}

/** Whether the one is the other within a tenth. */
function within(one: number, other: number): void {
  expect(one / other).toBeGreaterThan(0.9);
  expect(one / other).toBeLessThan(1.1);
}

describe("both depths", () => {
  test.each(runs)("%o", async (run) => {
    await compare(run, { delay: 500, answer: 100 });
  });
});

// What a start takes is its search, which is drawn: these look at contacts.
describe.each(linkFamilies)("both depths with a %s", (modem) => {
  test.each<Omit<Run, "seed">>([
    { coverage: 0, loss: 0, sleep: "none" },
    { coverage: 1, loss: 0.1, sleep: "deep" },
    { coverage: 0, loss: 0, sleep: "none", paged: { t3324: 600 } },
  ])("%o", async (run) => {
    await compare({ ...run, modem, seed: `second depths of ${modem}` }, { delay: 1_000, answer: 1_000 });
  });
});
