/** What goes up of a product that seals its payloads: which bytes, in which envelopes, and what stays as it is. */
import { describe, expect, it, test } from "vitest";
import { Topic } from "../../../firmware/enos/topic";
import { AgentRig } from "../device/rig";
import { SealedEnos, idOf, openUpload, sealingFor } from "../device/sealed-enos";
import { FakeEnos } from "../enos/fake-enos";
import { flashOf } from "./journal-rig";
import type { AgentOptions } from "../../../firmware/device/agent";

const minute = 60_000;
const hour = 60 * minute;
const epoch = Date.UTC(2026, 0, 1);
const origin = Date.UTC(2020, 0, 1);

const u40 = (time: number): string => (time - origin).toString(16).padStart(10, "0");
const u48 = (time: number): string => time.toString(16).padStart(12, "0");
const withoutId = (plain: string): string => plain.slice(0, 2) + plain.slice(10);

function sealedRig(options: Partial<AgentOptions> = {}, time: number | null = epoch) {
  const server = new SealedEnos(false);
  const rig = new AgentRig({ sealing: sealingFor(false), ...options }, server);
  if (time !== null) rig.agent.setTime(time, 0);
  return { rig, server, plains: () => server.uploads.map(({ plain }) => plain) };
}

/** Topics of the device's requests. */
const topics = ({ server }: AgentRig): string[] =>
  server.lines.filter((line) => !line.includes("/auth/")).map((line) => line.slice("POST …".length));

describe("a reading", () => {
  test.each([
    ["raw", "07", "01000400000001"],
    ["compact", "0c", "010100000001"],
  ] as const)("alone, %s, states its time", (format, kind, values) => {
    const { rig, plains } = sealedRig({ format, reports: 2 });
    rig.wait(hour);
    const [first, second] = plains().map(withoutId);
    expect(first).toBe(kind + u40(epoch) + values);
    expect(second).toBe(kind + u40(epoch + 900_000) + values.replace(/1$/, "2"));
    expect(rig.agent.totals).toMatchObject({ taken: 2, acknowledged: 2 });
  });

  test.each([
    ["raw", "01", "01000400000001"],
    ["compact", "03", "010100000001"],
  ] as const)("alone, %s, has none while the device does not know it", (format, kind, values) => {
    const { rig, plains } = sealedRig({ format, reports: 1 }, null);
    rig.wait(hour);
    expect(plains().map(withoutId)).toEqual([kind + values]);
  });

  test.each([
    ["before 2020", origin - 3_600_000],
    ["after 2054", origin + 2 ** 40],
  ])("of a time %s goes as a batch of one", (_when, time) => {
    const { rig, plains } = sealedRig({ reports: 1 }, time);
    rig.wait(hour);
    expect(plains().map(withoutId)).toEqual([`0400${u48(time)}000101000400000001`]);
  });

  it("that waited for long goes as one that was stored, as without an envelope", () => {
    const { rig, server, plains } = sealedRig({ reports: 1, late: 60 });
    server.script = () => "silence";
    rig.wait(20 * minute);
    server.script = () => "default";
    rig.wait(2 * hour);
    expect(plains().map(withoutId)).toEqual([`0401${u48(epoch)}000101000400000001`]);
  });

  it("that a device took in JSON before it sealed goes sealed all the same", () => {
    const flash = flashOf(8);
    const before = new FakeEnos();
    before.script = ({ line }) => (line.startsWith("POST /auth") ? "default" : "silence");
    const plain = new AgentRig({ format: "json", flash, reports: 3 }, before);
    plain.agent.setTime(epoch, 0);
    plain.wait(hour);
    expect(plain.agent.waiting).toBe(3);

    const { rig, server, plains } = sealedRig({ flash, reports: -1 }, epoch + hour);
    rig.wait(hour);
    expect(rig.agent.waiting).toBe(0);
    // The first was sent by itself before, under its own id.
    expect(plains().map((each) => each.slice(0, 2))).toEqual(["04", "04"]);
    expect(server.seen.every(({ line }) => !line.includes("measurepoint"))).toBe(true);
  });
});

