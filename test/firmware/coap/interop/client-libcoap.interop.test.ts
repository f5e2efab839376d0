/** The client's half against libcoap's server. */
import { afterAll, describe, expect, it } from "vitest";
import { dotted, hex, utf8Hex } from "../../../../host-sim/tools/fuzz/peer";
import { blockSizes, body, bodySizes } from "./bodies";
import { asOptions, judge, requests, uri } from "./meaning";
import { endPeers, missing, startServer } from "./peers";
import { expectTshark } from "./testimony";
import { UdpEndpoint, closeEndpoints, hasty } from "./udp-endpoint";
import type { Outcome } from "../../../../firmware/coap/exchange";
import type { Judged, Meant, Whole } from "./meaning";

const data = uri("/example_data");
const judged: Judged[] = [];

const methods: Readonly<Record<string, number>> = { "0.01": 1, "0.02": 2, "0.03": 3, "0.04": 4 };

/** Sends a request, and what became of it. */
function send(ours: UdpEndpoint, port: number, whole: Whole, signal?: AbortSignal): Promise<Outcome> {
  const request = {
    port,
    code: methods[whole.code],
    confirmable: whole.type !== "NON",
    options: asOptions(whole.options),
    payload: whole.body,
  };
  return ours.request(request, signal);
}

/** Code and body of a response; other outcomes by their name. */
function shown(outcome: Outcome): string {
  if (outcome.kind !== "response") return `${outcome.kind} after ${outcome.discarded}`;
  return `${dotted(outcome.message.code)} ${hex(outcome.message.payload)}`;
}

/** Holds what was sent against what was meant. @returns how many datagrams were sent again */
function check(ours: UdpEndpoint, meant: Meant[]): number {
  const verdict = judge(ours.wire, { requests: meant });
  judged.push(...verdict.judged);
  return verdict.repeated;
}

const skip = missing("coap-server-notls");
afterAll(() => {
  closeEndpoints();
  endPeers();
});

