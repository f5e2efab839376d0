/** Both halves against node-coap, the other CoAP in JavaScript. */
import { createSocket } from "node:dgram";
import coap from "coap";
import { afterAll, describe, expect, it } from "vitest";
import { code, dotted, hex } from "../../../../host-sim/tools/fuzz/peer";
import { body } from "./bodies";
import { answers, asOptions, judge, requests, uri } from "./meaning";
import { missing } from "./peers";
import { expectTshark } from "./testimony";
import { UdpEndpoint, closeEndpoints, loopback } from "./udp-endpoint";
import type { Answer, Judged, Meaning, Scenario, Whole } from "./meaning";
import type { UdpEndpointOptions } from "./udp-endpoint";

const judged: Judged[] = [];
const path = uri("/some/thing?x=1");
const octets: Meaning = [12, "2a"];
const methods = { "0.01": "GET", "0.02": "POST", "0.03": "PUT", "0.04": "DELETE" } as const;
type Method = keyof typeof methods;

const closers: (() => void)[] = [closeEndpoints];
afterAll(() => {
  for (const close of closers) close();
});

/** Nothing was sent but what was meant, and nothing twice. */
function check(ours: UdpEndpoint, scenario: Scenario): void {
  const verdict = judge(ours.wire, scenario);
  judged.push(...verdict.judged);
  expect(verdict.repeated).toBe(0);
  expect(ours.discarded).toEqual([]);
}

