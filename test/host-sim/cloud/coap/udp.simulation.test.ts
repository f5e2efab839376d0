/** The real port, with libcoap's client as a device that knows nothing of this project. */
import { execFile, spawnSync } from "node:child_process";
import { createSocket } from "node:dgram";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { CloudEvent } from "../../../../host-sim/cloud/cloud";
import { ServeError, serveUdp } from "../../../../host-sim/cloud/coap/udp";
import type { DurableStorage, UdpCloud } from "../../../../host-sim/cloud/coap/udp";
import { demoDevice, dk, pk, product, demoSecret, warm } from "../harness";
import { authSign, rawReading, scriptEngine, sessionSign } from "../harness";

const coapClient = "coap-client-notls";
const installed = spawnSync(coapClient, ["-h"]).error === undefined;
const mayBeMissing = !process.env["CI"];
if (!installed && mayBeMissing) {
  console.warn(`skipped: ${coapClient} is not installed (Debian: apt install libcoap3-bin)`);
}

let server: UdpCloud;
let events: CloudEvent[];
let errors: string[];

beforeEach(async () => {
  events = [];
  errors = [];
  server = await serveUdp({
    host: "127.0.0.1",
    port: 0,
    edition: "token",
    iv: "zero",
    devices: [demoDevice],
    products: [product],
    scriptEngine,
    onEvent: (event) => events.push(event),
    onError: (line) => errors.push(line),
  });
});
afterEach(async () => {
  await server.close();
  expect(errors).toEqual([]);
});

describe.skipIf(!installed && mayBeMissing)("libcoap's client", () => {
  /** Runs the client: what it printed, payload on stdout and error codes on stderr. */
  function client(method: string, path: string, ...args: string[]): Promise<{ out: Buffer; err: string }> {
    const url = `coap://127.0.0.1:${server.port}${path}`;
    return new Promise((resolve, reject) => {
      const all = ["-m", method, "-B", "30", ...args, url];
      execFile(coapClient, all, { encoding: "buffer" }, (error, out, err) => {
        if (error !== null) reject(error);
        else resolve({ out, err: err.toString("utf8") });
      });
    });
  }
  const body = (sign: string): string => JSON.stringify({ secureMode: 2, lifetime: 60, sign });
  const auth = (deviceKey: string, sign: string): ReturnType<typeof client> => {
    return client("post", `/auth/${pk}/${deviceKey}`, "-e", encodeURIComponent(body(sign)));
  };

  it("authenticates, reports under its signature, and is answered", async () => {
    const { out, err } = await auth(dk, authSign(dk, 60, demoSecret));
    const { token } = JSON.parse(out.toString("utf8")) as { token: string };
    expect(token).toMatch(/^[0-9a-f]{16}$/);
    expect(err).not.toMatch(/4\.0/);

    server.cloud.commands.send(pk, dk, { kind: "set", points: { relay: 1 } }, server.now());
    const sign = (n: number): string => `2101,${sessionSign(demoSecret, `token${token}sequence${n}`)}`;
    const payload = Buffer.from(rawReading(258, [1, warm]))
      .toString("hex")
      .replace(/../g, "%$&");
    const topic = `/topic/sys/${pk}/${dk}/thing`;
    const report = await client("post", `${topic}/model/up_raw`, "-O", sign(1), "-e", payload, "-v", "7");
    const said = report.err + report.out.toString("latin1");
    expect(said).toContain(`2100`);
    expect(server.cloud.reported.readings(pk, dk)).toMatchObject([
      { id: "258", points: { temperature: 21.5 } },
    ]);

    const command = await client("get", `${topic}/service/measurepoint/set`, "-O", sign(2));
    expect(JSON.parse(command.out.toString("utf8"))).toMatchObject({ params: { relay: 1 } });
    expect(server.cloud.devices.view(pk, dk)).toMatchObject({ state: "online", counters: { requests: 2 } });
  });

  it("is refused with 4.01 for a wrong sign, and told the same of a device that is not there", async () => {
    const wrong = await auth(dk, "0".repeat(64));
    const unknown = await auth("861234567890999", authSign("861234567890999", 60, demoSecret));
    expect(wrong.err + wrong.out.toString()).toMatch(/4\.01/);
    expect(unknown).toEqual(wrong);
    expect(events.map((event) => event.type)).toEqual(["auth-refused", "auth-refused"]);
  });
});

