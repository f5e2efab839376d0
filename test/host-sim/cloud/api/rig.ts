/**
 * The application API over a cloud with one product and two devices, without ports: HTTP is injected, CoAP
 * is handed in.
 */
import { readFileSync } from "node:fs";
import type { FastifyInstance } from "fastify";
import { buildApi } from "../../../../host-sim/cloud/api/server";
import type { ApiOptions } from "../../../../host-sim/cloud/api/route-context";
import { EnosCloud } from "../../../../host-sim/cloud/cloud";
import type { CloudOptions } from "../../../../host-sim/cloud/cloud";
import { loadScriptEngine } from "../../../../host-sim/cloud/script/script-engine";
import { Random } from "../../../../host-sim/sim/time/random";
import { checkEvent } from "../event-check";
import { Conformity } from "./conformity";
import { dk, pk, demoSecret } from "./device";

export const demoModel: Record<string, unknown> = JSON.parse(
  readFileSync("firmware/product/model.json", "utf8"),
);
export const demoScript = readFileSync("firmware/product/parsing-script.js", "utf8");
export const start = 1_700_000_000_000;
export const here = `/api/v1/devices/${pk}/${dk}`;

let conformity: Conformity | undefined;

const demoPeer = { address: "10.0.0.2", port: 40001 };

export interface Answer {
  status: number;
  headers: Record<string, unknown>;
  /** Of JSON; undefined for an empty body. */
  body: any;
  text: string;
}

export interface ApiRig {
  app: FastifyInstance;
  cloud: EnosCloud;
  /** ms; the tests move it. */
  time: { now: number };
  sent: Uint8Array[];
  flushes: number[];
  errors: string[];
  call(method: string, url: string, body?: unknown, headers?: Record<string, string>): Promise<Answer>;
  /** Hands a datagram in; the reply that it got. */
  exchange(datagram: Uint8Array): Uint8Array | undefined;
}

export async function apiRig(
  options: Partial<ApiOptions> = {},
  cloudOptions: Partial<CloudOptions> = {},
): Promise<ApiRig> {
  const random = new Random("api test");
  const time = { now: start };
  const sent: Uint8Array[] = [];
  const flushes: number[] = [];
  const errors: string[] = [];
  const cloud = new EnosCloud({
    transmit: (bytes) => sent.push(bytes),
    randomBytes: (n) => random.bytes(n),
    random: () => random.bytes(1)[0] / 256,
    edition: "tokenless",
    iv: "zero",
    devices: [
      { productKey: pk, deviceKey: dk, deviceSecret: demoSecret },
      { productKey: pk, deviceKey: "other", deviceSecret: "another secret" },
    ],
    products: [{ productKey: pk, name: "Climate", model: demoModel, script: demoScript }],
    scriptEngine: await loadScriptEngine(() => 0),
    ...cloudOptions,
    onEvent: (event) => {
      checkEvent(event);
      cloudOptions.onEvent?.(event);
    },
  });
  const app = await buildApi({
    cloud,
    now: () => time.now,
    flush: async () => void flushes.push(time.now),
    host: "127.0.0.1",
    version: "1.2.3",
    edition: "tokenless",
    kept: false,
    randomBytes: (n) => random.bytes(n),
    onError: (line) => errors.push(line),
    ...options,
  });
  return {
    ...{ app, cloud, time, sent, flushes, errors },
    async call(method, url, body, headers = {}) {
      const host = "localhost:8080";
      const answer = await app.inject({
        method: method as "GET",
        url,
        headers:
          body === undefined
            ? { host, ...headers }
            : { host, "content-type": "application/json", ...headers },
        payload: body === undefined ? undefined : typeof body === "string" ? body : JSON.stringify(body),
      });
      const text = answer.body;
      const told = {
        status: answer.statusCode,
        headers: answer.headers,
        body:
          text === "" || !/^application\/(?:problem\+)?json/.test(String(answer.headers["content-type"]))
            ? undefined
            : JSON.parse(text),
        text,
      };
      // One for all rigs: their documents differ in nothing that is looked at here.
      conformity ??= new Conformity(app.swagger());
      conformity.check(method, url, told);
      return told;
    },
    exchange(datagram) {
      const before = sent.length;
      cloud.receive(datagram, demoPeer, time.now);
      return sent[before];
    },
  };
}

/** Checks that an answer is a fault as the API tells all of them, and returns its detail. */
export function detailOf(answer: Answer, status: number): string {
  const { type } = { type: String(answer.headers["content-type"]) };
  const keys = Object.keys(answer.body ?? {})
    .filter((key) => key !== "code")
    .sort();
  const { detail } = answer.body ?? {};
  const sound =
    answer.status === status &&
    answer.body?.status === status &&
    type.startsWith("application/problem+json") &&
    keys.join() === "detail,status,title" &&
    typeof detail === "string" &&
    detail.length > 0 &&
    !/[\n\r]/.test(detail);
  if (!sound) throw new Error(`expected a fault with ${status}, got ${answer.status} ${type} ${answer.text}`);
  return detail;
}