describe("node-coap's server", () => {
  /** Its port, and what its handler saw. */
  async function start(
    answer: (sent: Buffer) => Uint8Array,
    after = 0,
  ): Promise<{ port: number; seen: string[] }> {
    const seen: string[] = [];
    const server = coap.createServer((request, response) => {
      seen.push(`${request.method} ${request.url} ${hex(request.payload)}`);
      response.code = request.method === "GET" ? "2.05" : "2.04";
      setTimeout(() => response.end(Buffer.from(answer(request.payload))), after);
    });
    closers.push(() => server.close());
    // It does not tell the port that the system picked, but it takes a socket that is open already.
    const socket = createSocket("udp4");
    closers.push(() => socket.close());
    await new Promise<void>((resolve) => socket.bind(0, loopback, resolve));
    server.listen(socket);
    return { port: socket.address().port, seen };
  }

  async function ask(
    ours: UdpEndpoint,
    port: number,
    whole: Whole & { readonly code: Method },
  ): Promise<string> {
    const outcome = await ours.request({
      port,
      code: code(whole.code),
      confirmable: whole.type !== "NON",
      options: asOptions(whole.options),
      payload: whole.body,
    });
    if (outcome.kind !== "response") return `${outcome.kind} after ${outcome.discarded}`;
    return `${dotted(outcome.message.code)} ${hex(outcome.message.payload)}`;
  }

  it.each(["CON", "NON"] as const)("is asked by each method, %s", async (type) => {
    const { port, seen } = await start((sent) => Buffer.from(sent).reverse());
    const ours = await UdpEndpoint.open();
    const all = (Object.keys(methods) as Method[]).map((method) => {
      const sent = method === "0.02" || method === "0.03" ? body(20, method) : undefined;
      const options = sent === undefined ? path : [...path, octets].sort((a, b) => a[0] - b[0]);
      return { type, code: method, options, body: sent, size: 1024 };
    });
    for (const whole of all) {
      const reversed = hex(Uint8Array.from(whole.body ?? []).reverse());
      expect(await ask(ours, port, whole)).toBe(`${whole.code === "0.01" ? "2.05" : "2.04"} ${reversed}`);
    }
    expect(seen).toEqual(
      all.map((whole) => `${methods[whole.code]} /some/thing?x=1 ${hex(whole.body ?? new Uint8Array(0))}`),
    );
    check(ours, { requests: all.flatMap(requests) });
  });

  it.each([
    [32, true],
    [64, true],
    [512, true],
    [1024, true],
    [16, false],
    [128, false],
  ])("gives a body in blocks of %i bytes, offered at once: %s", async (size, offer) => {
    const { port } = await start(() => body(5000));
    const ours = await UdpEndpoint.open({ blockSize: size, offerBlockSize: offer, blockToken: "same" });
    const asked = { code: "0.01", options: path, size, offer, sameToken: true } as const;
    const whole = { ...asked, answer: 5000, first: offer ? size : 1024 };
    expect(await ask(ours, port, whole)).toBe(`2.05 ${hex(body(5000))}`);
    check(ours, { requests: requests(whole) });
  });

  // A fault of node-coap 1.5.0: it takes 0/0/16, which has no bytes, for blocks of 0 bytes.
  it("cannot be asked for blocks of 16 bytes at once, which we find out", async () => {
    const { port } = await start(() => body(5000));
    const ours = await UdpEndpoint.open({ blockSize: 16, offerBlockSize: true });
    const whole = { code: "0.01", options: path, size: 16, offer: true } as const;
    expect(await ask(ours, port, whole)).toBe("block-fault after undefined");
    check(ours, { requests: requests(whole) });
  });

  it.each([16, 64, 512, 1024])("takes a body in blocks of %i bytes with one token", async (size) => {
    const { port, seen } = await start(() => Buffer.alloc(0));
    const ours = await UdpEndpoint.open({ blockSize: size, blockToken: "same" });
    const whole = { code: "0.03", options: path, body: body(5000), size, sameToken: true } as const;
    expect(await ask(ours, port, whole)).toBe("2.04 ");
    expect(seen).toEqual([`PUT /some/thing?x=1 ${hex(body(5000))}`]);
    check(ours, { requests: requests(whole) });
  });

  // Faults of node-coap 1.5.0: it puts bodies together by their token, where RFC 7959 has no say for it
  // (section 2.2) and RFC 9175 a Request-Tag (section 3.3). EnOS wants a fresh one in each request.
  describe("and a fresh token for each block", () => {
    it("gives a body all the same, from a handler called for each block", async () => {
      const { port, seen } = await start(() => body(3000));
      const ours = await UdpEndpoint.open({ offerBlockSize: true });
      const whole = { code: "0.01", options: path, size: 1024, offer: true, answer: 3000 } as const;
      expect(await ask(ours, port, whole)).toBe(`2.05 ${hex(body(3000))}`);
      expect(seen).toHaveLength(3);
      check(ours, { requests: requests(whole) });
    });

    it("does not put a body together, and says so", async () => {
      const { port, seen } = await start(() => Buffer.alloc(0));
      const ours = await UdpEndpoint.open();
      const whole = { code: "0.03", options: path, body: body(3000), size: 1024 } as const;
      expect(await ask(ours, port, whole)).toBe(
        `5.00 ${hex(Buffer.from("Byte offset not the next in line..."))}`,
      );
      expect(seen).toEqual([]);
      check(ours, { requests: requests(whole) });
    });
  });

  it("answers separately, and its answer is acknowledged", async () => {
    const { port, seen } = await start(() => body(30), 150);
    const ours = await UdpEndpoint.open();
    const whole = { code: "0.01", options: path, size: 1024 } as const;
    expect(await ask(ours, port, whole)).toBe(`2.05 ${hex(body(30))}`);
    expect(seen).toHaveLength(1);
    check(ours, { requests: requests(whole) });
    expect(ours.wire.map(({ sent }) => sent)).toEqual([true, false, false, true]);
  });
});

