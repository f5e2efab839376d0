import { createHash } from "node:crypto";
import type { Example, Page, Stage } from "./example";

const path = ({ productKey, deviceKey }: Stage): string => `/auth/${productKey}/${deviceKey}`;

/** Authenticates with other members than the right ones. */
function attempt(
  what: string,
  coap: string,
  fields: (stage: Stage) => object | string,
  more: Partial<Example> = {},
): Example {
  return {
    what,
    section: coap === "2.04" ? "Request" : `Return code, ${coap}`,
    say: (stage) => {
      const given = fields(stage);
      const right = { secureMode: 2, lifetime: 3600, sign: stage.device.authSign(3600) };
      const body = typeof given === "string" ? given : JSON.stringify({ ...right, ...given });
      return { path: path(stage), topic: "", body, request: { sign: null } };
    },
    answer: { coap, told: 200 },
    ...more,
  };
}

const lifetime = (seconds: number) => (stage: Stage) => ({
  lifetime: seconds,
  sign: stage.device.authSign(seconds),
});
const illegal: Partial<Example> = { decided: "a payload that cannot be right is illegal" };

/** How a device gets in. */
export const authentication: Page = {
  page: "Device protocol for CoAP (non-DTLS) › Authenticating devices",
  examples: [
    attempt("success gives a token, from which on requests are signed", "2.04", () => ({}), {
      edition: "token",
      answer: { coap: "2.04", told: 200, body: "any" },
      then: ({ expect, view }, { json }) => {
        expect((json as { token: string }).token).toMatch(/^[!-~]{8,}$/);
        expect(view().state).toBe("online");
      },
    }),
    attempt("success gives no token in the later editions", "2.04", () => ({}), {
      edition: "tokenless",
      then: ({ expect, view }) => expect(view().state).toBe("online"),
    }),
    ...[30, 86_400].map((seconds) =>
      attempt(`a lifetime of ${seconds} s`, "2.04", lifetime(seconds), {
        answer: { coap: "2.04", told: 200, body: "any" },
        then: ({ expect, view }) => expect(view().lifetime).toBe(seconds),
      }),
    ),
    ...[29, 86_401, 0, 60.5].map((seconds) =>
      attempt(`a lifetime of ${seconds} s`, "4.00", lifetime(seconds), illegal),
    ),
    attempt("another secureMode than 2", "4.00", () => ({ secureMode: 3 }), illegal),
    attempt("no sign", "4.00", () => ({ sign: undefined }), illegal),
    attempt("no JSON", "4.00", () => "sign=1"),
    attempt("nothing", "4.00", () => ""),
    attempt("a sign by another secret", "4.01", ({ device }) => ({ sign: device.authSign(3600, "another") })),
    attempt("a sign over another lifetime", "4.01", ({ device }) => ({ sign: device.authSign(3601) })),
    attempt("a sign in lower case", "4.01", ({ device }) => ({ sign: device.authSign(3600).toLowerCase() }), {
      decided: "the manual prints upper case",
    }),
    attempt("a device that does not exist", "4.01", () => ({}), {
      say: (stage) => ({
        path: `/auth/${stage.productKey}/nobody`,
        topic: "",
        body: JSON.stringify({
          secureMode: 2,
          lifetime: 60,
          sign: createHash("sha256").digest("hex").toUpperCase(),
        }),
        request: { sign: null },
      }),
    }),
    attempt("a device that an operator has shut out", "4.03", () => ({}), {
      before: ({ server, productKey, deviceKey }) =>
        server.cloud.devices.disable(productKey, deviceKey, server.now()),
    }),
    attempt("GET", "4.05", () => ({}), {
      say: (stage) => ({ path: path(stage), topic: "", body: "", request: { sign: null, method: "0.01" } }),
    }),
  ],
};
