import { hexId, manualPoints, manualReport } from "../script/manual-product";
import type { Example, Page, Said } from "./example";

const report = (id: number): Said => ({ topic: "thing/model/up_raw", body: manualReport(id) });
const bytes = (hex: string): Said => ({ topic: "thing/model/up_raw", body: Buffer.from(hex, "hex") });
const section = "Sample script";

/** An answer that the script has made of EnOS's: request id u32, code u16. */
function answered(id: number, code: number): Example["then"] {
  return ({ expect }, { payload }) => {
    expect(payload.toString("hex")).toBe(hexId(id) + code.toString(16).padStart(4, "0"));
  };
}
const raw = { body: "any" } as const;

/** Bytes that are passed through, read by a script in the way of the manual's own. */
export const parsingScript: Page = {
  page: "Device protocol for MQTT › Report device events (passthrough), and Parsing script",
  examples: [
    {
      what: "a report of texts, numbers, a list and a value with quality",
      section,
      product: "meter",
      say: report(20),
      answer: { ...raw, told: 200 },
      then: async (stage, reply) => {
        await answered(20, 200)!(stage, reply);
        const { readings, started, expect } = stage;
        const [{ id, points, format, time }] = readings();
        expect({ id, points, format }).toEqual({ id: "20", points: manualPoints, format: "raw" });
        // The script's own clock.
        expect(time).toBeGreaterThanOrEqual(started);
      },
    },
    {
      what: "the largest request id that four bytes hold",
      section,
      product: "meter",
      say: report(0xffff_ffff),
      answer: { ...raw, told: 200 },
      then: answered(0xffff_ffff, 200),
    },
    {
      what: "the same report once more: stored once, although the script stamps another time on it",
      section,
      decided: "a report that comes again is told by its bytes",
      product: "meter",
      before: async ({ send, expect }) => expect((await send(report(21))).code).toBe("2.04"),
      say: report(21),
      answer: { ...raw, told: 200 },
      then: async (stage, reply) => {
        await answered(21, 200)!(stage, reply);
        stage.expect(stage.readings()).toHaveLength(1);
      },
    },
    {
      what: "a report that is not as the model says: 1204 through the script",
      section: "Return code, 1204",
      product: "meter",
      // Point 9, which the script does not know.
      say: bytes(`01${hexId(22)}09000400000001`),
      answer: { ...raw, told: 1204 },
      then: answered(22, 1204),
    },
    {
      what: "bytes of which the script makes no message",
      section: "CoAP return code, 4.00",
      decided: "what cannot be read is illegal",
      product: "meter",
      say: bytes("7f00"),
      answer: { coap: "4.00", told: 1220 },
    },
    {
      what: "bytes at which the script fails",
      section: "CoAP return code, 4.00",
      decided: "what cannot be read is illegal",
      product: "meter",
      say: bytes("01000000"),
      answer: { coap: "4.00", told: 1204 },
      then: ({ server, events, expect }) => {
        expect(events("internal-error")).toEqual([]);
        expect(server.cloud.counters.serverErrors).toBe(0);
      },
    },
  ],
};
