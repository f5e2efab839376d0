/**
 * The example's device, sealed, against the stand-in with the script that `npm run model` writes: the firmware's half and
 * the script's, each for the other.
 */
import { describe, expect, it } from "vitest";
import { keyedScript } from "../../../host-sim/model/generate";
import { deviceKeyOf, rootOf } from "../../../host-sim/model/seal/keys";
import { dk, pk, rig as cloudRig, scriptEngine } from "../../host-sim/cloud/harness";
import { example, generated, sound } from "../../host-sim/model/script";
import { sealingFor } from "../device/sealed-enos";
import { Store, flashOf } from "./journal-rig";
import { agentOf } from "./stand-in";
import type { AgentOptions } from "../../../firmware/device/agent";
import type { Command } from "../../../host-sim/cloud/enos/command-encoding";
import type { ProductRecord } from "../../../host-sim/cloud/registry/product";

const minute = 60_000;
const hour = 60 * minute;
const epoch = 1_767_225_600_000;

const root = rootOf(Buffer.alloc(32, 0x77));
const keyText = deviceKeyOf(root, pk, dk).toString("hex");
const others = rootOf(Buffer.alloc(32, 0x78));

/** The example's product, sealed, as EnOS has it. */
function product(proof: boolean, roots: readonly Buffer[]): ProductRecord {
  const model = sound({ ...example, sealed: { proof } });
  const keys = { roots: roots.map((each) => each.toString("hex")), productKey: pk };
  return { productKey: pk, payload: "raw", model, script: keyedScript(generated(model), keys) };
}

function start(proof: boolean, options: Partial<AgentOptions> = {}, roots: readonly Buffer[] = [root]) {
  // The script seals commands at the device's time.
  let now = (): number => 0;
  const engine = scriptEngine.at(() => epoch + now());
  const cloud = cloudRig({ products: [product(proof, roots)], scriptEngine: engine });
  const sealing = sealingFor(proof, { keyText, credentials: { productKey: pk, deviceKey: dk } });
  const rig = agentOf(cloud, { sealing, ...options });
  now = () => rig.now;
  rig.agent.setTime(epoch, 0);
  const stored = () => cloud.cloud.reported.readings(pk, dk);
  const plain = () =>
    rig.server.seen.filter(({ line, bytes }) => line.endsWith("up_raw") && !/^0[89ab]/.test(bytes));
  return { rig, cloud, stored, plain };
}

