/** Lines that the console gives to be copied, as a shell and libcoap's client take them. */
import { spawn } from "node:child_process";
import { describe, expect, it, test } from "vitest";
import fc from "fast-check";
import { encodeCoap } from "../../../../host-sim/cloud/coap/coap-wire";
import { bytesOfHex } from "../../../../host-sim/cloud/page/message-parts";
import { MessageReader } from "../../../../host-sim/cloud/console/message-reader";
import { messageOf } from "../../../../host-sim/cloud/console/message-view";
import {
  coapClientLine,
  curlLine,
  quoted,
} from "../../../../host-sim/cloud/console/page/messages/command-lines";
import { serveUdp } from "../../../../host-sim/cloud/coap/udp";
import { missing } from "../../../firmware/coap/interop/peers";
import { density } from "../../../density";
import { Device, demoSecret, dk, pk } from "../api/device";
import type { ApiRig } from "../api/rig";
import type { CommandLine } from "../../../../host-sim/cloud/console/page/messages/command-lines";
import type { CoapOption } from "../../../../host-sim/cloud/coap/coap-wire";

const peer = { address: "10.0.0.2", port: 40_001 };
const place = { origin: "http://127.0.0.1:8080", productKey: pk, deviceKey: dk, needsToken: false };

/** The line that the console has for a datagram. */
function lineOf(datagram: Uint8Array, server: string): CommandLine {
  const { hex } = messageOf(new MessageReader().read("in", datagram, peer, 0));
  const { bytes, masked, isCut } = bytesOfHex(hex);
  return coapClientLine(bytes, masked, isCut, server);
}

/** A request to a topic of the device. */
function request(
  payload: Uint8Array | string,
  more: CoapOption[] = [],
  type: 0 | 1 = 0,
  topic = "thing/model/up_raw",
): Uint8Array {
  const segments = ["topic", "sys", pk, dk, ...topic.split("/")];
  return encodeCoap({
    ...{ type, code: 2, messageId: 7, token: Uint8Array.of(1) },
    options: [...segments.map((each) => ({ number: 11, value: Buffer.from(each) })), ...more],
    payload: typeof payload === "string" ? Buffer.from(payload) : payload,
  });
}

const shell = (line: string): Promise<string> =>
  new Promise((resolve, reject) => {
    const child = spawn("sh", ["-c", line], { stdio: ["ignore", "pipe", "pipe"] });
    let said = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (text) => (said += String(text)));
    child.on("error", reject);
    child.on("close", () => resolve(said));
  });

describe("for curl", () => {
  const command = (method: string, params: unknown): string =>
    JSON.stringify({ id: "1", version: "1.0", method, params });

  test.each([
    [
      command("thing.service.measurepoint.set", { relay: 1 }),
      "POST",
      "commands",
      { kind: "set", points: { relay: 1 } },
    ],
    [
      command("thing.service.measurepoint.get", ["relay"]),
      "POST",
      "commands",
      { kind: "get", points: ["relay"] },
    ],
    [
      command("thing.service.reboot", { delay: 1 }),
      "POST",
      "commands",
      { kind: "service", service: "reboot", inputs: { delay: 1 } },
    ],
    [command("thing.attribute.update", { attributes: { a: "it's" } }), "PATCH", "attributes", { a: "it's" }],
    [command("thing.tag.update", { tags: { a: "b" } }), "PATCH", "tags", { a: "b" }],
  ])("%s is a call of the API", async (json, verb, below, body) => {
    const line = curlLine(json, place)!;
    // As a shell takes it apart.
    const words = (await shell(line.replace(/^curl/, "printf '%s\\n'"))).trimEnd().split("\n");
    expect(words).toEqual([
      ...["-s", `http://127.0.0.1:8080/api/v1/devices/${pk}/${dk}/${below}`],
      ...["-X", verb, "-H", "Content-Type: application/json", "-d", JSON.stringify(body)],
    ]);
  });

  it.each(["no JSON", "{}", "[]", "null", command("thing.measurepoint.post", {})])("%s is none", (json) => {
    expect(curlLine(json, place)).toBeUndefined();
  });

  it("names the token, and does not hold it", () => {
    const line = curlLine(command("thing.tag.update", { tags: {} }), { ...place, needsToken: true });
    expect(line).toContain(`-H "Authorization: Bearer $ENOS_API_TOKEN"`);
  });
});

