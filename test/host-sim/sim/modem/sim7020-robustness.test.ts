import { expect, it } from "vitest";
import fc from "fast-check";
import { sim7020 } from "../../../../host-sim/sim/modem/family/sim7020";
import { VirtualClock } from "../../../../host-sim/sim/time/clock";
import { Random } from "../../../../host-sim/sim/time/random";
import { NbIotCell } from "../../../../host-sim/sim/radio/link";
import { createModem } from "../../../../host-sim/sim/modem/families";
import type { SerialModemSide } from "../../../../host-sim/sim/modem/uart";
import { bringUp, imei, makeWorld, openSocket, press } from "./serial-host";
import { density, runs } from "../../../density";
import type { World } from "./serial-host";

/** Pieces that reach further into the modem than noise does. */
const piece = fc.oneof(
  fc.uint8Array({ maxLength: 200 }),
  fc
    .tuple(
      fc.constantFrom(...sim7020.commands.keys()),
      fc.constantFrom("", "?", "=?", "=", "=0,", "=1,", "=0,4,", '="'),
      fc.string({ maxLength: 30 }),
    )
    .map(([name, form, rest]) => new TextEncoder().encode(`AT${name}${form}${rest}\r`)),
  fc.constant(new TextEncoder().encode("A".repeat(3_000))),
);

it("stands any bytes at all, and answers a bounded amount", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(piece, { maxLength: 30 }), fc.integer(), async (pieces, seed) => {
      const clock = new VirtualClock();
      const random = new Random(seed);
      const cell = new NbIotCell({ scheduler: clock, random: random.fork("cell"), coverage: 0 });
      let output = 0;
      let powered = false;
      const port: SerialModemSide = {
        write: (bytes) => void (output += bytes.length),
        onReceive: () => {},
        setPowered: (on) => void (powered = on),
      };
      createModem("sim7020", { scheduler: clock, random, port, network: cell.admit(), imei });
      await clock.run({ until: 7_000 });
      let input = 0;
      for (const bytes of pieces) {
        if (powered) {
          port.onReceive(bytes);
          input += bytes.length;
        }
        await clock.run({ until: clock.now + 3_100 });
      }
      await clock.run({ until: clock.now + 300_000 });
      // Each command is echoed and gets an answer of at most 150 characters, URCs and boots extra.
      expect(output).toBeLessThan(2 * input + pieces.length * 400 + 1_000);
      // Only a command for it may turn the modem off; otherwise it still answers.
      if (powered) {
        output = 0;
        port.onReceive(new TextEncoder().encode("\rAT\r"));
        await clock.run({ until: clock.now + 10_000 });
        port.onReceive(new TextEncoder().encode("\rAT\r"));
        await clock.run({ until: clock.now + 10_000 });
        expect(output).toBeGreaterThan(0);
      }
    }),
    { numRuns: runs(300) },
  );
});

type Fault = (world: World) => void;

const faults: Record<string, Fault> = {
  outage: ({ cell }) => (cell.outage = !cell.outage),
  denied: ({ cell }) => (cell.denial = 15),
  barred: ({ cell }) => (cell.denial = 11),
  admitted: ({ cell }) => (cell.denial = undefined),
  rebind: ({ cell }) => cell.rebindNat(),
  clock: ({ cell }) => (cell.clockError = -86_400_000),
  reboot: ({ modem }) => modem.reboot("fault"),
  deaf: ({ modem }) => modem.deafen(),
  hang: ({ modem }) => modem.hang("key"),
  "hang for good": ({ modem }) => modem.hang("supply"),
  "supply off": ({ modem }) => modem.setSupply(false),
  "supply on": ({ modem }) => modem.setSupply(true),
  "card out": ({ modem }) => modem.removeSim(),
  "card in": ({ modem }) => modem.insertSim(),
  sockets: ({ modem }) => void modem.dropSockets(),
  urcs: ({ modem }) => (modem.urcs = { lose: 0.5, double: 0.5 }),
  slow: ({ modem }) => modem.slow(5),
  overrun: ({ uart }) => uart.overrun(20, 5),
  corrupt: ({ uart }) => uart.corrupt(20),
  "key down": ({ modem }) => modem.setPowerKey(true),
  "key up": ({ modem }) => modem.setPowerKey(false),
  talk: ({ host }) => host.type("ATE0\rAT+CEREG=5\rAT+CSOC=1,2,1\rAT+CSOSEND=0,2,AB\r"),
  off: ({ host }) => host.type("AT+CFUN=0\r"),
  on: ({ host }) => host.type("AT+CFUN=1\r"),
};

