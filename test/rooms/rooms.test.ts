/**
 * The rooms that stand alone, each built from its manifest and nothing else, on XS: the examples of
 * docs/moddable.md do what the page says. A module that no manifest lists is not found.
 */
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { afterEach, describe, expect, it, test } from "vitest";
import { EnosCloud } from "../../host-sim/cloud/cloud";
import { MemoryFlash } from "../../host-sim/sim/flash/memory-flash";
import { PowerDomain } from "../../host-sim/sim/flash/power-domain";
import { createModem, families } from "../../host-sim/sim/modem/families";
import { Uart } from "../../host-sim/sim/modem/uart";
import { NbIotCell } from "../../host-sim/sim/radio/link";
import { VirtualClock } from "../../host-sim/sim/time/clock";
import { Random } from "../../host-sim/sim/time/random";
import { demoDevice } from "../../host-sim/sim/world/demo-device";
import { fittedModems } from "../../host-sim/tools/footprint/modules";
import { xsMissing } from "../host-sim/sim/board/rig";
import { headerLength, readHeader, writeHeader } from "./datagram";
import { headings, project, sections } from "./example";
import { boot, bundleOf } from "./room-board";
import type { Ends } from "./datagram";
import type { RoomBoard } from "./room-board";

let running: RoomBoard[] = [];
afterEach(async () => {
  for (const each of running) await each.close();
  running = [];
});

/** What the SDK's own manifests give, of what the simulated board has. */
const sdkModules: Readonly<Record<string, readonly string[]>> = {
  "$(MODDABLE)/examples/manifest_base.json": ["time", "timer", "mc/config"],
  "$(MODDABLE)/modules/io/manifest.json": [
    "embedded:io/serial",
    "embedded:io/digital",
    "embedded:io/socket/udp",
  ],
  "$(MODDABLE)/modules/io/serial/manifest.json": ["embedded:io/serial"],
  "$(MODDABLE)/modules/io/flash/manifest.json": ["embedded:storage/flash"],
  "$(MODULES)/crypt/digest/manifest.json": ["crypt"],
};

/** Modules of the SDK that a file imports. */
const foreign = (file: string, own: ReadonlyMap<string, string>): string[] =>
  [...readFileSync(file, "utf8").matchAll(/^import (?!type).*? from "([^".][^"]*)";$/gm)]
    .map(([, name]) => name)
    .filter((name) => !own.has(name));

/** The stand-in for the SDK's UDP class, and what it imports by a name relative to its own. */
const udp = {
  "embedded:io/socket/udp": resolve("test/rooms/guest/udp.ts"),
  "embedded:io/datagram": resolve("test/rooms/datagram.ts"),
};

