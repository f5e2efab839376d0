/** Whoever stands between the operator's network and the server: what each strength can do, and no more. */
import { describe, expect, it, test } from "vitest";
import { decodeCoap, encodeCoap } from "../../../../host-sim/cloud/coap/coap-wire";
import {
  actsOf,
  checkAttack,
  hostileActs,
  strengths,
  traitsOf,
} from "../../../../host-sim/sim/radio/hostile-acts";
import { HostilePath } from "../../../../host-sim/sim/radio/hostile-path";
import { VirtualClock } from "../../../../host-sim/sim/time/clock";
import { Random } from "../../../../host-sim/sim/time/random";
import type { CoapMessage } from "../../../../host-sim/cloud/coap/coap-wire";
import type { Attack, HostileAct } from "../../../../host-sim/sim/radio/hostile-acts";
import type { HostileEvent } from "../../../../host-sim/sim/radio/hostile-path";
import type { Endpoint } from "../../../../host-sim/sim/radio/nat";

const server: Endpoint = { address: "203.0.113.5", port: 5683 };
const device: Endpoint = { address: "100.64.3.4", port: 20_001 };
const second = 1_000;

interface Seen {
  readonly time: number;
  readonly to: "device" | "server";
  readonly bytes: Uint8Array;
  /** At the device: whom it seems to be from. At the server: the device's side. */
  readonly peer: Endpoint;
  readonly injected: boolean;
}

function makePath(seed: number | string = 1) {
  const clock = new VirtualClock();
  const seen: Seen[] = [];
  const events: HostileEvent[] = [];
  const path = new HostilePath({
    scheduler: clock,
    random: new Random(seed),
    server,
    devices: () => [device],
    toDevice: (bytes) =>
      void seen.push({ time: clock.now, to: "device", bytes, peer: server, injected: false }),
    injectDown: (bytes, _to, peer) =>
      void seen.push({ time: clock.now, to: "device", bytes, peer, injected: true }),
    toServer: (bytes, peer) =>
      void seen.push({
        time: clock.now,
        to: "server",
        bytes,
        peer,
        injected: peer.address !== device.address,
      }),
    onEvent: (event) => events.push(event),
  });
  return { clock, path, seen, events };
}

const request = (messageId: number): CoapMessage => ({
  type: 0,
  code: 2,
  messageId,
  token: Uint8Array.of(9, 8, 7, messageId & 0xff),
  options: ["topic", "sys", "PK", "DK", "thing"].map((each) => ({ number: 11, value: Buffer.from(each) })),
  payload: Uint8Array.of(1, 2, 3),
});

/** Ten requests, ten seconds apart, each of which the server acknowledges a second later. */
async function talk(attack: Attack | undefined, seed?: number | string) {
  const run = makePath(seed);
  const { clock, path } = run;
  if (attack !== undefined) path.attack(attack);
  for (let i = 0; i < 10; i++) {
    clock.at(10 * second * (i + 1), () => path.up(encodeCoap(request(i)), device));
    clock.at(10 * second * (i + 1) + second, () =>
      path.down(
        encodeCoap({ ...request(i), type: 2, code: 0x44, options: [], payload: Uint8Array.of(i) }),
        device,
      ),
    );
  }
  await clock.run({ until: 600 * second });
  return run;
}

const genuine = (seen: readonly Seen[]): string[] =>
  seen
    .filter(({ injected }) => !injected)
    .map(({ time, to, bytes }) => `${time} ${to} ${Buffer.from(bytes).toString("hex")}`);

describe("nobody there", () => {
  it("lets everything pass as it is", async () => {
    const { seen, events } = await talk(undefined);
    expect(seen).toHaveLength(20);
    expect(seen.filter(({ to }) => to === "server").map(({ bytes }) => decodeCoap(bytes))).toEqual(
      Array.from({ length: 10 }, (_, i) => request(i)).map((each) =>
        expect.objectContaining({ messageId: each.messageId }),
      ),
    );
    expect(events).toEqual([]);
  });
});