it("stands every order of faults: with all of them over and power anew it registers", async () => {
  const step = fc.tuple(fc.constantFrom(...Object.keys(faults)), fc.nat({ max: 400_000 }));
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 25 }), fc.integer(), async (steps, seed) => {
      const world = makeWorld(seed);
      const { host, cell, modem, uart } = world;
      await bringUp(world, ["AT+CLTS=1", "AT+RETENTION=1"]);
      for (const [name, pause] of steps) {
        faults[name](world);
        await host.pass(pause);
      }
      cell.outage = false;
      cell.denial = undefined;
      modem.urcs = { lose: 0, double: 0 };
      modem.slow(1);
      modem.insertSim();
      modem.setPowerKey(false);
      uart.overrun(0);
      uart.corrupt(0);
      modem.setSupply(false);
      await host.pass(3_000);
      modem.setSupply(true);
      await host.pass(7_000);
      // What CPSMS asked for outlives a restart: off, or it would sleep.
      for (const text of ["ATE0", "AT+CFUN=0", "AT+CPSMS=0", "AT+CEREG=1", "AT+CFUN=1"]) {
        expect(await host.command(text)).toContain("OK");
      }
      await host.pass(61_000);
      expect(await host.command("AT+CEREG?")).toEqual(["+CEREG: 1,1", "OK"]);
    }),
    { numRuns: runs(200) },
  );
});

/** A day's start with a few reports; everything that reaches the host, with its time. */
async function recordedDay(seed: number): Promise<string> {
  const world = makeWorld(seed, { quirks: { junkAtWake: true } }, { loss: undefined, coverage: 1 });
  const { host, cell } = world;
  cell.onUplink = (datagram, peer) => cell.sendDownlink(datagram, peer);
  await bringUp(world, ["AT+RETENTION=1"]);
  await openSocket(host);
  for (let i = 0; i < 5; i++) {
    await host.command("AT+CNBIOTRAI=2");
    await host.command("AT+CSOSEND=0,4,ABCD");
    await host.pass(600_000);
    await press(world, 800);
    await host.pass(1_000);
  }
  return JSON.stringify([host.chunks.map(({ time, bytes }) => [time, [...bytes]]), world.events]);
}

it("does the same at the same times from the same seed, and something else from another", async () => {
  const first = await recordedDay(7);
  expect(await recordedDay(7)).toBe(first);
  expect(await recordedDay(8)).not.toBe(first);
});

it("simulates days of reports each 15 minutes quickly", async () => {
  const world = makeWorld(1, { quirks: { echoAfterPsm: false } });
  const { host, cell, clock, modem } = world;
  let requests = 0;
  cell.onUplink = (datagram, peer) => {
    requests += 1;
    cell.sendDownlink(datagram, peer);
  };
  await bringUp(world, ["AT+RETENTION=1"]);
  await openSocket(host);
  const hex = "AB".repeat(100);
  const days = density(30, 8);
  const reports = days * 24 * 4;
  // The virtual amount is fixed; the machine's time is bounded by the test's time-out below.
  for (let i = 0; i < reports; i++) {
    expect(modem.state).toBe(i === 0 ? "on" : "psm");
    if (i > 0) await press(world, 800);
    await host.pass(1_000);
    for (const text of ["AT", "ATE0", "AT+CEREG?", "AT+CNBIOTRAI=2", `AT+CSOSEND=0,200,${hex}`]) {
      expect((await host.command(text)).at(-1)).toBe("OK");
    }
    await host.pass(900_000);
  }
  expect(requests).toBe(reports);
  expect(clock.now).toBeGreaterThan(days * 86_400_000);
}, 10_000);
