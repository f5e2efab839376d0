/** Posts over HTTP to a receiver on loopback that checks them with the specification's own package. */
import { createServer } from "node:http";
import { afterEach, beforeEach, describe, expect, it, test, vi } from "vitest";
import { Webhook } from "standardwebhooks";
import { Destinations } from "../../../../host-sim/cloud/webhooks/destinations";
import { HttpSender } from "../../../../host-sim/cloud/webhooks/http-sender";
import type { Resolve } from "../../../../host-sim/cloud/webhooks/http-sender";
import { Webhooks } from "../../../../host-sim/cloud/webhooks/webhooks";
import { Random } from "../../../../host-sim/sim/time/random";
import { checkEvent } from "../event-check";
import { stored } from "./rig";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { CloudEvent } from "../../../../host-sim/cloud/events";

let server: Server;
let port: number;
let requests: { path: string; headers: IncomingMessage["headers"]; body: string }[];
/** What the receiver answers; 204 unless the test says otherwise. */
let answer: (response: ServerResponse, request: IncomingMessage) => void;

beforeEach(async () => {
  requests = [];
  answer = (response) => response.writeHead(204).end();
  server = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk) => (body += String(chunk)));
    request.on("end", () => {
      requests.push({ path: request.url!, headers: request.headers, body });
      answer(response, request);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  port = (server.address() as AddressInfo).port;
});
afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

const target = (path = "/hook?key=hidden"): string => `http://127.0.0.1:${port}${path}`;
const post = (sender: HttpSender, url: string, body = "{}") =>
  sender.post(url, { "webhook-id": "msg_1" }, body);
const here = (resolve?: Resolve): HttpSender => new HttpSender(Destinations.of(undefined), resolve);

describe("a webhook over HTTP", () => {
  it("is taken by a receiver that checks it, in order, and again after a failure", async () => {
    const events: CloudEvent[] = [];
    const sender = here();
    const random = new Random("webhooks interop");
    const webhooks = new Webhooks({
      now: Date.now,
      // The waits are not what is tried here.
      schedule: (_ms, work) => {
        const timer = setImmediate(work);
        return () => clearImmediate(timer);
      },
      random: () => 0.5,
      randomBytes: (n) => random.bytes(n),
      destinations: Destinations.of(undefined),
      post: (...what) => sender.post(...what),
      emit: (event) => {
        checkEvent(event);
        events.push(event);
      },
    });
    const { secret } = webhooks.create({ url: target() });
    let failures = 2;
    answer = (response) => response.writeHead(failures-- > 0 ? 503 : 200).end("thanks");
    for (let i = 0; i < 5; i++) webhooks.event(stored(String(i)));
    await expect.poll(() => webhooks.view("1")!.delivered).toBe(5);
    const receiver = new Webhook(secret!);
    const read = requests.map(({ body, headers }) =>
      receiver.verify(body, headers as Record<string, string>),
    );
    expect(read.map((each) => (each as { data: { id: string } }).data.id)).toEqual([
      "0",
      "0",
      "0",
      "1",
      "2",
      "3",
      "4",
    ]);
    expect(new Set(requests.map(({ headers }) => headers["webhook-id"])).size).toBe(5);
    expect(requests[0]).toMatchObject({
      path: "/hook?key=hidden",
      headers: { "content-type": "application/json" },
    });
    expect(JSON.stringify([events, webhooks.list(), webhooks.deliveries("1")])).not.toContain(
      secret!.slice(6),
    );
    expect(JSON.stringify([events, webhooks.deliveries("1")])).not.toContain("hidden");
    webhooks.close();
  });
});