/** Sends datagrams from one socket and collects as many replies as asked for. */
async function exchange(datagrams: string[], replies: number): Promise<string[]> {
  const socket = createSocket("udp4");
  try {
    return await new Promise((resolve, reject) => {
      const got: string[] = [];
      socket.on("error", reject);
      socket.on("message", (bytes) => {
        got.push(bytes.toString("hex"));
        if (got.length === replies) resolve(got);
      });
      for (const datagram of datagrams) socket.send(Buffer.from(datagram, "hex"), server.port, "127.0.0.1");
    });
  } finally {
    socket.close();
  }
}

it("answers garbage with RST or not at all", async () => {
  // On loopback datagrams keep their order, so the last reply shows that the ones before had none.
  const silent = ["", "ff", "0001aaaa", "8001aaaa", "5001aaaaff", "6001aaaaff"];
  const replies = await exchange([...silent, "4901bbbb", "4001ccccff", "40001234"], 3);
  expect(replies).toEqual(["7000bbbb", "7000cccc", "70001234"]);
  expect(server.cloud.counters.malformed).toBe(8);
});

it("answers a retransmission with the same bytes", async () => {
  const request = `440200070a0b0c0db46e6f7065`;
  expect(await exchange([request, request], 2)).toEqual(["648400070a0b0c0d", "648400070a0b0c0d"]);
  expect(server.cloud.counters.duplicateRequests).toBe(1);
});

it("shows every datagram to whoever keeps the timeline", async () => {
  const seen: string[] = [];
  const second = await serveUdp({
    host: "127.0.0.1",
    port: 0,
    edition: "tokenless",
    iv: "zero",
    devices: [],
    onDatagram: (direction, bytes, peer) => {
      seen.push(`${direction} ${Buffer.from(bytes).toString("hex")} ${peer.address}`);
    },
  });
  const first = server;
  server = second;
  try {
    await exchange(["40001234"], 1);
  } finally {
    server = first;
    await second.close();
  }
  expect(seen).toEqual(["in 40001234 127.0.0.1", "out 70001234 127.0.0.1"]);
});

describe("a port that cannot be had", () => {
  const serve = (host: string, port: number): Promise<UdpCloud> => {
    return serveUdp({ host, port, edition: "token", iv: "zero", devices: [] });
  };
  it.each<[string, () => [string, number], string, RegExp]>([
    [
      "is in use",
      () => ["127.0.0.1", server.port],
      "EADDRINUSE",
      /^UDP port \d+ on \S+ is in use; stop .*--port$/,
    ],
    ["is another machine's", () => ["192.0.2.1", 0], "EADDRNOTAVAIL", /^192\.0\.2\.1 is no address of this/],
    ["is no port", () => ["127.0.0.1", 70_000], "ERR_SOCKET_BAD_PORT", /expected an integer from 0 to 65535/],
  ])("because it %s", async (_name, where, code, message) => {
    const error = await serve(...where()).then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(error).toBeInstanceOf(ServeError);
    expect((error as ServeError).code).toBe(code);
    expect((error as ServeError).message).toMatch(message);
    expect((error as ServeError).message).not.toContain("\n");
  });
});

it("gives the port back, and closing twice is no fault", async () => {
  const { port } = server;
  await Promise.all([server.close(), server.close()]);
  server = await serveUdp({ host: "127.0.0.1", port, edition: "token", iv: "zero", devices: [] });
  expect(server.port).toBe(port);
});