describe.each(strengths)("somebody %s", (strength) => {
  test.each(actsOf(strength))("does %s, and the same again with the same seed", async (act) => {
    const attack: Attack = { strength, acts: [act], from: 5 * second, to: 300 * second };
    const first = await talk(attack, "a");
    const again = await talk(attack, "a");
    const other = await talk(attack, "b");
    const shown = ({ seen }: typeof first): string[] =>
      seen.map(
        ({ time, to, bytes, peer }) => `${time} ${to} ${peer.port} ${Buffer.from(bytes).toString("hex")}`,
      );
    expect(first.path.counts[act]).toBeGreaterThan(5);
    expect(shown(first)).toEqual(shown(again));
    if (traitsOf(act).at === "every") expect(shown(first)).not.toEqual(shown(other));
    // Below the middle, what passes arrives unchanged and in time.
    if (strength !== "in-the-middle")
      expect(genuine(first.seen)).toEqual(genuine((await talk(undefined)).seen));
    expect(first.events.every((event) => event.time >= 5 * second && event.time <= 300 * second)).toBe(true);
    expect(first.events.every((event) => event.strength === strength && event.act === act)).toBe(true);
  });
});

describe("somebody off the path", () => {
  it("never has an id or a token from what passed, but by chance", async () => {
    const { seen } = await talk({ strength: "off-path", acts: actsOf("off-path"), every: 50 });
    const forged = seen.filter(({ injected, to }) => injected && to === "device");
    expect(forged.length).toBeGreaterThan(5_000);
    const tokens = new Set(
      forged
        .map(({ bytes }) => decodeCoap(bytes))
        .flatMap((each) =>
          "token" in each && each.token.length > 0 ? [Buffer.from(each.token).toString("hex")] : [],
        ),
    );
    for (let i = 0; i < 10; i++) expect(tokens).not.toContain(Buffer.from(request(i).token).toString("hex"));
  });

  it("guesses the port where it does not know it, and gives the server's address or its own", async () => {
    const known = makePath();
    const targets: Endpoint[] = [];
    const path = new HostilePath({
      scheduler: known.clock,
      random: new Random(2),
      server,
      devices: () => [device],
      toDevice: () => {},
      injectDown: (_bytes, to, from) => void targets.push(to, from),
      toServer: () => {},
    });
    path.attack({ strength: "off-path", acts: ["ping"], every: 100, port: "guessed", sender: "own" });
    await known.clock.run({ until: 20 * second });
    const ports = new Set(targets.map(({ port }) => port));
    expect(ports.size).toBeGreaterThan(190);
    expect(targets.some(({ address }) => address === server.address)).toBe(false);
  });

  it("stops when it is told to", async () => {
    const { clock, path, seen } = makePath();
    const stop = path.attack({ strength: "off-path", acts: ["ping"], every: second });
    clock.at(10.5 * second, stop);
    await clock.run({ until: 60 * second });
    expect(seen).toHaveLength(11);
  });
});

describe("somebody on the path", () => {
  const forgers: HostileAct[] = [
    "unauthorized",
    "error",
    "blame",
    "taken",
    "command",
    "announce",
    "blocks",
    "nesting",
    "hush",
  ];

  test.each(forgers)("answers each request by %s, with its message id and its token", async (act) => {
    const { seen } = await talk({ strength: "on-path", acts: [act] });
    const forged = seen.filter(({ injected }) => injected);
    expect(forged).toHaveLength(10);
    for (const [i, { bytes, peer, time }] of forged.entries()) {
      const message = decodeCoap(bytes);
      expect(message).toMatchObject({ type: 2, messageId: i });
      if (act !== "hush") expect("token" in message && [...message.token]).toEqual([...request(i).token]);
      expect(peer).toEqual(server);
      expect(time).toBe(10 * second * (i + 1));
    }
  });

  it("asks the device for one block after the other", async () => {
    const { clock, path, seen } = makePath();
    path.attack({ strength: "on-path", acts: ["blocks"] });
    const block2 = (value: number[]): CoapMessage => ({
      ...request(1),
      options: [{ number: 23, value: Uint8Array.from(value) }],
      payload: new Uint8Array(0),
    });
    await clock.run({ until: 1 });
    path.up(encodeCoap(request(0)), device);
    path.up(encodeCoap(block2([0x10])), device);
    path.up(encodeCoap(block2([0x01, 0x00])), device);
    const numbers = seen
      .filter(({ injected }) => injected)
      .map(({ bytes }) => (decodeCoap(bytes) as CoapMessage).options[0].value);
    expect(numbers.map((value) => [...value])).toEqual([
      [0x00, 0x08],
      [0x00, 0x18],
      [0x01, 0x08],
    ]);
  });

  it("replays to the server from another address what the device has sent", async () => {
    const { seen } = await talk({ strength: "on-path", acts: ["replay"] });
    const replays = seen.filter(({ injected }) => injected);
    expect(replays).toHaveLength(10);
    const sent = new Set(genuine(seen).map((each) => each.split(" ")[2]));
    for (const { bytes, to } of replays) {
      expect(to).toBe("server");
      expect(sent).toContain(Buffer.from(bytes).toString("hex"));
    }
  });
});