describe.each([false, true])("a sealed device and the script, proof %s", (proof) => {
  it.each(["raw", "compact"] as const)(
    "readings alone, in batches and late, %s, arrive with their times",
    (format) => {
      const { rig, stored, plain } = start(proof, { format, batch: 3, reports: 40, interval: 900 });
      rig.wait(2 * hour);
      rig.link.broken = true;
      rig.link.ready = false;
      rig.wait(4 * hour);
      rig.link.broken = false;
      rig.wait(6 * hour);
      expect(rig.agent.waiting).toBe(0);
      expect(stored().map(({ time }) => time)).toEqual(
        Array.from({ length: 40 }, (_, i) => epoch + i * 900_000),
      );
      expect(
        stored().every(({ points }) => points.relay === 0 && typeof points.temperature === "number"),
      ).toBe(true);
      expect(plain()).toEqual([]);
      expect(rig.agent.totals).toMatchObject({ taken: 40, acknowledged: 40, refused: 0, dropped: 0 });
    },
  );

  it("events, attributes and tags arrive", () => {
    const { rig, cloud } = start(proof, { reports: 1 });
    rig.wait(minute);
    const told: unknown[] = [];
    const done = (how: unknown): void => void told.push(how);
    rig.device.postEvent("overheat", { temperature: 61.5 }, done);
    rig.device.updateTags({ where: "cellar", rack: "7" }, done);
    rig.device.deleteTags(["rack"], done);
    rig.device.queryTags([], done);
    rig.wait(10 * minute);
    const accepted = { kind: "accepted", data: {} };
    expect(told).toEqual([accepted, accepted, accepted, { kind: "accepted", data: { where: "cellar" } }]);
    const [event] = cloud.cloud.reported.events(pk, dk);
    expect(event).toMatchObject({ event: "overheat", values: { temperature: 61.5 }, time: epoch + minute });
  });

  it("a command is obeyed and answered, and one that does not name the device never leaves", () => {
    const { rig, cloud } = start(proof, { reports: 3 });
    const results = () => cloud.events.filter(({ type }) => type === "command-answered");
    rig.wait(minute);
    const { commands } = cloud.cloud;
    const reference = { temperature: 20 };
    const send = (command: Command): void =>
      void commands.send(pk, dk, command, rig.now, { pendingTtl: hour });
    send({ kind: "set", points: { deviceKey: dk, relay: 1 } });
    send({ kind: "service", service: "calibrate", inputs: { deviceKey: dk, reference } });
    rig.wait(hour);
    expect(
      rig.lines("command: executed").map((line) => /kind=(\S+) .*code=(\d+)/.exec(line)!.slice(1)),
    ).toEqual([
      ["set", "200"],
      ["calibrate", "200"],
    ]);
    expect(results()).toHaveLength(2);
    expect(rig.agent.totals).toMatchObject({ commands: 2, refusedCommands: 0 });
  });

  it("a kilobyte goes in blocks over datagrams of 256 bytes", () => {
    const { rig, cloud } = start(proof, { reports: 1, maxDatagram: 256 });
    rig.wait(minute);
    const tags = Object.fromEntries(
      Array.from({ length: 20 }, (_, i) => [`tag${i}`, `${i}`.repeat(40).slice(0, 40)]),
    );
    const told: unknown[] = [];
    rig.device.updateTags(tags, (how) => void told.push(how));
    rig.wait(10 * minute);
    expect(told).toEqual([{ kind: "accepted", data: {} }]);
    expect(cloud.cloud.devices.view(pk, dk)?.tags).toEqual(tags);
    const sizes = rig.server.seen
      .filter(({ line }) => line.endsWith("up_raw"))
      .map(({ bytes }) => bytes.length / 2);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(128);
    expect(sizes.reduce((sum, size) => sum + size)).toBeGreaterThan(1_024);
  });

  it("a power cut in the middle of those blocks has the message sent anew, and taken once", () => {
    const kept = { flash: flashOf(8, 4_096), store: new Store(), reports: -1, maxDatagram: 256 };
    const { rig, cloud } = start(proof, kept);
    rig.wait(minute);
    rig.device.postEvent("overheat", { temperature: 70 });
    const tags = Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`tag${i}`, "x".repeat(40)]));
    rig.device.updateTags(tags);
    // In the middle of the blocks.
    rig.wait(20_000);
    expect(rig.agent.waiting).toBe(1);
    const sealing = sealingFor(proof, {
      keyText,
      credentials: { productKey: pk, deviceKey: dk },
      random: () => 0.123_456,
    });
    const next = agentOf(cloud, { ...kept, sealing });
    next.now = rig.now;
    next.agent.setTime(epoch, 0);
    next.wait(hour);
    expect(next.agent.waiting).toBe(0);
    expect(cloud.cloud.devices.view(pk, dk)?.tags).toEqual(tags);
    expect(cloud.cloud.reported.events(pk, dk)).toHaveLength(1);
  });

  it.each([
    ["no key", []],
    ["another master's", [others]],
  ])("a script with %s refuses all, and nothing is lost until it has the right one", (_what, roots) => {
    const { rig, cloud, stored } = start(proof, { batch: 2, reports: 30, flash: flashOf(16, 1_024) }, roots);
    for (let i = 0; i < 6; i++) {
      rig.wait(hour);
      rig.device.queryTags([], () => {});
    }
    expect(stored()).toEqual([]);
    expect(rig.agent.totals).toMatchObject({ acknowledged: 0, refused: 0, dropped: 0 });
    cloud.cloud.products.put(product(proof, [others, root]), rig.now);
    rig.wait(24 * hour);
    expect(stored()).toHaveLength(30);
    expect(rig.agent.totals).toMatchObject({ taken: 30, acknowledged: 30, refused: 0, dropped: 0 });
  });
});

describe("a script that does not prove", () => {
  it("releases nothing of a device that asks for proof, which says so, and all once it proves", () => {
    const cloud = cloudRig({ products: [product(false, [root])] });
    const sealing = sealingFor(true, { keyText, credentials: { productKey: pk, deviceKey: dk } });
    const rig = agentOf(cloud, { sealing, reports: 4 });
    rig.agent.setTime(epoch, 0);
    rig.wait(6 * hour);
    expect(rig.agent.totals).toMatchObject({ taken: 4, acknowledged: 0, refused: 0, dropped: 0 });
    expect(rig.lines("report: kept").every((line) => line.includes('reason="unproven"'))).toBe(true);
    cloud.cloud.products.put(product(true, [root]), rig.now);
    rig.wait(6 * hour);
    expect(rig.agent.totals).toMatchObject({ acknowledged: 4 });
    expect(cloud.cloud.reported.readings(pk, dk)).toHaveLength(4);
  });

  it("may prove before its devices ask for it", () => {
    const cloud = cloudRig({ products: [product(true, [root])] });
    const sealing = sealingFor(false, { keyText, credentials: { productKey: pk, deviceKey: dk } });
    const rig = agentOf(cloud, { sealing, reports: 4 });
    rig.agent.setTime(epoch, 0);
    rig.wait(2 * hour);
    expect(rig.agent.totals).toMatchObject({ taken: 4, acknowledged: 4 });
  });
});
