/**
 * The application API: requests of any method, path, headers and body, as somebody who reaches its port can send
 * them. Each is answered with what the API's document knows, in bounded length; none is an inner fault, and the
 * cloud behind it still serves afterwards.
 */
import { EnosCloud } from "../../cloud/cloud";
import { buildApi } from "../../cloud/api/server";
import { Random } from "../../sim/time/random";
import { jsonOf } from "./json-script";
import { Script, check } from "./target";
import type { FastifyInstance } from "fastify";
import type { Target, Watch } from "./target";

const methods = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"] as const;
const device = "/api/v1/devices/PK/DK";
const paths = [
  "/api/v1/devices",
  device,
  `${device}/commands`,
  `${device}/measurepoints`,
  `${device}/measurepoints/temperature/history`,
  `${device}/measurepoints/history`,
  `${device}/messages`,
  "/api/v1/devices/bulk",
  "/api/v1/products/PK/model",
  `${device}/events`,
  `${device}/attributes`,
  `${device}/tags`,
  "/api/v1/products",
  "/api/v1/products/PK",
  "/api/v1/products/PK/script/try",
  "/api/v1/faults",
  "/api/v1/faults/forget-sessions",
  "/api/v1/nat",
  "/api/v1/rate-limit",
  "/api/v1/status",
  "/api/v1/commands/1",
  "/openapi.json",
  "/",
  "/console/products/PK/script",
  "/api/v1/devices/..%2f..",
  "/api/v1/devices/%ff/%00",
  "/api/v1/devices/__proto__/constructor",
];
const queries = [
  "",
  "?limit=1",
  "?limit=99999999999",
  "?limit=-1",
  "?limit=a&limit=b",
  "?from=1e400",
  "?format=csv&limit=10000",
  "?format=jsonl&from=2026-02-30",
  "?q=%00&sort=name&order=desc",
  "?[]=x",
];
const types = [
  "application/json",
  "application/json; charset=latin1",
  "text/plain",
  "text/csv",
  "application/x-ndjson",
  "application/x-www-form-urlencoded",
  "",
];
const bodies = [
  '{"productKey":"PK","deviceKey":"D2","deviceSecret":"s"}',
  '{"kind":"set","points":{"relay":1}}',
  '{"kind":"service","service":"reboot","inputs":{"delay":1}}',
  '{"kind":"get","points":["temperature"]}',
  '{"productKey":"P2","model":{"points":[]}}',
  '{"dropUp":1,"dropDown":0.5}',
  '{"datagrams":5,"seconds":1}',
  '{"idle":5,"tie":"address"}',
  '[{"productKey":"PK","deviceKey":"D3"},{"productKey":5},null,"x"]',
  'productKey,deviceKey,name\nPK,D4,"a ""b"""\nPK,,=1+1\n',
  '{"productKey":"PK","deviceKey":"D5"}\n{"productKey"\n',
  '{"site":"A","__proto__":"x","floor":null}',
  '{"name":null,"edition":"token"}',
  '{"__proto__":{"a":1},"constructor":{"prototype":{}}}',
];
/** Longest answer, bytes: the API's own document. */
const longest = 1 << 20;
/** Requests after which the cloud is a new one, so that an input does not depend on all before it. */
const renewal = 512;

interface Stage {
  readonly cloud: EnosCloud;
  readonly app: FastifyInstance;
  readonly faults: string[];
  requests: number;
}

let stage: Stage | undefined;

async function freshStage(): Promise<Stage> {
  const random = new Random("api");
  const cloud = new EnosCloud({
    transmit: () => {},
    randomBytes: (n) => random.bytes(n),
    edition: "tokenless",
    iv: "zero",
    devices: [{ productKey: "PK", deviceKey: "DK", deviceSecret: "secret" }],
  });
  const faults: string[] = [];
  const app = await buildApi({
    cloud,
    now: () => 1_700_000_000_000,
    flush: async () => {},
    host: "127.0.0.1",
    version: "0",
    edition: "tokenless",
    kept: false,
    randomBytes: (n) => random.bytes(n),
    onError: (line) => faults.push(line),
  });
  return { cloud, app, faults, requests: 0 };
}

