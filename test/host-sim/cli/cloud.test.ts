/** `npm run cloud` as its user has it: addresses, tokens, files, a data directory, and how it ends. */
import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, test } from "vitest";
import { cloudCommand, openCloud } from "../../../host-sim/cli/cloud";
import { CoapDevice } from "./coap-device";
import { launch, obeyed } from "./command-line";
import type { Command } from "../../../host-sim/cli/command";
import type { CloudFlags } from "../../../host-sim/cli/cloud-flags";
import type { OpenCloud } from "../../../host-sim/cli/cloud";
import type { Running } from "./command-line";
import type { AddressInfo } from "node:net";

let place: string;
/** Processes, and what ends a cloud in this one. */
let running: Running[];
let open: (() => Promise<void>)[];
beforeEach(() => {
  place = mkdtempSync(join(tmpdir(), "enos-cloud-"));
  running = [];
  open = [];
});
afterEach(async () => {
  for (const end of open) await end();
  for (const each of running) each.process.kill("SIGKILL");
  await Promise.all(running.map(({ finished }) => finished));
  rmSync(place, { recursive: true, force: true });
});

const at = (name: string): string => join(place, name);
function file(name: string, content: unknown): string {
  writeFileSync(at(name), typeof content === "string" ? content : JSON.stringify(content));
  return at(name);
}

/** A cloud that serves, in this process or in one of its own. */
interface Started {
  /** What it has printed so far. */
  output(): string;
  /** Resolves once its output matches. */
  until(pattern: RegExp): Promise<RegExpExecArray>;
  /** Of CoAP. */
  port: number;
  /** Empty without an API. */
  api: string;
  get(path: string, headers?: Record<string, string>): Promise<{ status: number; body: any }>;
  send(method: string, path: string, body?: unknown): Promise<{ status: number; body: any }>;
}

type Watched = Pick<Running, "output" | "until">;

