/** Block-wise transfer with libcoap's client, over a real UDP port. */
import { createSocket } from "node:dgram";
import { performance } from "node:perf_hooks";
import { afterAll, describe, expect, it } from "vitest";
import { decodeCoap } from "../../../../host-sim/cloud/coap/coap-wire";
import { MessageLayer, noFaults } from "../../../../host-sim/cloud/coap/message-layer";
import type { MessageLayerOptions } from "../../../../host-sim/cloud/coap/message-layer";
import type { CoapRequest } from "../../../../host-sim/cloud/coap/request";
import { Random } from "../../../../host-sim/sim/time/random";
import { endPeers, missing, runClient } from "../../../firmware/coap/interop/peers";
import { blockText, bodyOf } from "./message-layer-rig";

const loopback = "127.0.0.1";
const open: (() => void)[] = [];

interface Shell {
  port: number;
  layer: MessageLayer;
  /** What was handled, and how often a block was asked about. */
  bodies: Buffer[];
  asked: number;
  /** Block1 and Block2 of every datagram in the order of the socket, such as `> 1:0/1/64`. */
  wire: string[];
}

/** A message layer on a port that the system picks; it answers every request with `answer`. */
async function serve(
  answer: Uint8Array | ((request: CoapRequest) => Uint8Array),
  options: Partial<MessageLayerOptions> = {},
): Promise<Shell> {
  const socket = createSocket("udp4");
  await new Promise<void>((resolve) => socket.bind(0, loopback, resolve));
  const random = new Random("interoperability");
  const note = (sign: string, bytes: Uint8Array): void => {
    const message = decodeCoap(bytes);
    if ("malformed" in message) throw new Error(message.malformed);
    const [up, down] = [27, 23].map((number) => blockText(message.options, number));
    shell.wire.push(`${sign}${up === undefined ? "" : ` 1:${up}`}${down === undefined ? "" : ` 2:${down}`}`);
  };
  const layer = new MessageLayer({
    transmit(bytes, peer) {
      note("<", bytes);
      socket.send(bytes, peer.port, peer.address);
    },
    randomBytes: (n) => random.bytes(n),
    random: () => random.next(),
    handle(request) {
      shell.bodies.push(Buffer.from(request.payload));
      const payload = typeof answer === "function" ? answer(request) : answer;
      return { code: request.method === 1 ? 0x45 : 0x44, payload };
    },
    admits() {
      shell.asked += 1;
      return undefined;
    },
    ...options,
  });
  const shell: Shell = { port: socket.address().port, layer, bodies: [], asked: 0, wire: [] };
  let timer: NodeJS.Timeout | undefined;
  const arm = (): void => {
    clearTimeout(timer);
    if (layer.deadline === Infinity) return;
    timer = setTimeout(
      () => {
        layer.poll(performance.now());
        arm();
      },
      Math.max(0, layer.deadline - performance.now()),
    );
  };
  socket.on("message", (bytes, { address, port }) => {
    note(">", bytes);
    layer.receive(bytes, { address, port }, performance.now());
    arm();
  });
  open.push(() => {
    clearTimeout(timer);
    socket.close();
  });
  return shell;
}

afterAll(() => {
  for (const close of open) close();
  endPeers();
});

const nothing = new Uint8Array(0);
const lengths = [1, 16, 17, 100, 1024, 1025, 5000] as const;

