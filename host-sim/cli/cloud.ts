/**
 * `npm run cloud`: the EnOS stand-in on a real UDP port, with its application API over HTTP.
 */
import { randomBytes } from "node:crypto";
import { ApiError, serveApi } from "../cloud/api/server";
import { Command } from "./command";
import type { ApiOptions } from "../cloud/api/route-context";
import type { ApiServer } from "../cloud/api/server";
import { decodeCoap } from "../cloud/coap/coap-wire";
import { describeCoap } from "../cloud/coap/coap-text";
import { LiveCapture } from "../cloud/capture/live-capture";
import { Feed } from "../cloud/console/feed";
import { ivForms } from "../cloud/enos/sign";
import { StorageError } from "../cloud/registry/fleet";
import { ProductError } from "../cloud/registry/product";
import { DeviceListError } from "../cloud/registry/registry";
import { loadScriptEngine } from "../cloud/script/script-engine";
import { ServeError, serveUdp } from "../cloud/coap/udp";
import type { ScriptEngine } from "../cloud/script/script-engine";
import type { UdpCloud } from "../cloud/coap/udp";
import type { CloudEvent } from "../cloud/events";
import type { Webhooks } from "../cloud/webhooks/webhooks";
import { escaped } from "../model/escaped";
import { columnsOf, paletteFor } from "../inspect/report/style";
import { Refusals } from "../inspect/report/refusals";
import { describeCloud } from "../inspect/report/timeline";
import { DirectoryError, StoreError, openStore } from "../cloud/store/level-store";
import type { LevelStore } from "../cloud/store/level-store";
import { captureInto } from "./cloud-capture";
import { registryOf } from "./cloud-data";
import type { Registry } from "./cloud-data";
import { exampleProduct, readDevices, readProducts, readToken, tokenSources } from "./cloud-files";
import { withCloudFlags } from "./cloud-flags";
import type { CloudFlags } from "./cloud-flags";
import { destinationsOf, openWebhooks } from "./cloud-webhooks";
import { CommandError, misuse } from "./misuse";
import { projectVersion } from "./version";
import type { DeviceRecord } from "../cloud/registry/registry";

type Say = (line: string) => void;

/** What is printed, line by line: what happens, and what goes wrong meanwhile. */
export interface CloudOutput {
  readonly say: Say;
  readonly complain: Say;
}

/** The `cloud` command. */
export function cloudCommand(): Command {
  const command = new Command("cloud").configureHelp({ commandUsage: () => "npm run cloud -- [options]" });
  return withCloudFlags(command).action(serve);
}

async function serve(flags: CloudFlags, command: Command): Promise<void> {
  const write =
    (stream: NodeJS.WriteStream): Say =>
    (line) =>
      void stream.write(`${line}\n`);
  const say = write(process.stdout);
  // Whoever has read the addresses may end it at once.
  let end = (): void => undefined;
  const asked = new Promise<undefined>((resolve) => {
    end = () => resolve(undefined);
  });
  const signals = ["SIGINT", "SIGTERM"] as const;
  for (const signal of signals) process.once(signal, end);
  try {
    const cloud = await openCloud(flags, command, { say, complain: write(process.stderr) });
    const failure = await Promise.race([asked, cloud.failed]);
    await cloud.close(failure);
    if (flags.quiet !== true) {
      say("\nended");
      for (const line of cloud.refusals()) say(line);
    }
  } finally {
    // A command that was refused leaves nothing behind in a process that goes on.
    for (const signal of signals) process.off(signal, end);
  }
}

/** A cloud that serves. */
export interface OpenCloud {
  /** Resolves with the reason when its data can be written no more. */
  readonly failed: Promise<Error>;
  /** Ends it. @throws CommandError or whatever else it failed by, `failure` before all */
  close(failure?: Error): Promise<void>;
  /** What it refused so far, a line for each reason. */
  refusals(): string[];
}

/**
 * Opens the ports and, with `--data`, the directory. When it throws, nothing is open, and the directory is as it was.
 *
 * @param command told of each flag, whether it was given
 * @throws CommandError for what a user can mend
 */