async function started(cloud: Watched, hasApi = true): Promise<Started> {
  const [, port] = await cloud.until(/on coap:\/\/127\.0\.0\.1:(\d+)/);
  const api = hasApi ? (await cloud.until(/application API on (http:\/\/[^\s,]+)/))[1] : "";
  const ask = async (method: string, path: string, body?: unknown, headers: Record<string, string> = {}) => {
    const answer = await fetch(`${api}${path}`, {
      method,
      headers: body === undefined ? headers : { ...headers, "content-type": "application/json" },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    const text = await answer.text();
    return { status: answer.status, body: text === "" ? undefined : (JSON.parse(text) as any) };
  };
  return {
    ...{ output: () => cloud.output(), until: (pattern) => cloud.until(pattern), port: Number(port), api },
    get: (path, headers) => ask("GET", path, undefined, headers),
    send: (method, path, body) => ask(method, path, body),
  };
}

/** A process of its own, on free ports, once both are open: for what signals and a second process do to it. */
async function launched(
  args: readonly string[],
): Promise<Started & { process: Running["process"] } & Ending> {
  const cloud = launch(["cloud", "--port", "0", "--api-port", "0", ...args]);
  running.push(cloud);
  const end: Ending["end"] = (signal = "SIGTERM") => {
    cloud.process.kill(signal);
    return cloud.finished;
  };
  return { ...(await started(cloud)), process: cloud.process, finished: cloud.finished, end };
}

interface Ending {
  readonly finished: Running["finished"];
  end(signal?: NodeJS.Signals): Running["finished"];
}

/** The same command in this process, its options read as the command line reads them. */
async function start(
  args: readonly string[],
  env: Record<string, string> = {},
  ports: readonly string[] = ["--port", "0", "--api-port", "0"],
): Promise<Started & { end(): Promise<void> }> {
  const cloud = new Lines();
  let opened: OpenCloud | undefined;
  const command = cloudCommand().action(async (flags: CloudFlags, self: Command) => {
    const add = (line: string): void => cloud.add(line);
    opened = await openCloud(flags, self, { say: add, complain: add });
  });
  const own = process.env;
  process.env = { PATH: own.PATH, HOME: own.HOME, ...env };
  try {
    await command.parseAsync([...ports, ...args], { from: "user" });
  } finally {
    process.env = own;
  }
  const end = async (): Promise<void> => {
    await opened?.close();
    opened = undefined;
  };
  open.push(end);
  return { ...(await started(cloud, !args.includes("--no-api"))), end };
}

/** Lines as they are said. */
class Lines {
  #text = "";
  #look: (() => void)[] = [];

  add(line: string): void {
    this.#text += `${line}\n`;
    for (const look of [...this.#look]) look();
  }

  output(): string {
    return this.#text;
  }

  until(pattern: RegExp): Promise<RegExpExecArray> {
    return new Promise((resolve) => {
      const look = (): void => {
        const match = pattern.exec(this.#text);
        if (match === null) return;
        this.#look = this.#look.filter((each) => each !== look);
        resolve(match);
      };
      this.#look.push(look);
      look();
    });
  }
}

/** The demo device's keys, as they are printed for the shell. */
async function demoKeys(
  cloud: Watched,
): Promise<{ productKey: string; deviceKey: string; deviceSecret: string }> {
  await cloud.until(/npm run device -- --server/);
  const value = (name: string): string => new RegExp(`export ENOS_${name}=(\\S+)`).exec(cloud.output())![1];
  return {
    productKey: value("PRODUCT_KEY"),
    deviceKey: value("DEVICE_KEY"),
    deviceSecret: value("DEVICE_SECRET"),
  };
}

describe("the application API", () => {
  it("is there, with the demo device and the example product, and ends with the rest", async () => {
    const cloud = await launched([]);
    const keys = await demoKeys(cloud);
    const { body } = await cloud.get("/devices");
    expect(body.items).toMatchObject([
      { productKey: keys.productKey, deviceKey: keys.deviceKey, state: "inactive" },
    ]);
    expect(JSON.stringify(body)).not.toContain(keys.deviceSecret);
    const product = await cloud.get(`/products/${keys.productKey}`);
    expect(product.body).toMatchObject({ hasModel: true, hasScript: true, devices: 1 });
    const document = await fetch(cloud.api.replace("/api/v1", "/openapi.json"));
    expect(((await document.json()) as { openapi: string }).openapi).toBe("3.1.0");
    const { code, stderr, stdout } = await cloud.end("SIGINT");
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toMatch(/ended\n$/);
  });

  it("runs parsing scripts that see the time of the machine", async () => {
    const cloud = await launched([]);
    const { productKey } = await demoKeys(cloud);
    const send = (method: string, path: string, body: object): Promise<Response> =>
      fetch(`${cloud.api}/products/${productKey}${path}`, {
        method,
        headers: { "content-type": "application/json" },
        body: JSON.stringify(body),
      });
    const script =
      "function rawDataToJsonStr() { return '' + new Date().getTime() } function jsonStrToRawData() { return [] }";
    const before = Date.now();
    expect((await send("PUT", "", { script })).status).toBe(200);
    const { json } = (await (await send("POST", "/script/try", { bytes: "01" })).json()) as { json: number };
    expect(json).toBeGreaterThanOrEqual(before);
    expect(json).toBeLessThanOrEqual(Date.now());
    await cloud.end("SIGINT");
  });

  it("is not there with --no-api", async () => {
    const cloud = await start(["--no-api"]);
    await demoKeys(cloud);
    await cloud.end();
    expect(cloud.output()).not.toContain("application API");
  });

  it("takes another port when its usual one is in use, and not when a port was asked for", async () => {
    const other = createServer();
    // Somebody else's process may have it: that will do as well.
    await new Promise<void>((resolve) =>
      other.once("error", () => resolve()).listen(8080, "127.0.0.1", resolve),
    );
    const moved = await start([], {}, ["--port", "0"]);
    const [, api] = await moved.until(/application API on ([^\s,]+), for port 8080 is in use/);
    expect((await fetch(`${api}/status`)).status).toBe(200);
    const { code, stdout, stderr } = await obeyed(["cloud", "--port", "0", "--api-port", "8080"]);
    expect(stderr).toMatch(
      /^application API: TCP port 8080 on 127\.0\.0\.1 is in use; choose another --api-port.*\n$/,
    );
    expect(stdout).not.toContain("application API on");
    expect(code).toBe(1);
    await new Promise((resolve) => other.close(resolve));
  });

  it.each<[string, (token: string) => [string[], Record<string, string>]]>([
    ["the environment", (token) => [[], { ENOS_API_TOKEN: token }]],
    [
      "a file",
      (token) => [["--api-token-file", file("token", `${token}\n`)], { ENOS_API_TOKEN: "not-this-one-0123" }],
    ],
  ])("asks for the token of %s, and never shows it", async (_name, how) => {
    const token = "0123456789abcdef-token";
    const cloud = await start(...how(token));
    expect((await cloud.get("/devices")).status).toBe(401);
    expect((await cloud.get("/devices", { authorization: "Bearer not-the-right-one" })).status).toBe(401);
    expect((await cloud.get("/devices", { authorization: `Bearer ${token}` })).status).toBe(200);
    expect(cloud.output()).toMatch(/application API on \S+, with bearer token/);
    await cloud.end();
    expect(cloud.output()).not.toContain(token);
  });
});

describe("misuse is one clear line", () => {
  const secret = "s3cr3t-s3cr3t-s3cr3t";
  it.each<[string, () => [string[], Record<string, string>?], number, RegExp]>([
    [
      "an open API without token",
      () => [["--api-host", "0.0.0.0"]],
      2,
      /the application API on 0\.0\.0\.0 needs a token/,
    ],
    [
      "a short token",
      () => [[], { ENOS_API_TOKEN: "s3cr3t" }],
      2,
      /ENOS_API_TOKEN: no usable token: expected 16 to 512 characters, got 6; make one/,
    ],
    [
      "a token of two lines",
      () => [["--api-token-file", file("t", `${secret}\n${secret}`)]],
      2,
      /no usable token: expected letters/,
    ],
    [
      "webhooks to what is no host",
      () => [["--webhooks-to", "http://hooks.example.com/"]],
      2,
      /--webhooks-to: expected hosts or addresses with commas between them, or any; got "http:/,
    ],
    [
      "webhooks to where clouds keep their keys",
      () => [["--webhooks-to", "169.254.169.254"]],
      2,
      /--webhooks-to: 169\.254\.169\.254 is no address of a receiver/,
    ],
    ["an empty token file", () => [["--api-token-file", file("t", "\n")]], 2, /got 0; make one/],
    [
      "no token file",
      () => [["--api-token-file", at("t")]],
      2,
      /--api-token-file: cannot read .*: there is no such file or folder, ENOENT/,
    ],
    [
      "a port that is none",
      () => [["--api-port", "70000"]],
      2,
      /--api-port takes a whole number from 0 to 65535/,
    ],
    ["another tie", () => [["--tie", "mac"]], 2, /^--tie takes path or address, got "mac"\n$/],
    ["a wrong idle time", () => [["--nat-idle", "-1"]], 2, /--nat-idle takes a whole number/],
    ["a wrong rate", () => [["--rate-limit", "many"]], 2, /--rate-limit takes a whole number/],
    [
      "no product list",
      () => [["--products", at("p")]],
      2,
      /--products: cannot read .*: there is no such file or folder, ENOENT/,
    ],
    [
      "products of no JSON",
      () => [["--products", file("p", `["${secret}`)]],
      2,
      /--products: .*p is not JSON, line 1 column \d+: expected the closing double quote of a text, got the end/,
    ],
    [
      "products nested deeper than any stack",
      () => [["--products", file("p", `${"[".repeat(100_000)}${"]".repeat(100_000)}`)]],
      2,
      /--products: .*p is nested more than 32 deep/,
    ],
    ["products that are no list", () => [["--products", file("p", {})]], 2, /expected an array of products/],
    [
      "a product that is none",
      () => [["--products", file("p", [1])]],
      2,
      /products\[0\]: expected an object/,
    ],
    [
      "a product without key",
      () => [["--products", file("p", [{}])]],
      2,
      /products\[0\]\.productKey: expected text/,
    ],
    [
      "a product twice",
      () => [["--products", file("p", [{ productKey: "a" }, { productKey: "a" }])]],
      2,
      /a is there twice/,
    ],
    [
      "an unknown field",
      () => [["--products", file("p", [{ productKey: "a", modle: "" }])]],
      2,
      /unknown field "modle", expected productKey/,
    ],
    [
      "a model that is not there",
      () => [["--products", file("p", [{ productKey: "a", model: "m" }])]],
      2,
      /products\[0\]\.model: cannot read .*m: there is no such file or folder, ENOENT/,
    ],
    [
      "a model that is no path",
      () => [["--products", file("p", [{ productKey: "a", model: {} }])]],
      2,
      /products\[0\]\.model: expected the path/,
    ],
    [
      "a model that is none",
      () => [["--products", file("p", [{ productKey: "a", model: file("m", {}) }])]],
      2,
      /product a: model: /,
    ],
    [
      "a script that does not run",
      () => [["--products", file("p", [{ productKey: "a", script: file("s", "function (") }])]],
      2,
      /product a: script: /,
    ],
    [
      "a data directory that is a file",
      () => [["--data", file("d", "")]],
      2,
      /cannot be used as data directory/,
    ],
    [
      "another program's directory",
      () => [["--data", place.concat(file("d", "").slice(0, 0))]],
      2,
      /holds files of another program/,
    ],
  ])("%s", async (_name, how, exitCode, message) => {
    const [args, env] = how();
    const { code, stdout, stderr } = await obeyed(
      ["cloud", "--port", "0", ...(args.includes("--api-port") ? [] : ["--api-port", "0"]), ...args],
      env,
    );
    expect(stderr).toMatch(message);
    expect(stderr.trimEnd().split("\n")).toHaveLength(1);
    expect(stdout + stderr).not.toContain("s3cr3t");
    expect(code).toBe(exitCode);
  });
});

describe("--data", () => {
  it("keeps registry, session and data when the program is killed", async () => {
    const data = at("data");
    const first = await launched(["--data", data]);
    const keys = await demoKeys(first);
    expect(first.output()).toContain(`its keys, kept in ${data}`);
    expect(statSync(data).mode & 0o777).toBe(0o700);
    const here = `/devices/${keys.productKey}/${keys.deviceKey}`;
    const device = new CoapDevice(keys, first.port);
    expect(await device.authenticate()).toBe("2.04");
    expect(await device.report("1", { temperature: 20.5 })).toBe("2.04");
    expect(await device.report("2", { temperature: 21.5 })).toBe("2.04");
    const { body: queued } = await first.send("POST", `${here}/commands`, {
      kind: "set",
      points: { relay: 1 },
    });
    expect((await first.send("PUT", "/products/another", { name: "Another" })).status).toBe(201);
    const fresh = await first.send("POST", "/devices", { productKey: "another", deviceKey: "d1" });
    const before = await first.get(`${here}/measurepoints/temperature/history`);
    // Nothing is flushed on the way out.
    await first.end("SIGKILL");

    const second = await start(["--data", data]);
    expect(await demoKeys(second)).toEqual(keys);
    expect(second.output()).toContain(`2 devices kept in ${data}`);
    expect((await second.get(`${here}/measurepoints/temperature/history`)).body).toEqual(before.body);
    expect(before.body.items).toHaveLength(2);
    expect((await second.get(`/commands/${queued.id}`)).body).toMatchObject({ id: queued.id, kind: "set" });
    expect((await second.get("/products/another")).body).toMatchObject({ name: "Another", devices: 1 });
    expect((await second.get("/status")).body).toMatchObject({
      kept: true,
      devices: { total: 2, online: 1 },
    });
    // The same session: no new authentication, and the sequence goes on from where it was.
    device.port = second.port;
    expect(await device.report("3", { temperature: 22.5 })).toBe("2.04");
    device.sequence -= 1;
    expect(await device.report("4", { temperature: 23.5 })).toBe("4.01");
    const other = new CoapDevice(
      { productKey: "another", deviceKey: "d1", deviceSecret: fresh.body.deviceSecret },
      second.port,
    );
    expect(await other.authenticate()).toBe("2.04");
    await second.end();

    const third = await start(["--data", data]);
    expect((await third.get(`${here}/measurepoints`)).body.temperature).toMatchObject({ value: 22.5 });
    const all = await third.get(`${here}/measurepoints/temperature/history`);
    expect(all.body.items.map(({ value }: { value: number }) => value)).toEqual([22.5, 21.5, 20.5]);
    await third.end();
  });

  it("keeps webhooks, and tells them what happens, with their secret and their URL's query in no output", async () => {
    const data = at("data");
    const received: { type: string; signature: string }[] = [];
    const receiver = createServer((call, answer) => {
      let body = "";
      call.on("data", (chunk) => (body += String(chunk)));
      call.on("end", () => {
        received.push({
          type: (JSON.parse(body) as { type: string }).type,
          signature: String(call.headers["webhook-signature"]),
        });
        answer.writeHead(received.length === 1 ? 500 : 204).end();
      });
    });
    await new Promise<void>((resolve) => receiver.listen(0, "127.0.0.1", resolve));
    const url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/hook?key=hidden-key`;
    const first = await launched(["--data", data]);
    const made = await first.send("POST", "/webhooks", { url, events: ["product-put"] });
    expect(made.status).toBe(201);
    expect((await first.send("POST", "/webhooks", { url: "http://example.com/" })).status).toBe(422);
    await first.send("PUT", "/products/one", {});
    await first.until(/webhook 1 is tried again: answered 500/);
    await first.end("SIGKILL");

    const second = await start(["--data", data]);
    expect((await second.get("/webhooks/1")).body).toMatchObject({ url, waiting: 0, enabled: true });
    await second.send("PUT", "/products/two", {});
    await expect.poll(() => received.length).toBe(2);
    expect(received.map(({ type }) => type)).toEqual(["product-put", "product-put"]);
    const output = first.output() + second.output();
    for (const hidden of [made.body.secret.slice(6), "hidden-key"]) expect(output).not.toContain(hidden);
    await second.end();
    await new Promise((resolve) => receiver.close(resolve));
  });

  it("has every report that was acknowledged before the program was killed in the midst of them", async () => {
    const data = at("data");
    const first = await launched(["--data", data]);
    const keys = await demoKeys(first);
    const device = new CoapDevice(keys, first.port);
    await device.authenticate();
    const acknowledged: number[] = [];
    const working = (async () => {
      for (let i = 1; i <= 5000; i++) {
        const answer = await Promise.race([device.report(String(i), { uptime: i }), first.finished]);
        if (answer !== "2.04") return;
        acknowledged.push(i);
        if (i === 150) first.process.kill("SIGKILL");
      }
    })();
    await working;
    device.close();
    expect(acknowledged.length).toBeGreaterThanOrEqual(150);
    const second = await start(["--data", data]);
    const here = `/devices/${keys.productKey}/${keys.deviceKey}/measurepoints/uptime/history?limit=1000&order=asc`;
    const values = (await second.get(here)).body.items.map(({ value }: { value: number }) => value);
    expect(values.slice(0, acknowledged.length)).toEqual(acknowledged);
    // At most the one whose acknowledgement was lost.
    expect(values.length - acknowledged.length).toBeLessThanOrEqual(1);
    await second.end();
  });

  it("knows better than --devices, and says so", async () => {
    const data = at("data");
    const old = { productKey: "pk", deviceKey: "a", deviceSecret: "the-old-secret" };
    const first = await start(["--data", data, "--devices", file("first", [old])]);
    await first.send("POST", "/devices/pk/a/disable");
    await first.end();
    const list = file("second", [
      { ...old, deviceSecret: "the-new-secret" },
      { ...old, deviceKey: "b" },
    ]);
    const second = await start(["--data", data, "--devices", list]);
    await second.until(/2 devices from \S+second; 1 of them known to \S+data, and left as they are there/);
    const { body } = await second.get("/devices");
    expect(body.items).toMatchObject([
      { deviceKey: "a", state: "disabled" },
      { deviceKey: "b", state: "inactive" },
    ]);
    await second.send("POST", "/devices/pk/a/enable");
    expect(await new CoapDevice({ ...old, deviceSecret: "the-new-secret" }, second.port).authenticate()).toBe(
      "4.01",
    );
    expect(await new CoapDevice(old, second.port).authenticate()).toBe("2.04");
    await second.end();
    expect(second.output()).not.toMatch(/the-(?:old|new)-secret/);
  });

  it("does not bring back a demo device that was removed", async () => {
    const data = at("data");
    const first = await start(["--data", data]);
    const { productKey, deviceKey } = await demoKeys(first);
    expect((await first.send("DELETE", `/devices/${productKey}/${deviceKey}`)).status).toBe(204);
    await first.end();
    const second = await start(["--data", data]);
    await second.until(/no device is registered: everybody will be refused/);
    await second.end();
    expect(second.output()).not.toContain("ENOS_DEVICE_SECRET");
  });

  it("reads products of --products and the example anew, and leaves others as they were put", async () => {
    const data = at("data");
    file("s.js", "function rawDataToJsonStr() {} function jsonStrToRawData() {}");
    const products = file("p.json", [{ productKey: "pk", name: "One", payload: "raw", script: "s.js" }]);
    const first = await start(["--data", data, "--products", products]);
    const { productKey } = await demoKeys(first);
    expect(productKey).toBe("pk");
    await first.send("PUT", "/products/mine", { name: "Mine" });
    await first.end();
    file("p.json", [{ productKey: "pk", name: "Two" }]);
    const second = await start(["--data", data, "--products", products]);
    expect((await second.get("/products/pk")).body).toMatchObject({
      name: "Two",
      payload: "json",
      hasScript: false,
    });
    expect((await second.get("/products/mine")).body).toMatchObject({ name: "Mine" });
    await second.end();
    const third = await start(["--data", data]);
    expect((await third.get("/products/pk")).body).toMatchObject({ name: "Two" });
    await third.end();
  });

  it("is left as it was by a start that fails", async () => {
    const data = at("data");
    const other = await start([]);
    for (const args of [
      ["--port", String(other.port)],
      ["--port", "0", "--products", file("p", [{ productKey: "a" }, { productKey: "b", payload: "xml" }])],
    ]) {
      expect((await obeyed(["cloud", "--no-api", "--data", data, ...args])).code).not.toBe(0);
    }
    await other.end();
    const first = await start(["--data", data]);
    const { productKey } = await demoKeys(first);
    expect((await first.get("/products")).body.items).toMatchObject([{ productKey }]);
    await first.end();
  });

  it("is one process's at a time", async () => {
    const data = at("data");
    const first = await launched(["--data", data]);
    const { code, stderr } = await obeyed(["cloud", "--port", "0", "--no-api", "--data", data]);
    expect(stderr).toMatch(/data: in use by another process; end that one, or choose another directory\n$/);
    expect(code).toBe(1);
    expect((await first.end()).code).toBe(0);
  });
});

test("--tie, --nat-idle and --rate-limit are what the API shows", async () => {
  const cloud = await start(["--tie", "address", "--nat-idle", "300", "--rate-limit", "20"]);
  expect((await cloud.get("/nat")).body).toEqual({ tie: "address", addressIdle: 300 });
  expect((await cloud.get("/rate-limit")).body).toEqual({ perSecond: 20, burst: 20 });
  await cloud.end();
});
