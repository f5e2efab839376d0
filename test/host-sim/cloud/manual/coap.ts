import type { Example, Page, Said, Stage } from "./example";
import { measurepoints } from "./tank";

const post: Said = { topic: "thing/measurepoint/post", message: { params: { measurepoints } } };
const section = "Return code";

/** A request that is refused by CoAP's code, without a payload. */
function refused(what: string, coap: string, say: Example["say"], more: Partial<Example> = {}): Example {
  return { what, section: `${section}, ${coap}`, say, answer: { coap, told: 200 }, ...more };
}

const signed: Partial<Example> = { edition: "token" };
const unsigned: Partial<Example> = { edition: "tokenless" };
const withSign = (make: (stage: Stage) => string | null): Example["say"] => {
  return (stage) => ({ ...post, request: { sign: make(stage) } });
};

/** What CoAP's codes say of a request, and that errors have no payload. */
export const coap: Page = {
  page: "Device protocol for CoAP (non-DTLS) › Reporting attributes, measure points, and events",
  examples: [
    {
      what: "a right request, whose answer has EnOS's body",
      section: `${section}, 2.04`,
      say: post,
      answer: { code: 200 },
    },
    refused(
      "a payload that is illegal",
      "4.00",
      { topic: "thing/measurepoint/post", body: "level=3" },
      {
        answer: { coap: "4.00", told: 1220 },
      },
    ),
    refused(
      "bytes for a product without a parsing script",
      "4.00",
      { topic: "thing/model/up_raw", body: "\u0001" },
      {
        decided: "what cannot be read is illegal",
        answer: { coap: "4.00", told: 1204 },
      },
    ),
    refused("a device that has not authenticated", "4.01", post, {
      before: ({ server }) => void server.cloud.devices.forgetSession(undefined, undefined, server.now()),
    }),
    refused(
      "no signature",
      "4.01",
      withSign(() => null),
      signed,
    ),
    refused(
      "the signature of another token",
      "4.01",
      withSign(({ device }) => device.seal("tokenffffsequence99")),
      {
        ...signed,
        section: "Authentication of requests, 4.01",
      },
    ),
    refused(
      "a sequence number that came before",
      "4.01",
      withSign(({ device }) => device.sealAgain()),
      { ...signed, before: [post], section: "Authentication of requests, 4.01" },
    ),
    refused(
      "a signature that is no hex",
      "4.00",
      withSign(() => "a signature"),
      {
        ...signed,
        decided:
          "the manual does not say how the sequence reaches the server: it is read out of the signature",
      },
    ),
    refused(
      "a signature by another secret",
      "4.00",
      withSign(() => "00".repeat(32)),
      {
        ...signed,
        decided: "it does not decrypt to a token and a sequence",
      },
    ),
    refused(
      "option 2101 in the edition that does not know it, which is critical",
      "4.02",
      withSign(() => "00"),
      {
        ...unsigned,
        section: "RFC 7252, 5.4.1",
      },
    ),
    refused("a device that an operator has shut out", "4.03", post, {
      before: ({ server, productKey, deviceKey }) =>
        server.cloud.devices.disable(productKey, deviceKey, server.now()),
    }),
    refused("a topic that does not exist", "4.04", { ...post, topic: "thing/measurepoint/guess" }),
    refused(
      "1009, a topic nobody may publish on",
      "4.04",
      { ...post, topic: "thing/measurepoint/post_reply" },
      {
        decided: "it is no path here",
      },
    ),
    refused("GET of a topic that is posted to", "4.05", { ...post, request: { method: "0.01" } }),
    refused("PUT, which nothing takes", "4.05", { ...post, request: { method: "0.03" } }),
    refused(
      "PUT of a topic that does not exist",
      "4.05",
      { topic: "no/such", body: "", request: { method: "0.03" } },
      {
        decided: "RFC 7252, 5.8: an unsupported method is refused as such",
      },
    ),
    refused(
      "a method of the future",
      "4.05",
      { topic: "no/such", body: "", request: { method: "0.29" } },
      {
        decided: "RFC 7252, 5.8",
      },
    ),
    refused(
      "another device's topic",
      "4.01",
      ({ productKey }) => ({ ...post, path: `/topic/sys/${productKey}/stranger/${post.topic}` }),
      { ...unsigned, decided: "1009 of MQTT: no right to publish there" },
    ),
    {
      what: "a body too long for one datagram: how long it may be, and in which blocks",
      section: "CoAP specification: block-wise transfer, 4.13",
      decided: "at most 8,192 bytes",
      say: { topic: "thing/measurepoint/post", body: "", request: { payload: " ".repeat(1100) } },
      answer: { coap: "4.13", told: 200 },
      then: ({ expect }, reply) => {
        expect(reply.option(60).map((value) => value.toString("hex"))).toEqual(["2000"]);
        expect(reply.option(27).map((value) => value.toString("hex"))).toEqual(["06"]);
      },
    },
    {
      what: "a body in blocks",
      section: "CoAP specification: block-wise transfer",
      say: {
        topic: "thing/measurepoint/post",
        body: JSON.stringify({
          id: "123",
          version: "1.0",
          method: "thing.measurepoint.post",
          params: { measurepoints },
          note: "n".repeat(3000),
        }),
      },
      answer: { code: 200 },
      then: ({ readings, expect }) => expect(readings()).toMatchObject([{ points: measurepoints }]),
    },
    refused(
      "a body that is too long in blocks, too",
      "4.13",
      { ...post, body: "x".repeat(8193) },
      {
        decided: "at most 8,192 bytes",
      },
    ),
  ],
};