export async function openCloud(
  flags: CloudFlags,
  command: Command,
  output: CloudOutput,
): Promise<OpenCloud> {
  const { say } = output;
  if (!/^(?:zero|key|ecb|[0-9a-fA-F]{32})$/.test(flags.iv)) {
    throw misuse(`--iv takes ${ivForms}`);
  }
  const destinations = destinationsOf(flags.webhooksTo);
  const devices = flags.devices === undefined ? undefined : readDevices(flags.devices);
  const products = flags.products === undefined ? undefined : readProducts(flags.products);
  const tokens = flags.api ? readTokens(flags) : {};

  // Whatever was opened is closed again, in the opposite order, also when a later step fails.
  const opened: { close(): Promise<void> }[] = [];
  const close = async (failure?: Error): Promise<void> => {
    let first = failure;
    for (const each of opened.splice(0).reverse()) {
      // What has failed already is what is told.
      await each.close().catch((error: Error) => (first ??= error));
    }
    if (first !== undefined) throw told(first);
  };
  let store: LevelStore | undefined;
  let served: UdpCloud | undefined;
  const feed = new Feed(Date.now);
  const tell = teller(flags, feed, output);
  try {
    if (flags.data !== undefined) opened.push((store = await openStore(flags.data)));
    const registry = registryOf({ devices, products, store, randomBytes, example: exampleProduct });
    const engine = await loadScriptEngine(Date.now);
    const capture = new LiveCapture(() => ({
      address: served?.address ?? flags.host,
      port: served?.port ?? flags.port,
    }));
    if (flags.capture !== undefined) opened.push(captureInto(flags.capture, capture, output.complain));
    const { webhooks, close: endWebhooks } = openWebhooks({
      destinations,
      storage: registry.storage,
      emit: tell.event,
    });
    served = await serveCoap(flags, registry, engine, { capture, webhooks, feed }, tell, output);
    opened.push(served, { close: endWebhooks });
    await served.flush();
    const coap = `coap://${shownHost(served.address)}:${served.port}`;
    say(`EnOS stand-in, edition "${flags.edition}", on ${coap} (Ctrl-C ends it)`);
    if (flags.api) {
      const mayMove = command.getOptionValueSource("apiPort") === "default";
      const api = await serveHttp(
        flags,
        served,
        { feed, capture, webhooks, engine },
        tokens,
        mayMove,
        output,
      );
      opened.push(api);
    }
    tellRegistry(flags, registry, served, coap, say);
  } catch (error) {
    // Nothing was served, and nothing is to stay of the attempt.
    if (served === undefined) store?.discard();
    // Which throws it, in the user's words.
    await close(error as Error);
    throw error;
  }
  return { failed: served.failed, close, refusals: tell.refusals };
}

/** Bearer tokens of the application API. */
type Tokens = Pick<ApiOptions, "token" | "readToken">;

/** @throws CommandError that quotes none of them */
function readTokens({ apiTokenFile, apiReadTokenFile }: CloudFlags): Tokens {
  const token = readToken(tokenSources.operator, apiTokenFile, process.env);
  const reader = readToken(tokenSources.reader, apiReadTokenFile, process.env);
  if (reader === undefined) return { token };
  const { flag, variable } = tokenSources.operator;
  if (token === undefined)
    throw misuse(`a reader's token needs the operator's beside it: ${flag}, or ${variable}`);
  if (token === reader)
    throw misuse("the reader's token is the operator's as well; make another with: openssl rand -hex 24");
  return { token, readToken: reader };
}

/** Tells on terminal and event stream. */
interface Teller {
  /** A line about a datagram. */
  line(lane: string, text: string): void;
  event(event: CloudEvent): void;
  /** What was refused, a line for each reason. */
  refusals(): string[];
}

function teller(flags: CloudFlags, feed: Feed, { say }: CloudOutput): Teller {
  const palette = paletteFor(process.stdout);
  const refusals = new Refusals();
  const tell = (lane: string, text: string): void => {
    if (flags.quiet !== true)
      say(`${palette.dim(new Date().toISOString().slice(11, 23))}  ${lane}  ${escaped(text)}`);
  };
  return {
    line: (lane, text) => tell(palette.bold(lane), text),
    refusals: () => refusals.lines((time) => new Date(time).toISOString().slice(11, 23)),
    event: (event) => {
      feed.event(event);
      refusals.hearCloud(event, Date.now());
      // The line of the datagram has said so already.
      if (event.type === "malformed") return;
      const text = describeCloud(event, true, columnsOf(process.stdout));
      if (text !== undefined) tell(palette.yellow("cloud"), text);
    },
  };
}

/** The CoAP half. */
async function serveCoap(
  flags: CloudFlags,
  registry: Registry,
  engine: ScriptEngine,
  {
    feed,
    capture,
    webhooks,
  }: { readonly feed: Feed; readonly capture: LiveCapture; readonly webhooks: Webhooks },
  tell: Teller,
  { complain }: CloudOutput,
): Promise<UdpCloud> {
  const served = await serveUdp({
    host: flags.host,
    port: flags.port,
    edition: flags.edition,
    iv: flags.iv,
    tie: flags.tie,
    addressIdle: flags.natIdle,
    devices: registry.devices,
    products: registry.products,
    scriptEngine: engine,
    storage: registry.storage,
    restoreOther: (kind, keys, value) => webhooks.restore(kind, keys, value),
    onEvent: (event) => {
      tell.event(event);
      webhooks.event(event);
    },
    onDatagram: (direction, datagram, peer, now) => {
      feed.datagram(direction, datagram, peer);
      capture.datagram(direction, datagram, peer, now);
      const message = decodeCoap(datagram);
      const text = "malformed" in message ? `malformed: ${message.malformed}` : describeCoap(message);
      tell.line(direction === "in" ? "─▶ in" : "◀─ out", `${peer.address}:${peer.port} ${text}`);
    },
    onError: (line) => complain(escaped(line)),
  });
  // Bursts of one second's worth.
  if (flags.rateLimit > 0) served.cloud.setRateLimit({ perSecond: flags.rateLimit, burst: flags.rateLimit });
  return served;
}