describe.skipIf(skip)("libcoap's server", () => {
  describe.each(blockSizes)("in blocks of %i bytes", (size) => {
    it("takes bodies of all lengths, and gives them back", async () => {
      const port = await startServer();
      const ours = await UdpEndpoint.open({ blockSize: size, offerBlockSize: true });
      const meant: Meant[] = [];
      for (const length of bodySizes) {
        const sent = body(length);
        const put: Whole = { code: "0.03", options: data, body: sent, size, offer: true };
        const get: Whole = { code: "0.01", options: data, size, offer: true, answer: length };
        expect(shown(await send(ours, port, put)), `PUT of ${length}`).toMatch(/^2\.0[14] $/);
        expect(shown(await send(ours, port, get)), `GET of ${length}`).toBe(`2.05 ${hex(sent)}`);
        meant.push(...requests(put), ...requests(get));
      }
      expect(check(ours, meant)).toBe(0);
      expect(ours.discarded).toEqual([]);
    });
  });

  it("is asked for smaller blocks after its first", async () => {
    const port = await startServer();
    const ours = await UdpEndpoint.open({ blockSize: 64 });
    const sent = body(5000);
    const put: Whole = { code: "0.03", options: data, body: sent, size: 64 };
    const get: Whole = { code: "0.01", options: data, size: 64, answer: 5000, first: 1024 };
    expect(shown(await send(ours, port, put))).toBe("2.01 ");
    expect(shown(await send(ours, port, get))).toBe(`2.05 ${hex(sent)}`);
    expect(check(ours, [...requests(put), ...requests(get)])).toBe(0);
  });

  it("takes the same token for all blocks", async () => {
    const port = await startServer();
    const ours = await UdpEndpoint.open({ blockSize: 256, offerBlockSize: true, blockToken: "same" });
    const whole = { options: data, size: 256, offer: true, sameToken: true } as const;
    const put: Whole = { ...whole, code: "0.03", body: body(1025) };
    const get: Whole = { ...whole, code: "0.01", answer: 1025 };
    expect(shown(await send(ours, port, put))).toBe("2.01 ");
    expect(shown(await send(ours, port, get))).toBe(`2.05 ${hex(body(1025))}`);
    expect(check(ours, [...requests(put), ...requests(get)])).toBe(0);
  });

  it("takes and gives blocks in non-confirmable messages", async () => {
    const port = await startServer();
    const ours = await UdpEndpoint.open({ blockSize: 256, offerBlockSize: true });
    const whole = { type: "NON", options: data, size: 256, offer: true } as const;
    const put: Whole = { ...whole, code: "0.03", body: body(1025) };
    const get: Whole = { ...whole, code: "0.01", answer: 1025 };
    expect(shown(await send(ours, port, put))).toBe("2.01 ");
    expect(shown(await send(ours, port, get))).toBe(`2.05 ${hex(body(1025))}`);
    expect(check(ours, [...requests(put), ...requests(get)])).toBe(0);
  });

  it("makes, changes and deletes a resource", async () => {
    const port = await startServer("-d", "1");
    const ours = await UdpEndpoint.open({ blockSize: 64 });
    const made = [...uri("/a-resource-with-a-long-name/b"), [12, "2a"]] as const;
    const create: Whole = { code: "0.02", options: made, body: body(40), size: 64 };
    const change: Whole = { code: "0.02", options: made, body: body(150), size: 64 };
    const get: Whole = { code: "0.01", options: made.slice(0, 2), size: 64, answer: 150, first: 1024 };
    const end: Whole = { code: "0.04", options: made.slice(0, 2), size: 64 };
    const root: Whole = { code: "0.01", options: [], size: 64, answer: 0 };
    const outcome = await send(ours, port, create);
    expect(shown(outcome)).toBe("2.01 ");
    const location =
      outcome.kind === "response" ? outcome.message.options.filter((each) => each.number === 8) : [];
    expect(location.map(({ value }) => hex(value))).toEqual(made.slice(0, 2).map(([, value]) => value));
    expect(shown(await send(ours, port, change))).toBe("2.04 ");
    expect(shown(await send(ours, port, get))).toBe(`2.05 ${hex(body(150))}`);
    expect(shown(await send(ours, port, end))).toMatch(/^2\.02 /);
    expect(shown(await send(ours, port, get))).toMatch(/^4\.04 /);
    expect(shown(await send(ours, port, root))).toMatch(`2.05 ${utf8Hex("This is a test server")}`);
    expect(check(ours, [create, change, get, end, get, root].flatMap(requests))).toBe(0);
  });

  it.concurrent("answers separately, and its answer is acknowledged", async () => {
    const port = await startServer();
    const ours = await UdpEndpoint.open();
    const get: Whole = { code: "0.01", options: uri("/async?1"), size: 1024 };
    expect(shown(await send(ours, port, get))).toBe(`2.05 ${utf8Hex("done")}`);
    expect(check(ours, requests(get))).toBe(0);
    expect(ours.wire.map(({ sent }) => sent)).toEqual([true, false, false, true]);
  });

  it.concurrent("answers separately, after we have given up, and is rejected", async () => {
    const port = await startServer();
    const ours = await UdpEndpoint.open();
    const get: Whole = { code: "0.01", options: uri("/async?1"), size: 1024 };
    const given = new AbortController();
    const outcome = send(ours, port, get, given.signal);
    await ours.traffic(2);
    given.abort();
    expect(shown(await outcome)).toBe("cancelled after undefined");
    await ours.traffic(4);
    const verdict = judge(ours.wire, { requests: requests(get), cancelled: true });
    judged.push(...verdict.judged);
    expect(verdict.judged.map(({ meant }) => meant.type)).toEqual([0, 3]);
    expect(ours.discarded).toEqual(["unexpected CON"]);
  });

  it.concurrent("answers 4.04 for what is not there", async () => {
    const port = await startServer();
    const ours = await UdpEndpoint.open();
    const get: Whole = { code: "0.01", options: uri("/none"), size: 1024 };
    expect(shown(await send(ours, port, get))).toBe(`4.04 ${utf8Hex("Not Found")}`);
    expect(check(ours, requests(get))).toBe(0);
  });

  describe("a critical option that it does not know", () => {
    const get: Whole = { code: "0.01", options: [...uri("/"), [2049, "78"]], size: 1024 };

    it.concurrent("is answered with 4.02", async () => {
      const port = await startServer();
      const understood = [{ number: 2049, minLength: 0, maxLength: 8, repeatable: false }];
      const ours = await UdpEndpoint.open({ understood });
      expect(shown(await send(ours, port, get))).toBe(`4.02 ${utf8Hex("Bad Option")}`);
      expect(check(ours, requests(get))).toBe(0);
    });

    // A fault of libcoap 4.3.1: it sends the option back, and nobody who lacks it may accept that.
    it.concurrent("comes back, and is rejected where we do not know it either", async () => {
      const port = await startServer();
      const ours = await UdpEndpoint.open({ transmission: { ...hasty, maxRetransmit: 1 } });
      expect(shown(await send(ours, port, get))).toBe("timeout after critical-option");
      expect(check(ours, requests(get))).toBe(1);
    });
  });

  describe("with datagrams lost on its side", () => {
    const put: Whole = { code: "0.03", options: data, body: body(1025), size: 128, offer: true };
    const get: Whole = { code: "0.01", options: data, size: 128, answer: 1025, offer: true };

    it.concurrent.each([
      ["plain", "3,5-7", 4],
      ["fasor", "3,5-7", 4],
      ["plain", "1,12-13,16", 4],
    ] as const)("%s time-outs: -l %s", async (algorithm, lost, count) => {
      const port = await startServer("-l", lost);
      const ours = await UdpEndpoint.open({
        blockSize: 128,
        offerBlockSize: true,
        transmission: { ...hasty, algorithm },
      });
      expect(shown(await send(ours, port, put))).toBe("2.01 ");
      expect(shown(await send(ours, port, get))).toBe(`2.05 ${hex(body(1025))}`);
      // A busy machine may cost a few more.
      expect(check(ours, [put, get].flatMap(requests))).toBeGreaterThanOrEqual(count);
    });

    // Only what has no effect is asked for: libcoap 4.3.1 runs duplicates again, and the last block of an
    // upload, when its answer is lost, becomes a body of its own there.
    it.concurrent("-l 25%", async () => {
      const whole = { code: "0.01", options: uri("/.well-known/core"), size: 16, offer: true } as const;
      const former = await UdpEndpoint.open({ blockSize: 1024 });
      const expected = await send(former, await startServer(), { ...whole, size: 1024, offer: false });
      const answer = expected.kind === "response" ? expected.message.payload.length : 0;
      expect(answer).toBeGreaterThan(128);
      const port = await startServer("-l", "25%");
      const transmission = { ...hasty, ackTimeout: 40, maxRetransmit: 12 };
      const ours = await UdpEndpoint.open({ blockSize: 16, offerBlockSize: true, transmission });
      expect(shown(await send(ours, port, whole))).toBe(shown(expected));
      check(ours, requests({ ...whole, answer }));
    });

    it.concurrent.each(["1", "2"])("-l %s: a separate response", async (lost) => {
      const port = await startServer("-l", lost);
      const ours = await UdpEndpoint.open({ transmission: hasty });
      const separate: Whole = { code: "0.01", options: uri("/async?1"), size: 1024 };
      expect(shown(await send(ours, port, separate))).toBe(`2.05 ${utf8Hex("done")}`);
      check(ours, requests(separate));
    });
  });
});

describe.skipIf(skip || missing("tshark"))("tshark", () => {
  it("reads in every datagram what was meant", () => expectTshark(judged, 2_000));
});