describe("several readings", () => {
  test.each(["raw", "compact"] as const)("share an envelope, %s", (format) => {
    const { rig, plains } = sealedRig({ format, batch: 3, reports: 4 });
    rig.wait(2 * hour);
    const kind = format === "raw" ? "04" : "05";
    const one = (n: number): string =>
      format === "raw" ? `01010004${`0000000${n}`}` : `0101${`0000000${n}`}`;
    const later = "a0f736";
    expect(withoutId(plains()[1])).toBe(
      `${kind}00${u48(epoch + 900_000)}00${one(2)}${later}${one(3)}${later}${one(4)}`,
    );
    expect(rig.agent.totals.acknowledged).toBe(4);
  });

  test.each([
    ["the payload", { payloadLimit: 200 }, 200],
    ["the datagram", { maxDatagram: 512 }, 512 - 150],
  ])("are as many as fit %s with their envelope", (_what, options, most) => {
    const { rig, server } = sealedRig({ ...options, reports: 60, interval: 60 });
    server.script = () => "silence";
    rig.wait(61 * minute);
    server.script = () => "default";
    server.seen.length = 0;
    rig.wait(3 * hour);
    expect(rig.agent.waiting).toBe(0);
    const sizes = server.seen
      .filter(({ line }) => line.endsWith("up_raw"))
      .map(({ bytes }) => bytes.length / 2);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(most);
    // One reading more, of 11 bytes, would not have had room.
    expect(Math.max(...sizes)).toBeGreaterThan(
      most - 12 - Math.max(...server.uploads.map((each) => each.overhead)),
    );
  });
});

describe("what the application sends", () => {
  it("goes as bytes in envelopes, events with their time; questions and the version go plain", () => {
    const { rig, server, plains } = sealedRig({ reports: 1 });
    rig.wait(minute);
    const { device } = rig;
    const told: unknown[] = [];
    const done = (how: unknown): void => void told.push(how);
    device.postEvent("alarm", { level: 3 }, done);
    device.updateAttributes({ floor: 2 }, done);
    device.deleteAttributes(["label"], done);
    device.updateTags({ where: "cellar" }, done);
    device.deleteTags(["where"], done);
    device.queryAttributes(["floor"], done);
    device.queryTags([], done);
    device.informFirmware("1.2.3", done);
    rig.wait(5 * minute);
    const text = plains()
      .slice(1)
      .map((plain) => {
        const bytes = Buffer.from(plain, "hex");
        const end = 6 + bytes[5];
        return [bytes[0], bytes.subarray(6, end).toString(), bytes.subarray(end).toString()];
      });
    expect(text).toEqual([
      [0x0d, "event.alarm.post", `{"events":{"level":3},"time":${epoch + minute}}`],
      [0x0d, "attribute.update", '{"attributes":{"floor":2}}'],
      [0x0d, "attribute.delete", '{"attributes":["label"]}'],
      [0x0d, "tag.update", '[{"tagKey":"where","tagValue":"cellar"}]'],
      [0x0d, "tag.delete", '{"tags":["where"]}'],
    ]);
    expect(topics(rig).filter((topic) => topic !== Topic.raw)).toEqual([
      Topic.attributeQuery,
      Topic.tagQuery,
      Topic.firmwareInform,
    ]);
    expect(told).toEqual(Array(8).fill({ kind: "accepted", data: {} }));
    // The log names what was sent, and not the way it went.
    expect(rig.lines("message: acknowledged")[0]).toContain("topic=thing/event/alarm/post");
    expect(server.uploads).toHaveLength(6);
  });

  it("that waited in flash since before the product sealed goes sealed", () => {
    const flash = flashOf(8);
    const before = new FakeEnos();
    before.script = () => "silence";
    const plain = new AgentRig({ flash, reports: -1 }, before);
    plain.agent.setTime(epoch, 0);
    plain.wait(minute);
    plain.device.postEvent("alarm", { level: 9 });
    plain.wait(minute);
    const { rig, plains } = sealedRig({ flash, reports: -1 });
    rig.wait(hour);
    expect(Buffer.from(plains()[0], "hex").toString("latin1")).toContain(
      'event.alarm.post{"events":{"level":9}',
    );
    expect(rig.agent.waiting).toBe(0);
  });

  it("and EnOS refuses by the script's code is given up, as without an envelope", () => {
    const { rig, server } = sealedRig({ reports: 1 });
    rig.wait(minute);
    server.codeOf = () => 1204;
    const told: unknown[] = [];
    rig.device.postEvent("alarm", { level: 3 }, (how) => void told.push(how));
    rig.wait(minute);
    expect(told).toEqual([{ kind: "refused", reason: "enos-code=1204", enosCode: 1204 }]);
  });
});