describe("node-coap's client", () => {
  interface Received {
    readonly code: string;
    readonly payload: string;
  }

  /** Our endpoint, which answers everything alike, and the bodies that came to it. */
  async function serve(
    answer: Answer,
    options: UdpEndpointOptions & { after?: number } = {},
  ): Promise<{ ours: UdpEndpoint; seen: string[]; scenario: Scenario }> {
    const { after, ...rest } = options;
    const seen: string[] = [];
    const ours = await UdpEndpoint.open({
      ...rest,
      serve: (request, respond) => {
        seen.push(`${dotted(request.code)} ${hex(request.payload)}`);
        const response = {
          code: code(answer.code),
          options: asOptions(answer.options ?? []),
          payload: answer.body,
        };
        if (after === undefined) respond(response);
        else setTimeout(() => respond(response), after);
      },
    });
    const size = options.blockSize ?? 1024;
    return { ours, seen, scenario: { answers: (request) => answers(request, answer, size) } };
  }

  /** Sends a request with an agent of its own. */
  function ask(
    port: number,
    method: (typeof methods)[Method],
    sent?: Uint8Array,
    more: { block1?: number; block2?: number; confirmable?: boolean } = {},
  ): Promise<Received> {
    const { block1, block2, confirmable = true } = more;
    const agent = new coap.Agent();
    closers.push(() => agent.close());
    return new Promise((resolve, reject) => {
      const request = coap.request({
        host: loopback,
        port,
        method,
        confirmable,
        pathname: "/some/thing",
        agent,
      });
      if (block1 !== undefined) request.setOption("Block1", Buffer.of(block1));
      if (block2 !== undefined) request.setOption("Block2", Buffer.of(block2));
      request.on("response", (response) => {
        resolve({ code: response.code, payload: hex(response.payload) });
      });
      request.on("error", reject);
      request.end(sent === undefined ? undefined : Buffer.from(sent));
    });
  }

  it.each([true, false])("asks by each method, confirmable: %s", async (confirmable) => {
    const { ours, seen, scenario } = await serve({ code: "2.05", options: [octets], body: body(20) });
    for (const method of Object.values(methods)) {
      const sent = method === "POST" || method === "PUT" ? body(30, method) : undefined;
      const response = await ask(ours.port, method, sent, { confirmable });
      expect(response).toEqual({ code: "2.05", payload: hex(body(20)) });
    }
    expect(seen).toEqual(["0.01 ", `0.02 ${hex(body(30, "POST"))}`, `0.03 ${hex(body(30, "PUT"))}`, "0.04 "]);
    check(ours, scenario);
  });

  it.each([16, 64, 512, 1024])("fetches a body in blocks of %i bytes, as large as we like", async (size) => {
    const { ours, scenario } = await serve({ code: "2.05", body: body(5000) }, { blockSize: size });
    expect(await ask(ours.port, "GET")).toEqual({ code: "2.05", payload: hex(body(5000)) });
    check(ours, scenario);
  });

  it.each([0, 2, 5, 6])("fetches a body in blocks of a size of its own: SZX %i", async (block2) => {
    const { ours, seen, scenario } = await serve({ code: "2.05", body: body(5000) });
    expect(await ask(ours.port, "GET", undefined, { block2 })).toEqual({
      code: "2.05",
      payload: hex(body(5000)),
    });
    expect(seen).toEqual(["0.01 "]);
    check(ours, scenario);
  });

  it.each([0, 2, 5, 6])("sends a body in blocks: SZX %i", async (block1) => {
    const { ours, seen, scenario } = await serve({ code: "2.04" });
    expect(await ask(ours.port, "POST", body(5000), { block1 })).toEqual({ code: "2.04", payload: "" });
    expect(seen).toEqual([`0.02 ${hex(body(5000))}`]);
    check(ours, scenario);
  });

  it("waits for a handler that takes its time", async () => {
    const { ours, seen, scenario } = await serve(
      { code: "2.05", body: body(2500), separate: true },
      { separateAfter: 20, after: 150 },
    );
    expect(await ask(ours.port, "GET")).toEqual({ code: "2.05", payload: hex(body(2500)) });
    expect(seen).toHaveLength(1);
    check(ours, scenario);
  });
});

describe.skipIf(missing("tshark"))("tshark", () => {
  it("reads in every datagram what was meant", () => expectTshark(judged, 1_500));
});