describe("an answer", () => {
  test.each<[what: string, answer: (response: ServerResponse) => void, outcome: object]>([
    ["2xx", (response) => response.writeHead(299).end(), { status: 299 }],
    [
      "a redirect, which is not followed",
      (r) => r.writeHead(307, { location: target("/other") }).end(),
      { status: 307 },
    ],
    ["410", (response) => response.writeHead(410).end("gone"), { status: 410 }],
    ["without an end", (response) => endless(response), { status: 200 }],
    [
      "that breaks off",
      (response) => void response.writeHead(200).write("x", () => response.destroy()),
      { status: 200 },
    ],
    [
      "with headers that are too long",
      (r) => r.writeHead(200, { x: "y".repeat(9000) }).end(),
      { fault: expect.stringMatching(/HPE_HEADER_OVERFLOW/) },
    ],
    ["of nothing", (response) => response.destroy(), { fault: "the connection ended without an answer" }],
    [
      "that is no HTTP",
      (response) => void response.socket!.end("SSH-2.0\r\n\r\n"),
      { fault: expect.stringMatching(/HPE_/) },
    ],
    [
      "that changes the protocol",
      (r) => void r.socket!.end("HTTP/1.1 101 x\r\nconnection: upgrade\r\nupgrade: y\r\n\r\n"),
      { fault: "the connection ended without an answer" },
    ],
  ])("%s", async (_, how, outcome) => {
    answer = how;
    expect(await post(here(), target())).toEqual(outcome);
    expect(requests).toHaveLength(1);
  });

  /** A body that goes on as long as somebody reads. */
  function endless(response: ServerResponse): void {
    response.writeHead(200);
    const more = (): void => {
      while (response.write("x".repeat(4096)));
    };
    response.on("drain", more).on("error", () => undefined);
    more();
  }

  it("that does not come is not waited for longer than ten seconds", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    try {
      answer = () => undefined;
      const outcome = post(here(), target());
      while (requests.length === 0) await new Promise((resolve) => setImmediate(resolve));
      vi.advanceTimersByTime(9_999);
      expect(await Promise.race([outcome, Promise.resolve("waits")])).toBe("waits");
      vi.advanceTimersByTime(1);
      expect(await outcome).toEqual({ fault: "no answer within 10 s" });
    } finally {
      vi.useRealTimers();
    }
  });

  it("is not waited for when the program ends", async () => {
    answer = () => undefined;
    const sender = here();
    const outcome = post(sender, target());
    await expect.poll(() => requests.length).toBe(1);
    sender.close();
    expect(await outcome).toEqual({ fault: "the connection ended without an answer" });
  });
});

describe("what is connected to", () => {
  const resolving =
    (...addresses: string[]): Resolve =>
    (_name, _options, done) =>
      done(
        null,
        addresses.map((address) => ({ address, family: address.includes(":") ? 6 : 4 })),
      );

  it("is what the name is at that moment, and nothing that is not this machine", async () => {
    let calls = 0;
    // The second time the name is another's.
    const sender = here((name, options, done) =>
      resolving(calls++ === 0 ? "127.0.0.1" : "10.0.0.1")(name, options, done),
    );
    const url = `http://app.localhost:${port}/`;
    expect(await post(sender, url)).toEqual({ status: 204 });
    expect(await post(sender, url)).toEqual({
      fault: "app.localhost is 10.0.0.1, which is not this machine",
    });
    expect(requests).toHaveLength(1);
    expect(requests[0].headers.host).toBe(`app.localhost:${port}`);
  });

  it("is of several addresses one that is allowed", async () => {
    const sender = here(resolving("169.254.169.254", "10.0.0.1", "127.0.0.1"));
    expect(await post(sender, `http://localhost:${port}/`)).toEqual({ status: 204 });
  });

  it("is an address behind a name that was allowed, but never one of the link", async () => {
    const allowed = Destinations.of("hooks.example.com");
    const url = `http://hooks.example.com:${port}/`;
    expect(await post(new HttpSender(allowed, resolving("127.0.0.1")), url)).toEqual({ status: 204 });
    expect(await post(new HttpSender(allowed, resolving("169.254.169.254")), url)).toEqual({
      fault: "hooks.example.com is 169.254.169.254, which is no address of a receiver",
    });
  });

  test.each([
    "http://10.0.0.1/",
    "http://[::ffff:a00:1]/",
    "http://example.com/",
    "http://a:b@127.0.0.1/",
    "nonsense",
  ])("%s is not looked up", async (url) => {
    const sender = here(() => {
      throw new Error("looked up");
    });
    const outcome = await post(sender, url);
    expect(outcome).toHaveProperty("fault");
    expect(JSON.stringify(outcome)).not.toContain("a:b");
  });

  it("may be nothing that listens", async () => {
    await new Promise<void>((resolve) => void (server.close(() => resolve()), server.closeAllConnections()));
    expect(await post(here(), target())).toEqual({
      fault: "the connection was refused: nothing listens there",
    });
    await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  });

  it("has to speak TLS when the URL says so", async () => {
    const outcome = await post(here(), target("/hook?key=hidden").replace("http:", "https:"));
    expect(outcome).toEqual({ fault: expect.stringMatching(/^the call failed: [A-Z_]+$/) });
    expect(requests).toEqual([]);
  });

  it("may have no name", async () => {
    const sender = here((_name, _options, done) =>
      done(Object.assign(new Error("x"), { code: "ENOTFOUND" }), []),
    );
    expect(await post(sender, "http://nobody.localhost/")).toEqual({ fault: "the host's name is unknown" });
  });
});