/** The HTTP half. @param mayMove whether another port will do when this one is in use */
async function serveHttp(
  flags: CloudFlags,
  served: UdpCloud,
  { engine, ...heard }: Pick<ApiOptions, "feed" | "capture" | "webhooks"> & { readonly engine: ScriptEngine },
  tokens: Tokens,
  mayMove: boolean,
  { say, complain }: CloudOutput,
): Promise<ApiServer> {
  const options: ApiOptions = {
    cloud: served.cloud,
    now: served.now,
    flush: served.flush,
    host: flags.apiHost,
    ...tokens,
    version: projectVersion().version,
    edition: flags.edition,
    coap: { address: served.address, port: served.port },
    kept: flags.data !== undefined,
    randomBytes,
    ...heard,
    scriptEngine: engine,
    onError: (line) => complain(escaped(line)),
  };
  let moved = "";
  const api = await serveApi(options, flags.apiPort).catch((error: unknown) => {
    if (!mayMove || !(error instanceof ApiError) || error.code !== "EADDRINUSE") throw error;
    moved = `, for port ${flags.apiPort} is in use`;
    return serveApi(options, 0);
  });
  const guarded = tokens.token === undefined ? "" : ", with bearer token";
  say(
    `console on http://${shownHost(api.address)}:${api.port}/, application API on http://${shownHost(api.address)}:${api.port}/api/v1${guarded}${moved} (/openapi.json)`,
  );
  return api;
}

function tellRegistry(
  flags: CloudFlags,
  registry: Registry,
  { cloud }: UdpCloud,
  url: string,
  say: Say,
): void {
  const { demo, devices, kept, stored } = registry;
  if (flags.data !== undefined && stored > 0) {
    say(`${count(stored, "device")} kept in ${flags.data}`);
  }
  if (flags.devices !== undefined) {
    const known = kept === 0 ? "" : `; ${kept} of them known to ${flags.data}, and left as they are there`;
    say(`${count(devices.length + kept, "device")} from ${flags.devices}${known}`);
  }
  if (cloud.devices.list().length === 0) say("no device is registered: everybody will be refused");
  if (flags.products !== undefined)
    say(`${count(registry.products.length, "product")} from ${flags.products}`);
  else if (flags.devices !== undefined && registry.products.length > 0) {
    say(`no --products: the example of firmware/product stands for ${keysOf(registry)}`);
  }
  if (demo !== undefined) printDemo(demo, url, flags.data, say);
}

/** The one place where a secret is shown: the demo device's, made for a run or for a data directory. */
function printDemo(device: DeviceRecord, url: string, data: string | undefined, say: Say): void {
  say(
    data === undefined
      ? "one demo device; its keys, for this run only:"
      : `one demo device; its keys, kept in ${data}:`,
  );
  say(`  export ENOS_PRODUCT_KEY=${device.productKey}`);
  say(`  export ENOS_DEVICE_KEY=${device.deviceKey}`);
  say(`  export ENOS_DEVICE_SECRET=${device.deviceSecret}`);
  say(`then, in another terminal: npm run device -- --server ${url}`);
}

/** A fault that a user can mend, as one line; any other as it is. */
function told(error: Error): Error {
  if (error instanceof ProductError || (error instanceof ApiError && error.code === "TOKEN")) {
    return misuse(error.message);
  }
  if (error instanceof DirectoryError) return misuse(`--data: ${error.message}`);
  if (error instanceof DeviceListError) return misuse(`--devices: ${error.message}`);
  if (error instanceof StorageError) {
    return new CommandError(
      1,
      `--data: ${error.message}; restore the directory from a copy, or move it away`,
    );
  }
  if (error instanceof StoreError || error instanceof ServeError || error instanceof ApiError) {
    return new CommandError(1, error.message);
  }
  return error;
}

function keysOf({ products }: Registry): string {
  const keys = products.map(({ productKey }) => productKey);
  return keys.length <= 3 ? keys.join(", ") : `${keys.slice(0, 3).join(", ")} and ${keys.length - 3} more`;
}

function count(n: number, what: string): string {
  return `${n} ${what}${n === 1 ? "" : "s"}`;
}

function shownHost(address: string): string {
  return address.includes(":") ? `[${address}]` : address;
}