describe("envelopes", () => {
  it("are new at each try, with the same in it; what is only sent again is the same to the last bit", () => {
    const { rig, server } = sealedRig({ reports: 1 });
    server.script = ({ line }) => (line.endsWith("up_raw") ? "silence" : "default");
    rig.wait(20 * minute);
    const tries = new Map<number, Set<string>>();
    for (const { messageId, bytes } of server.seen.filter(({ line }) => line.endsWith("up_raw")))
      tries.set(messageId, (tries.get(messageId) ?? new Set()).add(bytes));
    expect(tries.size).toBeGreaterThan(2);
    for (const copies of tries.values()) expect(copies.size).toBe(1);
    const opened = [...tries.values()].map(([bytes]) => openUpload(Buffer.from(bytes, "hex"))!);
    expect(new Set(opened.map(({ nonce }) => nonce)).size).toBe(tries.size);
    expect(new Set(opened.map(({ plain }) => plain)).size).toBe(1);
  });

  it("have no nonce twice over a day of readings, retries, events and restarts with the same storage", () => {
    const flash = flashOf(16);
    const nonces: string[] = [];
    for (let boot = 0; boot < 6; boot++) {
      let draws = boot * 1000;
      const random = (): number => ((draws++ * 2_654_435_761) % 2 ** 32) / 2 ** 32;
      const { rig, server } = sealedRig(
        { flash, sealing: sealingFor(false, { random }) },
        epoch + boot * 4 * hour,
      );
      let turn = 0;
      server.script = ({ line }) => (line.endsWith("up_raw") && ++turn % 3 === 0 ? "silence" : "default");
      rig.wait(2 * hour);
      rig.device.postEvent("alarm", { level: boot });
      rig.wait(2 * hour);
      nonces.push(...server.uploads.map(({ nonce }) => nonce));
    }
    expect(nonces.length).toBeGreaterThan(60);
    expect(new Set(nonces).size).toBe(nonces.length);
  });

  it("in RAM are not needed: a restart in the middle of an upload sends the reading anew, under its id and time", () => {
    const flash = flashOf(8);
    const first = sealedRig({ flash, reports: 1 });
    first.server.script = ({ line }) => (line.endsWith("up_raw") ? "silence" : "default");
    first.rig.wait(30_000);
    const sent = first.server.seen.find(({ line }) => line.endsWith("up_raw"))!;
    const before = openUpload(Buffer.from(sent.bytes, "hex"))!;
    const { rig, server } = sealedRig({
      flash,
      reports: -1,
      sealing: sealingFor(false, { random: () => 0.5 }),
    });
    rig.wait(hour);
    expect(server.uploads).toHaveLength(1);
    const [after] = server.uploads;
    expect([before, after].map(({ plain }) => withoutId(plain))).toEqual([
      `07${u40(epoch)}01000400000001`,
      `0401${u48(epoch)}000101000400000001`,
    ]);
    expect(idOf(after)).toBe(idOf(before));
    expect(after.nonce).not.toBe(before.nonce);
    expect(rig.agent.waiting).toBe(0);
  });
});