describe("for libcoap's client", () => {
  test.each<[string, Uint8Array, CommandLine]>([
    [
      "a signed one goes without its signature",
      request("{}", [{ number: 2101, value: Buffer.from("AB") }]),
      {
        line: `coap-client-notls -m post -e '{}' coap://h:1/topic/sys/${pk}/${dk}/thing/model/up_raw`,
        note: "Its signature is masked and left out, so the stand-in refuses it.",
      },
    ],
    [
      "a block of a longer one cannot be sent alone",
      request("{}", [{ number: 27, value: Uint8Array.of(0x1e) }]),
      { cannot: "it is one block of a longer request" },
    ],
    [
      "a masked option cannot be sent",
      request("{}", [{ number: 3000, value: Uint8Array.of(1) }]),
      { cannot: "its option 3000 is masked" },
    ],
    ["what is no CoAP is none", Uint8Array.of(1), { cannot: "not all of its bytes are here" }],
    ["what no topic takes is masked", request("{}", [], 0, "x"), { cannot: "its payload is masked" }],
  ])("%s", (_what, datagram, line) => {
    expect(lineOf(datagram, "h:1")).toEqual(line);
  });

  test("any word is one word for a shell", async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ maxLength: 30 }), async (word) => {
        const plain = word.replaceAll("\0", "");
        expect(await shell(`printf %s ${quoted(plain)}`)).toBe(plain);
      }),
      { numRuns: density(20, 200) },
    );
  });

  describe.skipIf(missing("coap-client-notls"))("that is installed", () => {
    it("sends what the device sent: the cloud stores it once more", async () => {
      const datagrams: Uint8Array[] = [];
      const cloud = await serveUdp({
        ...{ host: "127.0.0.1", port: 0, edition: "tokenless", iv: "zero" },
        devices: [{ productKey: pk, deviceKey: dk, deviceSecret: demoSecret }],
        onDatagram: (direction, bytes) => direction === "in" && datagrams.push(new Uint8Array(bytes)),
      });
      try {
        const sent: Uint8Array[] = [];
        const rig = {
          exchange: (datagram: Uint8Array) => {
            sent.push(datagram);
            cloud.cloud.receive(datagram, peer, Date.now());
            // The device takes any answer: the cloud's own went to an address that is not there.
            return encodeCoap({
              ...{ type: 2, code: 0x44, messageId: 0, token: Uint8Array.of(1), options: [] },
              payload: Buffer.from("{}"),
            });
          },
        } as unknown as ApiRig;
        const device = new Device(rig);
        device.authenticate();
        device.points("1", { text: "100 % ü 'quoted' \"twice\" \\ $HOME `id`\n", number: 1.5 });
        const line = lineOf(sent.at(-1)!, `127.0.0.1:${cloud.port}`);
        if (!("line" in line)) throw new Error(line.cannot);
        expect(await shell(line.line)).toContain('"code":200');
        const payload = (bytes: Uint8Array): string =>
          Buffer.from(bytes).toString("latin1").split("\u00ff{")[1];
        expect(payload(datagrams.at(-1)!)).toBe(payload(sent.at(-1)!));
        // Bytes that are no text.
        const raw = lineOf(
          request(Uint8Array.of(0, 1, 0x25, 0x27, 0x41, 0xff), [{ number: 12, value: Uint8Array.of(42) }], 1),
          `127.0.0.1:${cloud.port}`,
        );
        if (!("line" in raw)) throw new Error(raw.cannot);
        expect(raw.line).toContain("-N");
        await shell(`${raw.line} -B 1`);
        expect(Buffer.from(datagrams.at(-1)!).toString("hex")).toMatch(/112aff0001252741ff$/);
      } finally {
        await cloud.close();
      }
    });
  });
});