export const httpTarget: Target = {
  name: "http",
  boundary: "HTTP",
  code: ["host-sim/cloud/api/", "host-sim/cloud/registry/", "host-sim/cloud/enos/"],
  portable: false,
  seeds() {
    // Each run begins with a cloud of its own.
    stage = undefined;
    return [
      new Uint8Array([0, 0, 0]),
      new Uint8Array([1, 0, 0, 0, 0, 0, 0]),
      new Uint8Array([1, 2, 0, 0, 0, 0, 1, 1, 2, 0, 0, 0, 0, 2]),
    ];
  },
  generate: (random) => random.bytes(3 + Math.floor(random.next() * 80)),
  async run(input, watch) {
    if (stage !== undefined && stage.requests >= renewal) {
      await stage.app.close();
      stage = undefined;
    }
    stage ??= await freshStage();
    const script = new Script(input);
    for (let count = 0; count < 6 && !script.over; count++) await request(stage, script, watch);
    const healthy = await stage.app.inject({
      method: "GET",
      url: "/api/v1/devices",
      headers: { host: "localhost" },
    });
    check(
      healthy.statusCode === 200,
      "the API goes on",
      () => `${healthy.statusCode} ${healthy.body.slice(0, 200)}`,
    );
  },
};

async function request(on: Stage, script: Script, watch: Watch): Promise<void> {
  const method = script.pick(methods);
  const path = script.pick(paths);
  let url = path + script.pick(queries);
  const headers: Record<string, string> = {
    host: script.byte() < 240 ? "localhost:8080" : latin(script, 30),
  };
  const flags = script.byte();
  if ((flags & 1) !== 0) headers["content-type"] = script.pick(types);
  else headers["content-type"] = "application/json";
  if ((flags & 2) !== 0) headers["origin"] = latin(script, 30);
  if ((flags & 4) !== 0) url += `/${encodeURIComponent(latin(script, 40))}`;
  if ((flags & 8) !== 0) url += `?${latin(script, 40).replace(/[^\x21-\x7e]/g, "%")}`;
  if ((flags & 16) !== 0) headers["x-strange"] = latin(script, 200).repeat(1 + (script.byte() >> 4));
  const choice = script.byte();
  const body =
    choice < 120
      ? bodies[choice % bodies.length]
      : choice < 220
        ? Buffer.from(jsonOf(script))
        : Buffer.from(script.take(60));
  const payload = method === "GET" || method === "HEAD" ? undefined : body;
  on.requests += 1;
  watch.input();
  watch.step?.(`${method} ${url} ${JSON.stringify(headers)} ${String(payload).slice(0, 100)}`);
  const before = on.faults.length;
  const answer = await on.app.inject({ method, url, headers, payload });
  const { statusCode } = answer;
  watch.step?.(`  ${statusCode} ${answer.body.slice(0, 120)}`);
  watch.feature(`${method} ${path} ${statusCode}`);
  check(on.faults.length === before, "no request is an inner fault", () => on.faults[before]);
  check(statusCode < 500, "no request is an inner fault", () => `${statusCode} ${answer.body.slice(0, 200)}`);
  check(answer.body.length <= longest, "answers are bounded", () => `${answer.body.length} bytes`);
  if (statusCode >= 400 && method !== "HEAD") {
    const type = String(answer.headers["content-type"]);
    check(
      type.startsWith("application/problem+json"),
      "each fault is a problem",
      () => `${type} ${answer.body}`,
    );
  }
}

/** Text of any characters that a header may have. */
function latin(script: Script, most: number): string {
  return Buffer.from(script.take(script.below(most)))
    .toString("latin1")
    .replace(/[\u0000-\u001f\u007f]/g, "_");
}