describe("with a storage", () => {
  it("a session that lapsed while nothing ran has lapsed before anybody can look, and all are told", async () => {
    const lastSeen = Date.now() - 120_000;
    const record = { ...demoDevice };
    const session = {
      token: "00".repeat(8),
      sequence: 4,
      lifetime: 60,
      peer: { address: "10.0.0.2", port: 1 },
    };
    const kept = { record, state: "online", session, lastSeen, attributes: {}, tags: {}, counters: {} };
    const storage: DurableStorage = {
      entries: [[`device/${pk}/${dk}`, kept]],
      ...{ put: () => undefined, delete: () => undefined, flush: () => Promise.resolve() },
    };
    const told: CloudEvent[] = [];
    const restarted = await serveUdp({
      ...{ host: "127.0.0.1", port: 0, edition: "token", iv: "zero", devices: [], storage },
      onEvent: (event) => told.push(event),
    });
    try {
      expect(restarted.cloud.devices.view(pk, dk)).toMatchObject({ state: "offline", stateReason: "silent" });
      expect(told).toMatchObject([{ type: "state", from: "online", to: "offline", reason: "silent" }]);
    } finally {
      await restarted.close();
    }
  });

  /** A storage whose flushes end when the test says so. */
  class SlowStorage implements DurableStorage {
    readonly entries: [string, unknown][] = [];
    readonly flushes: { resolve: () => void; reject: (error: Error) => void }[] = [];
    flushed = 0;
    #heard: (() => void)[] = [];

    put(): void {}
    delete(): void {}

    flush(): Promise<void> {
      this.flushed += 1;
      for (const hear of this.#heard.splice(0)) hear();
      return new Promise((resolve, reject) => this.flushes.push({ resolve, reject }));
    }

    /** Resolves at the nth flush. */
    async asked(n: number): Promise<void> {
      while (this.flushed < n) await new Promise<void>((resolve) => this.#heard.push(resolve));
    }
  }

  let storage: SlowStorage;
  let timeline: string[];
  let client: ReturnType<typeof createSocket>;
  let replies: string[];
  let heard: (() => void)[];

  let shed: string[];

  beforeEach(async () => {
    await server.close();
    shed = [];
    storage = new SlowStorage();
    timeline = [];
    replies = [];
    heard = [];
    server = await serveUdp({
      host: "127.0.0.1",
      port: 0,
      edition: "token",
      iv: "zero",
      devices: [demoDevice],
      storage,
      mostWaiting: 4,
      onError: (line) => {
        shed.push(line);
        for (const hear of heard.splice(0)) hear();
      },
      onDatagram: (direction, bytes) => {
        timeline.push(`${direction} ${Buffer.from(bytes).toString("hex")}`);
        for (const hear of heard.splice(0)) hear();
      },
    });
    client = createSocket("udp4");
    client.on("message", (bytes) => {
      replies.push(bytes.toString("hex"));
      for (const hear of heard.splice(0)) hear();
    });
  });
  afterEach(async () => {
    client.close();
    for (const { resolve } of storage.flushes) resolve();
  });

  const send = (hex: string): void => client.send(Buffer.from(hex, "hex"), server.port, "127.0.0.1");
  async function until(done: () => boolean): Promise<void> {
    while (!done()) await new Promise<void>((resolve) => heard.push(resolve));
  }

  it("lets no reply leave before its flush, and those that come meanwhile share the next one", async () => {
    send("40000001");
    await storage.asked(1);
    send("40000002");
    send("40000003");
    await until(() => timeline.length === 3);
    expect(timeline).toEqual(["in 40000001", "in 40000002", "in 40000003"]);
    storage.flushes[0].resolve();
    await storage.asked(2);
    expect(timeline.slice(3)).toEqual(["out 70000001"]);
    storage.flushes[1].resolve();
    await until(() => replies.length === 3);
    expect(replies).toEqual(["70000001", "70000002", "70000003"]);
    expect(storage.flushed).toBe(2);
  });

  it("takes no more while as many answers wait as may, and goes on afterwards", async () => {
    for (const id of ["01", "02", "03", "04", "05", "06"]) send(`400000${id}`);
    await until(() => shed.length > 0);
    expect(timeline).toEqual(["in 40000001", "in 40000002", "in 40000003", "in 40000004"]);
    // The first flush is for the first datagrams that were read together, the next for the others.
    for (let n = 0; replies.length < 4; n++) {
      await storage.asked(n + 1);
      storage.flushes[n].resolve();
      await new Promise((resolve) => setImmediate(resolve));
      await until(() => replies.length === 4 || storage.flushed > n + 1);
    }
    const flushes = storage.flushed;
    send("40000007");
    await storage.asked(flushes + 1);
    storage.flushes[flushes].resolve();
    await until(() => replies.length === 5);
    expect(replies).toEqual(["70000001", "70000002", "70000003", "70000004", "70000007"]);
    expect(shed).toEqual(["4 answers wait for the disk or the network: datagrams are lost"]);
  });

  it("flushes also what has no reply", async () => {
    send("ff");
    await storage.asked(1);
  });

  it("answers nobody any more once a flush has failed, and says so", async () => {
    send("40000001");
    await storage.asked(1);
    storage.flushes[0].reject(new Error("disk full"));
    expect((await server.failed).message).toBe("disk full");
    send("40000002");
    await until(() => timeline.includes("in 40000002"));
    await server.close();
    expect(timeline.filter((line) => line.startsWith("out"))).toEqual([]);
    expect(storage.flushed).toBe(1);
  });

  it("sends what waits before it closes, and takes nothing more", async () => {
    send("40000001");
    await storage.asked(1);
    const closed = server.close();
    storage.flushes[0].resolve();
    await closed;
    await until(() => replies.length === 1);
    expect(replies).toEqual(["70000001"]);
  });

  it("hands its flush on", async () => {
    const flushed = server.flush();
    expect(storage.flushed).toBe(1);
    storage.flushes[0].resolve();
    await flushed;
  });
});