describe("somebody in the middle", () => {
  it("drops what it wants to, in its share", async () => {
    const { seen } = await talk({ strength: "in-the-middle", acts: ["drop"] });
    expect(seen).toEqual([]);
    const half = await talk({ strength: "in-the-middle", acts: ["drop"], share: 0.5 });
    expect(half.seen.length).toBeGreaterThan(4);
    expect(half.seen.length).toBeLessThan(16);
  });

  it("alters, delays and reorders", async () => {
    const plain = genuine((await talk(undefined)).seen);
    const altered = genuine((await talk({ strength: "in-the-middle", acts: ["alter"] })).seen);
    expect(altered).toHaveLength(20);
    expect(altered.filter((each) => plain.includes(each))).toEqual([]);
    const delayed = (await talk({ strength: "in-the-middle", acts: ["delay"] })).seen;
    expect(delayed).toHaveLength(20);
    const bytes = (seen: readonly Seen[]): string[] =>
      seen.map((each) => Buffer.from(each.bytes).toString("hex"));
    const honest = bytes((await talk(undefined)).seen);
    const reordered = bytes((await talk({ strength: "in-the-middle", acts: ["reorder"], share: 0.4 })).seen);
    expect(reordered).not.toEqual(honest);
    expect([...reordered].sort()).toEqual([...honest].sort());
  });

  it("answers in the server's place, which hears nothing", async () => {
    const { seen } = await talk({ strength: "in-the-middle", acts: ["taken"] });
    expect(seen.filter(({ to }) => to === "server")).toEqual([]);
    expect(seen.filter(({ injected }) => injected)).toHaveLength(10);
  });
});

describe("an attack that cannot be", () => {
  test.each<[Partial<Attack>, RegExp]>([
    [{ strength: "off-path", acts: ["drop"] }, /"drop" takes in-the-middle, not off-path/],
    [{ strength: "off-path", acts: ["unauthorized"] }, /takes on-path/],
    [{ acts: [] }, /needs an act/],
    [{ acts: ["nap" as HostileAct] }, /no act "nap": ping/],
    [{ strength: "near" as Attack["strength"] }, /no strength "near": off-path/],
    [{ from: 5, to: 5 }, /has no time/],
    [{ every: 0 }, /every must be 1 ms or more/],
    [{ share: 0 }, /share must be above 0/],
    [{ share: 1.5 }, /share must be above 0/],
  ])("%j is refused", (change, why) => {
    const attack: Attack = { strength: "in-the-middle", acts: ["ping"], ...change };
    expect(() => checkAttack(attack)).toThrow(why);
  });

  it("leaves out what the protocol does not protect from, where that is asked for", () => {
    const protectedOnes = actsOf("in-the-middle", true);
    expect(hostileActs.filter((act) => !protectedOnes.includes(act))).toEqual([
      "blame",
      "taken",
      "command",
      "alter",
    ]);
    expect(protectedOnes.every((act) => traitsOf(act).unprotected !== true)).toBe(true);
  });
});