describe.skipIf(missing("coap-client-notls"))("libcoap's client", () => {
  it.concurrent.each([16, 32, 64, 128, 256, 512, 1024])(
    "sends and fetches bodies of all lengths in blocks of %i bytes",
    async (size) => {
      const b = ["-b", String(size)];
      for (const length of lengths) {
        const [up, down] = [bodyOf(length, "up"), bodyOf(length, "down")];
        const shell = await serve(({ method }) => (method === 1 ? down : nothing));
        for (const method of ["put", "post"]) {
          const run = await runClient(shell.port, "/a/body", ["-m", method, ...b], up);
          expect(run.said, `${method} of ${length}`).toBe("");
        }
        const got = await runClient(shell.port, "/a/body", ["-m", "get", ...b]);
        expect(Buffer.compare(got.body, down), `get of ${length}`).toBe(0);
        expect(shell.bodies.map((body) => Buffer.compare(body, up))).toEqual([0, 0, expect.anything()]);
        const blocks = Math.ceil(length / size);
        expect(shell.asked).toBe(3 * (blocks - 1));
        expect(shell.layer.held.uploads).toBe(0);
        // Each datagram is answered, before another one is looked at; on a busy machine libcoap repeats one.
        const { duplicateRequests } = shell.layer.counters;
        expect(shell.wire.map(([sign]) => sign).join("")).toBe("><".repeat(3 * blocks + duplicateRequests));
      }
    },
  );

  it.concurrent.each([16, 64, 512])("goes over to blocks of %i bytes when told so", async (size) => {
    const [up, down] = [bodyOf(5000, "up"), bodyOf(4999, "down")];
    const shell = await serve(({ method }) => (method === 1 ? down : nothing), {
      limits: { blockSize: size },
    });
    await runClient(shell.port, "/body", ["-m", "put", "-b", "1024"], up);
    const got = await runClient(shell.port, "/body", ["-b", "1024"]);
    expect(Buffer.compare(shell.bodies[0], up)).toBe(0);
    expect(Buffer.compare(got.body, down)).toBe(0);
    expect(shell.wire.slice(0, 3)).toEqual([
      "> 1:0/1/1024",
      `< 1:0/1/${size}`,
      `> 1:${1024 / size}/1/${size}`,
    ]);
  });

  it.concurrent("gets a large body without having asked for blocks", async () => {
    const shell = await serve(bodyOf(5000));
    expect(Buffer.compare((await runClient(shell.port, "/large", [])).body, bodyOf(5000))).toBe(0);
    expect(shell.bodies).toHaveLength(1);
  });

  it.concurrent("posts a large body and gets another in return", async () => {
    const [up, down] = [bodyOf(1500, "up"), bodyOf(2500, "down")];
    const shell = await serve(down);
    const got = await runClient(shell.port, "/turn", ["-m", "post", "-b", "256"], up);
    expect(shell.bodies.map((body) => Buffer.compare(body, up))).toEqual([0]);
    expect(Buffer.compare(got.body, down)).toBe(0);
  });

  it.concurrent("speaks in non-confirmable messages", async () => {
    const [up, down] = [bodyOf(1025, "up"), bodyOf(1025, "down")];
    const shell = await serve(({ method }) => (method === 1 ? down : nothing));
    await runClient(shell.port, "/body", ["-N", "-m", "put", "-b", "256"], up);
    const got = await runClient(shell.port, "/body", ["-N", "-b", "256"]);
    expect(Buffer.compare(shell.bodies[0], up)).toBe(0);
    expect(Buffer.compare(got.body, down)).toBe(0);
  });

  it.concurrent("asks for a block from the middle of a body", async () => {
    const shell = await serve(bodyOf(300));
    const got = await runClient(shell.port, "/body", ["-b", "2,64"]);
    expect(Buffer.compare(got.body, bodyOf(300).subarray(128, 192))).toBe(0);
  });

  it.concurrent("is there twice at once, on the same path", async () => {
    const [one, two, down] = [bodyOf(5000, "one"), bodyOf(4000, "two"), bodyOf(3000)];
    const shell = await serve(({ method }) => (method === 1 ? down : nothing));
    const put = (sent: Uint8Array) => runClient(shell.port, "/body", ["-m", "put", "-b", "16"], sent);
    const get = () => runClient(shell.port, "/body", ["-b", "16"]);
    const [first, second] = await Promise.all([get(), get(), put(one), put(two)]);
    const bodies = shell.bodies.filter((body) => body.length > 0).sort((a, b) => b.length - a.length);
    expect(bodies.map((body, n) => Buffer.compare(body, n === 0 ? one : two))).toEqual([0, 0]);
    expect([first, second].map(({ body }) => Buffer.compare(body, down))).toEqual([0, 0]);
  });

  it.concurrent("is told when its body is too long, at the first block", async () => {
    const shell = await serve(nothing, { limits: { bodyBytes: 1024 } });
    const run = await runClient(shell.port, "/body", ["-m", "put", "-b", "64"], bodyOf(1025));
    expect(run.said).toContain("4.13");
    expect(shell.bodies).toEqual([]);
    expect(new Set(shell.wire).size).toBe(2);
  });

  it.concurrent("is told when it may not", async () => {
    const shell = await serve(nothing, { admits: () => ({ refused: 0x81, reason: "no signature" }) });
    const run = await runClient(shell.port, "/body", ["-m", "put", "-b", "64"], bodyOf(200));
    expect(run.said).toContain("4.01");
    expect(shell.layer.held.uploads).toBe(0);
  });

  // The third datagram to the cloud is lost, and so is the answer to the sixth. To the copy of a 2.31
  // libcoap 4.3.1 sends its next block once more, and the copy of an answer to a GET it takes for another
  // block: copies are for uploads alone.
  it.concurrent.each([
    ["put", 0],
    ["put", 1],
    ["post", 1],
    ["get", 0],
  ] as const)(
    "%s with datagrams lost, and copies at %d, on the cloud's side",
    async (method, duplicateDown) => {
      const [up, down] = [bodyOf(300, "up"), bodyOf(300, "down")];
      let draws = 0;
      const random = (): number => {
        const [datagram, draw] = [Math.floor(draws / 4), draws % 4];
        draws += 1;
        return (datagram === 2 && draw === 0) || (datagram === 5 && draw === 2) ? 0 : 0.9;
      };
      const shell = await serve(method === "get" ? down : nothing, { random });
      const { layer } = shell;
      layer.faults = { ...noFaults, dropUp: 0.5, dropDown: 0.5, duplicateDown };
      const got = await runClient(
        shell.port,
        "/body",
        ["-m", method, "-b", "64", "-B", "90"],
        method === "get" ? undefined : up,
      );
      expect(Buffer.compare(got.body, method === "get" ? down : nothing)).toBe(0);
      expect(shell.bodies).toHaveLength(1);
      expect(Buffer.compare(shell.bodies[0], method === "get" ? nothing : up)).toBe(0);
      expect(layer.counters).toMatchObject({ droppedUp: 1, droppedDown: 1 });
      expect(layer.counters.duplicatedDown > 0).toBe(duplicateDown > 0);
      // Five blocks and two retransmissions, of which the cloud had seen one before.
      if (duplicateDown === 0) {
        const { datagrams, duplicateRequests } = layer.counters;
        expect(datagrams - duplicateRequests).toBe(6);
        expect(duplicateRequests).toBeGreaterThanOrEqual(1);
      }
    },
  );

  it.concurrent("put with every answer half a second late", async () => {
    const shell = await serve(nothing);
    shell.layer.faults = { ...noFaults, delayDown: 500 };
    await runClient(shell.port, "/body", ["-m", "put", "-b", "64"], bodyOf(150));
    expect(shell.bodies.map((body) => Buffer.compare(body, bodyOf(150)))).toEqual([0]);
    const { delayedDown, duplicateRequests } = shell.layer.counters;
    expect(delayedDown - duplicateRequests).toBe(3);
  });
});
