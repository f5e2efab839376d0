/** Nothing secret of a run is in what any page, capture or answer of the API shows of it, in any form it could take. */
import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { LiveCapture } from "../../../../host-sim/cloud/capture/live-capture";
import { decodeCoap } from "../../../../host-sim/cloud/coap/coap-wire";
import { Feed } from "../../../../host-sim/cloud/console/feed";
import { profiles } from "../../../../host-sim/inspect/energy/profiles";
import { unpack } from "../../../../host-sim/inspect/report/html/page/unpack";
import { Recorder } from "../../../../host-sim/inspect/report/html/recorder";
import { writePage } from "../../../../host-sim/inspect/report/html/write-page";
import { demoDevice } from "../../../../host-sim/sim/world/demo-device";
import { Random } from "../../../../host-sim/sim/time/random";
import { apiRig } from "../../cloud/api/rig";
import { hear } from "../capture/run";

const seed = 21;

/** What is secret in a run: what the device has, what is made of it, and what goes over the air once. */
function secretsOf(datagrams: readonly Uint8Array[]): Map<string, string> {
  const keys = new Random(seed).fork("keys");
  const { deviceSecret } = demoDevice((length) => keys.bytes(length));
  const secrets = new Map([
    ["device secret", deviceSecret],
    ["signing key", createHash("sha256").update(deviceSecret).digest("hex").slice(16, 48)],
  ]);
  datagrams.forEach((bytes, i) => {
    const message = decodeCoap(bytes);
    if ("malformed" in message) return;
    const payload = Buffer.from(message.payload).toString("latin1");
    for (const [, name, value] of payload.matchAll(/"(token|sign)":"([^"]+)"/g)) {
      secrets.set(`${name} ${i}`, value);
    }
    for (const { number, value } of message.options) {
      if (number === 2101) secrets.set(`option 2101 of ${i}`, Buffer.from(value).toString("latin1"));
    }
  });
  return secrets;
}

describe.each(["token", "tokenless"] as const)("edition %s", (edition) => {
  test("stream, messages, capture and report hold none", async () => {
    const { events, result } = await hear({ seed, edition, reports: 6 });
    let now = 0;
    const feed = new Feed(() => now);
    const capture = new LiveCapture(() => ({ address: "203.0.113.5", port: 5683 }));
    const captured: Uint8Array[] = [];
    capture.follow({ write: (block) => captured.push(block) > 0 });
    const recorder = new Recorder({ seed, command: "npm start", profile: profiles.field, coverage: 1 });
    const datagrams: Uint8Array[] = [];
    let device: string | undefined;
    for (const event of events) {
      now = event.time;
      recorder.hear(event);
      if (event.source === "cloud") feed.event(event.event);
      if (event.source !== "air") continue;
      const { direction, bytes, from, to } = event.report;
      datagrams.push(bytes);
      const [way, peer] = direction === "up" ? (["in", from] as const) : (["out", to] as const);
      feed.datagram(way, bytes, peer);
      capture.datagram(way, bytes, peer, now);
      device ??= feed.messages.of(undefined)[0].device;
    }
    const page = await writePage(recorder.finish(result.virtualTime, []));
    const { data, bytes } = await unpack(/id="run-data">([^<]*)</.exec(page)![1]);

    const [productKey, deviceKey] = device!.split("/");
    const rig = await apiRig(
      { feed, capture },
      { devices: [{ productKey, deviceKey, deviceSecret: "of no use" }], products: [] },
    );
    const base = `/api/v1/devices/${productKey}/${deviceKey}`;
    const answers = await Promise.all(
      [
        ...[`${base}/messages?limit=1000`, `${base}/messages?format=csv&limit=1000`],
        ...[`/api/v1/messages?format=jsonl&limit=1000`, `${base}/capture`],
      ].map(async (url) => (await rig.app.inject({ method: "GET", url })).rawPayload),
    );
    await rig.app.close();
    let stream = "";
    for (let line = feed.after(0); line !== undefined; line = feed.after(line.number)) stream += line.json;
    const shown: Record<string, Buffer> = {
      stream: Buffer.from(stream),
      ...Object.fromEntries(answers.map((answer, i) => [`answer ${i}`, answer])),
      capture: Buffer.concat(captured),
      "report's data": Buffer.from(JSON.stringify(data)),
      "report's bytes": Buffer.from(bytes),
    };
    // What is not secret is there, so each of them was really looked at.
    const plain = Buffer.from("thing");
    for (const [name, buffer] of Object.entries(shown)) {
      if (name === "report's data") continue;
      const isThere = buffer.includes(plain) || buffer.includes(plain.toString("hex"));
      expect(isThere, name).toBe(true);
    }
    const secrets = secretsOf(datagrams);
    expect(secrets.size).toBeGreaterThan(edition === "token" ? 8 : 2);
    for (const [name, secret] of secrets) {
      expect(secret.length, name).toBeGreaterThan(7);
      const raw = Buffer.from(secret, "latin1");
      const forms = [secret, raw.toString("hex"), raw.toString("hex").toUpperCase(), raw.toString("base64")];
      for (const [where, buffer] of Object.entries(shown)) {
        for (const form of forms)
          expect(buffer.includes(form, 0, "latin1"), `${name} in ${where}`).toBe(false);
      }
    }
  });
});