describe("the page", () => {
  const page = readFileSync("docs/moddable.md", "utf8");

  it("has an example for each room, and names every modem", () => {
    expect([...sections(page).keys()]).toEqual(expect.arrayContaining([...headings]));
    for (const modem of fittedModems()) expect(page).toContain(`\`${modem}\``);
  });

  test.each(headings)(
    "%s: what is imported of the SDK is in a manifest of the SDK that is included",
    (heading) => {
      const { main, manifest } = project(heading, "sdk");
      const given = manifest.sdk.flatMap((name) => sdkModules[name] ?? [`unknown: ${name}`]);
      const wanted = [main, ...manifest.modules.values()].flatMap((file) => foreign(file, manifest.modules));
      expect(wanted.length).toBeGreaterThan(0);
      expect(wanted.filter((name) => !given.includes(name))).toEqual([]);
    },
  );

  test.each(headings)("%s: everything of this project is preloaded", (heading) => {
    const { folder, manifest } = project(heading, "preload");
    const names = [...manifest.modules].flatMap(([name, file]) => (file.startsWith(folder) ? [] : [name]));
    expect([...manifest.preload].sort()).toEqual(names.sort());
  });

  it("has examples whose types are right", () => {
    const examples = headings.map((heading, at) => project(heading, `types-${at}`));
    const paths: Record<string, string[]> = {
      "embedded:io/*": ["../../node_modules/@moddable/typings/embedded_io/*"],
      "mc/config": ["../../node_modules/@moddable/typings/mc/config"],
      time: ["../../node_modules/@moddable/typings/time"],
      timer: ["../../node_modules/@moddable/typings/timer"],
    };
    // As mcconfig does it: a name is where its module lies.
    for (const { manifest } of examples) {
      for (const [name, file] of manifest.modules) if (name.includes("/")) paths[name] = [file];
    }
    const config = {
      extends: "../../firmware/tsconfig.json",
      compilerOptions: { paths },
      include: [],
      files: [
        "../../node_modules/@moddable/typings/xs.d.ts",
        "../../firmware/crypt.d.ts",
        "../../firmware/moddable.d.ts",
        ...examples.map(({ main }) => main),
      ],
    };
    writeFileSync("build/rooms/tsconfig.json", JSON.stringify(config));
    const { stdout } = spawnSync(process.execPath, ["node_modules/typescript/bin/tsc", "-p", "build/rooms"], {
      encoding: "utf8",
    });
    expect(stdout).toBe("");
  });

  it("fails where a manifest lacks a module", async () => {
    const example = project("CoAP", "lacking", (text) =>
      text.replace("manifest-server.json", "manifest.json"),
    );
    await expect(bundleOf(example, udp)).rejects.toThrow(/has no module "coap\/server-half"/);
    const room = project("A journal in flash", "outside", (text) =>
      text.replace("journal/journal", "text/ascii"),
    );
    await expect(bundleOf(room)).rejects.toThrow(/has no module "text\/ascii"/);
  });
});

/** Gives the board's datagrams to `arrive`, and takes others to it: UDP on its serial wire. */
function network(arrive: (datagram: Uint8Array, ends: Ends) => void) {
  let begun = new Uint8Array(0);
  return {
    serial: {
      txFree: () => 65_536,
      write(bytes: Uint8Array) {
        begun = Uint8Array.from([...begun, ...bytes]);
        for (let header = readHeader(begun); header !== undefined; header = readHeader(begun)) {
          const datagram = begun.slice(headerLength, header.length);
          begun = begun.slice(header.length);
          arrive(datagram, header);
        }
      },
    },
    async deliver(board: RoomBoard["board"], datagram: Uint8Array, ends: Ends): Promise<void> {
      const framed = new Uint8Array(headerLength + datagram.length);
      framed.set(datagram, headerLength);
      writeHeader(framed, ends);
      // No more at once than the UART's FIFO holds.
      for (let i = 0; i < framed.length; i += 100) await board.serialReceive(framed.subarray(i, i + 100));
    },
  };
}

