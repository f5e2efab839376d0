/**
 * libcoap's server and client as peers: programs of their own, which never outlive the tests.
 */
import { execFile, spawn, spawnSync } from "node:child_process";
import { createSocket } from "node:dgram";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loopback } from "./udp-endpoint";
import type { ChildProcess } from "node:child_process";

const debianPackages = {
  "coap-server-notls": "libcoap3-bin",
  "coap-client-notls": "libcoap3-bin",
  tshark: "tshark",
} as const;

/** Whether a program is missing on this machine, which is said aloud. On CI none may be. */
export function missing(program: keyof typeof debianPackages): boolean {
  // libcoap's know no option for their version; that they start is enough.
  if (spawnSync(program, [program === "tshark" ? "--version" : "-?"]).error === undefined) return false;
  const advice = `${program} is not installed (Debian: apt install ${debianPackages[program]})`;
  if (process.env["CI"]) throw new Error(`interoperability must be tested on CI, but ${advice}`);
  console.warn(`interoperability tests are skipped: ${advice}`);
  return true;
}

const children = new Set<ChildProcess>();

/** Ends all programs that were started. */
export function endPeers(): void {
  for (const child of children) child.kill("SIGKILL");
  children.clear();
}
process.once("exit", endPeers);

/** A port that was free a moment ago. */
async function freePort(): Promise<number> {
  const socket = createSocket("udp4");
  await new Promise<void>((resolve) => socket.bind(0, loopback, resolve));
  const { port } = socket.address();
  await new Promise<void>((resolve) => socket.close(resolve));
  return port;
}

/** Starts libcoap's server with these arguments, and returns its port once it is open. */
export async function startServer(...args: string[]): Promise<number> {
  const port = await freePort();
  // A ping would count among the datagrams that -l numbers: the server's own word is waited for.
  const child = spawn("coap-server-notls", ["-A", loopback, "-p", String(port), "-v", "7", ...args]);
  children.add(child);
  await new Promise<void>((resolve, reject) => {
    let said = "";
    const listen = (chunk: Buffer): void => {
      said = (said + chunk.toString("latin1")).slice(-4096);
      if (/created UDP +endpoint/.test(said)) resolve();
    };
    child.stdout.on("data", listen);
    child.stderr.on("data", listen);
    child.once("error", reject);
    child.once("exit", (status) => reject(new Error(`coap-server-notls ended with ${status}: ${said}`)));
  });
  return port;
}

/** What became of a run of libcoap's client. */
export interface ClientRun {
  /** The body of the response. */
  readonly body: Buffer;
  /** What it printed besides: the code and text of an error. */
  readonly said: string;
}

/**
 * Runs libcoap's client against a path of a port on this machine.
 *
 * @param upload the body to send
 */
export async function runClient(
  port: number,
  path: string,
  args: readonly string[],
  upload?: Uint8Array,
): Promise<ClientRun> {
  const folder = mkdtempSync(join(tmpdir(), "coap-client-"));
  try {
    const [from, to] = [join(folder, "up"), join(folder, "down")];
    writeFileSync(to, "");
    if (upload !== undefined) writeFileSync(from, upload);
    const files = upload === undefined ? ["-o", to] : ["-o", to, "-f", from];
    const all = ["-B", "30", ...files, ...args, `coap://${loopback}:${port}${path}`];
    const said = await new Promise<string>((resolve, reject) => {
      const child = execFile("coap-client-notls", all, { encoding: "latin1" }, (error, out, err) => {
        children.delete(child);
        if (error !== null) reject(error);
        else resolve(out + err);
      });
      children.add(child);
    });
    return { body: readFileSync(to), said };
  } finally {
    rmSync(folder, { recursive: true });
  }
}
