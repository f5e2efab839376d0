/** Connections of strangers over real sockets: whoever opens many, and whoever does not end them, shuts out nobody. */
import { createServer } from "node:http";
import { connect } from "node:net";
import { platform } from "node:process";
import { afterEach, describe, expect, it } from "vitest";
import { limitConnections } from "../../../../host-sim/cloud/api/connections";
import { serveApi } from "../../../../host-sim/cloud/api/server";
import { EnosCloud } from "../../../../host-sim/cloud/cloud";
import { Feed } from "../../../../host-sim/cloud/console/feed";
import type { ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";

const ends: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

interface Client {
  readonly socket: Socket;
  /** What has come so far. */
  text(): string;
  readonly closed: Promise<void>;
  /** Resolves once what has come is like this. */
  until(wanted: RegExp): Promise<void>;
}

/** Connects and sends `text`; resolves once the kernel has the connection. */
function client(port: number, text: string, from = "127.0.0.1"): Promise<Client> {
  return new Promise((resolve) => {
    let got = "";
    let look = (): void => {};
    const socket = connect({ port, host: "127.0.0.1", localAddress: from }, () => {
      socket.write(text);
      resolve({
        socket,
        text: () => got,
        closed,
        until: (wanted) =>
          new Promise((found) => {
            look = () => {
              if (wanted.test(got)) found();
            };
            look();
          }),
      });
    });
    const closed = new Promise<void>((done) => socket.on("close", () => done()));
    socket.on("data", (bytes) => {
      got += bytes.toString("latin1");
      look();
    });
    // A connection that is closed on it is what these tests are about.
    socket.on("error", () => {});
    ends.push(() => void socket.destroy());
  });
}

describe("the API", () => {
  const halfOpen = "GET /api/v1/devices HTTP/1.1\r\nHost: local";
  const halfSent =
    "POST /api/v1/devices HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{";
  const asking = "GET /api/v1/status HTTP/1.1\r\nHost: localhost\r\n\r\n";

  async function serve(): Promise<{ port: number; feed: Feed }> {
    const feed = new Feed(() => 5);
    const cloud = new EnosCloud({
      ...{ transmit: () => undefined, randomBytes: (n: number) => new Uint8Array(n), devices: [] },
      ...({ edition: "token", iv: "zero" } as const),
    });
    const api = await serveApi(
      {
        ...{ cloud, feed, now: () => 0, flush: () => Promise.resolve(), host: "127.0.0.1" },
        ...{ version: "1", edition: "token", kept: false, randomBytes: (n: number) => new Uint8Array(n) },
      },
      0,
    );
    ends.push(() => api.close());
    return { port: api.port, feed };
  }

  it.each([
    ["do not end their headers", halfOpen],
    ["do not end their body", halfSent],
    ["say nothing", ""],
    ["ask, and then keep the connection", asking],
  ])("answers beside three hundred clients that %s", async (_what, text) => {
    const { port } = await serve();
    const others = await Promise.all(Array.from({ length: 300 }, () => client(port, text)));
    const own = await client(port, asking);
    await own.until(/"uptime"/);
    // Those that came first have gone for the others.
    await Promise.all(others.slice(0, 200).map(({ closed }) => closed));
  });

  it.runIf(platform === "linux")("answers beside four hundred of them from twenty addresses", async () => {
    const { port } = await serve();
    const from = Array.from({ length: 20 }, (_, i) => `127.0.1.${i + 1}`);
    const others = await Promise.all(
      from.flatMap((address) => Array.from({ length: 20 }, () => client(port, halfOpen, address))),
    );
    const own = await client(port, asking);
    await own.until(/"uptime"/);
    await Promise.all(others.slice(0, 100).map(({ closed }) => closed));
  });

  it("goes on with a page that looks on", async () => {
    const { port, feed } = await serve();
    const page = await client(port, "GET /api/v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n");
    await page.until(/retry: 2000/);
    await Promise.all(Array.from({ length: 300 }, () => client(port, halfOpen)));
    feed.event({ type: "product-put", at: 5, productKey: "after" });
    await page.until(/"productKey":"after"/);
  });
});

describe("limits of four, and two of a network", () => {
  async function serve(): Promise<{
    port: number;
    answers: ServerResponse[];
    asked(n: number): Promise<void>;
  }> {
    const answers: ServerResponse[] = [];
    let look = (): void => {};
    const server = createServer((_request, response) => {
      answers.push(response);
      look();
    });
    limitConnections(server, { total: 4, perNetwork: 2 });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    ends.push(() => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    });
    const asked = (n: number): Promise<void> =>
      new Promise((resolve) => {
        look = () => {
          if (answers.length >= n) resolve();
        };
        look();
      });
    return { port: (server.address() as AddressInfo).port, answers, asked };
  }
  const request = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";

  it("close what has waited longest, and leave what is being answered", async () => {
    const { port, answers, asked } = await serve();
    const first = await client(port, request);
    await asked(1);
    const second = await client(port, "GET");
    const third = await client(port, "GET");
    await second.closed;
    await client(port, "GET");
    await third.closed;
    answers[0].end("here");
    await first.until(/here/);
  });

  it("let one in again behind all others once it has been answered", async () => {
    const { port, answers, asked } = await serve();
    const first = await client(port, request);
    await asked(1);
    const second = await client(port, "GET");
    answers[0].end("here");
    await first.until(/here/);
    await client(port, "GET");
    await second.closed;
    first.socket.write(request);
    await asked(2);
    answers[1].end("again");
    await first.until(/again/);
  });

  it("close one that does not read its answer", async () => {
    const { port, answers, asked } = await serve();
    const deaf = await client(port, request);
    deaf.socket.pause();
    await asked(1);
    // More than the system takes from a server whose client does not read.
    answers[0].end(Buffer.alloc(32 << 20));
    await client(port, "GET");
    const own = await client(port, request);
    await asked(2);
    answers[1].end("here");
    await own.until(/here/);
    expect(answers[0].destroyed).toBe(true);
  });

  it.runIf(platform === "linux")("turn a network away whose connections are all being answered", async () => {
    const { port, answers, asked } = await serve();
    await client(port, request);
    await client(port, request);
    await asked(2);
    const more = await client(port, request);
    await more.closed;
    expect(more.text()).toBe("");
    const other = await client(port, request, "127.0.0.2");
    await asked(3);
    answers[2].end("here");
    await other.until(/here/);
  });
});