describe.skipIf(xsMissing !== undefined)("on XS", () => {
  test("an endpoint asks another, both built from coap's manifests alone", async () => {
    const clock = new VirtualClock();
    const crossed: Ends[] = [];
    const wire = network((datagram, ends) => {
      crossed.push(ends);
      // To the board itself, from the port that it came from.
      const back = { own: ends.port, port: ends.own, address: ends.address };
      clock.after(20, () => wire.deliver(room.board, datagram, back));
    });
    const example = project("CoAP", "coap");
    expect(
      [...example.manifest.modules.keys()].filter((name) => !/^(coap\/|(main|endpoint-on)$)/.test(name)),
    ).toEqual([]);
    const room = await boot(await bundleOf(example, udp), { clock, serial: wire.serial });
    running.push(room);
    await room.until(1, 60_000);
    expect(room.printed).toEqual(["21 °C"]);
    expect(crossed.map(({ own, port }) => [own, port])).toEqual([
      [5684, 5683],
      [5683, 5684],
    ]);
  });

  test("a journal keeps a record over a boot", async () => {
    const example = project("A journal in flash", "journal");
    expect([...example.manifest.modules.keys()].filter((name) => !/^(journal\/|main$)/.test(name))).toEqual(
      [],
    );
    const script = await bundleOf(example);
    const flash = new Map([
      ["journal", new MemoryFlash({ power: new PowerDomain(), random: new Random(1) })],
    ]);
    const first = await boot(script, { flash });
    running.push(first);
    expect(first.printed).toEqual(["0 waiting", "kept"]);
    const second = await boot(script, { flash });
    running.push(second);
    expect(second.printed).toEqual(["1 waiting", "record 1: 21 5", "kept"]);
    const third = await boot(script, { flash });
    running.push(third);
    expect(third.printed).toEqual(["2 waiting", "record 1: 21 5", "record 2: 21 5", "kept"]);
  });

  test.each([...families.keys()])(
    "a %s alone comes up, sends a datagram and hears its echo",
    async (family) => {
      const example = project("An NB-IoT modem", `modem-${family}`, (text) =>
        text.replace("manifest-sim7020.json", `manifest-${family}.json`),
      );
      const outside = [...example.manifest.modules.keys()].filter(
        (name) => !/^(modem|text|timing)\/|^main$/.test(name),
      );
      expect(outside).toEqual([]);
      const clock = new VirtualClock();
      const random = new Random(7);
      const cell = new NbIotCell({ scheduler: clock, random: random.fork("cell"), coverage: 0, loss: 0 });
      const arrived: number[][] = [];
      cell.onUplink = (bytes, peer, to) => {
        arrived.push([...bytes]);
        cell.sendDownlink(bytes, peer, to);
      };
      const uart = new Uart({ scheduler: clock, baud: families.get(family)!.baud });
      createModem(family, {
        scheduler: clock,
        random: random.fork("modem"),
        port: uart.modem,
        network: cell.admit(),
        imei: "864600030000017",
        epoch: Date.UTC(2026, 0, 1),
      });
      const room = await boot(await bundleOf(example), { clock, serial: uart.board });
      running.push(room);
      uart.board.onReceive = (bytes) => room.board.serialReceive(bytes);
      uart.board.onWritable = (free) => room.board.serialWritable(free);
      await room.until(1, 600_000);
      expect(room.printed).toEqual(["3 bytes from 203.0.113.5"]);
      expect(arrived).toEqual([[1, 2, 3]]);
    },
  );

  test.each([
    ["token", "", ["authenticating", "online", "accepted"], ["authenticated", "stored"]],
    ["tokenless", "", ["authenticating", "online", "accepted"], ["authenticated", "stored"]],
    ["token", "x", ["authenticating", "refused", "offline"], ["auth-refused"]],
  ] as const)(
    "a session, edition %s, logs in and is heard; secret%s",
    async (edition, more, lines, heard) => {
      const clock = new VirtualClock();
      const random = new Random(3);
      const device = demoDevice((length) => random.bytes(length));
      const events: string[] = [];
      const server = "203.0.113.5";
      let port = 0;
      const cloud = new EnosCloud({
        transmit: (datagram) => {
          const ends = { own: port, address: server, port: 5683 };
          clock.after(50, () => wire.deliver(room.board, datagram, ends));
        },
        randomBytes: (length) => random.bytes(length),
        edition,
        iv: "zero",
        devices: [device],
        onEvent: ({ type }) => events.push(type),
      });
      const wire = network((datagram, ends) => {
        port = ends.own;
        expect([ends.address, ends.port]).toEqual([server, 5683]);
        cloud.receive(datagram, { address: "198.51.100.7", port: 40_000 }, clock.now);
      });
      const example = project("A session with EnOS", "enos");
      const outside = [...example.manifest.modules.keys()].filter(
        (name) => !/^(enos|coap|text|timing)\/|^(main|endpoint-on|board\/crypt)$/.test(name),
      );
      expect(outside).toEqual([]);
      expect(example.manifest.modules.has("coap/server")).toBe(false);
      const config = { ...device, deviceSecret: `${device.deviceSecret}${more}`, server };
      const room = await boot(await bundleOf(example, udp), { clock, serial: wire.serial, config });
      running.push(room);
      await room.until(3, 60_000);
      expect(room.printed).toEqual(lines);
      expect(events.filter((type) => type !== "state")).toEqual(heard);
    },
  );
});
