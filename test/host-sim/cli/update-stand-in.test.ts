/** `npm run update -- upload` and `-- rollout` against the stand-in's own API, over HTTP. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Random } from "../../../host-sim/sim/time/random";
import { wholePackage } from "../../../host-sim/tools/update/package-file";
import { Device, dk, pk } from "../cloud/api/device";
import { apiRig } from "../cloud/api/rig";
import { obeyed } from "./command-line";
import type { AddressInfo } from "node:net";
import type { ApiRig } from "../cloud/api/rig";
import type { Finished } from "./command-line";

let folder: string;
let rig: ApiRig;
let device: Device;
let server: string;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "rollout-"));
  rig = await apiRig();
  await rig.app.listen({ host: "127.0.0.1", port: 0 });
  server = `http://127.0.0.1:${(rig.app.server.address() as AddressInfo).port}`;
  device = new Device(rig);
  device.authenticate();
  device.say("1", "ota/device/inform", { version: "0.2.0" });
});
afterEach(async () => {
  rig.app.server.closeAllConnections();
  await rig.app.close();
  rmSync(folder, { recursive: true });
});

function put(name: string, productKey?: string): string {
  const about = { board: "generic", version: "0.3.0", productKey };
  const bytes = wholePackage(new Random(name).bytes(9_000), about, () => new Uint8Array(64));
  writeFileSync(join(folder, name), bytes);
  return join(folder, name);
}

async function update(...words: string[]): Promise<Finished> {
  const { code, stdout, stderr } = await obeyed(["update", ...words, "--server", server]);
  const plain = (text: string): string => text.replaceAll(folder, "~").replaceAll(server, "SERVER");
  return { code, stdout: plain(stdout), stderr: plain(stderr) };
}

const rollout = (...words: string[]): Promise<Finished> => update("rollout", ...words, "--product-key", pk);

describe("a file", () => {
  it("is filed under the product that it is for, and is there as it was", async () => {
    const { code, stdout } = await update("upload", put("own", pk));
    expect([code, stdout]).toEqual([
      0,
      expect.stringMatching(/^0\.3\.0 for generic of product .*, a whole image: .*\nfiled: \/f\/\S+\n$/),
    ]);
    const { body } = await rig.call("GET", `/api/v1/products/${pk}/firmware`);
    expect(body.items).toMatchObject([
      { version: "0.3.0", board: "generic", signMethod: "sha256", fileSize: 9_346 },
    ]);
    expect((await update("upload", put("other", pk))).stdout).toMatch(/\nfiled in place of another: \/f\//);
  });

  it("may be for any product, which is named then, and may lie on another server", async () => {
    expect(await update("upload", put("any"))).toEqual({
      code: 2,
      stdout: "",
      stderr: "~/any is for any product: name one with --product-key\n",
    });
    const url = "coap://files.example/fw/0.3.0-generic.enup";
    const { code, stdout } = await update("upload", put("any"), "--product-key", pk, "--file-url", url);
    expect([code, stdout]).toEqual([0, expect.stringContaining(`filed: ${url}\n`)]);
    expect((await update("upload", put("own", pk), "--product-key", "another")).stderr).toBe(
      `--product-key: ~/own is for product ${pk}\n`,
    );
  });
});

describe("a rollout", () => {
  beforeEach(async () => void (await update("upload", put("own", pk))));

  it("is begun in stages of 1, 10 and 100 %, and told once where nobody follows it", async () => {
    const { code, stdout, stderr } = await rollout("0.3.0", "--no-follow");
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toBe("rollout 1 of 0.3.0\nrunning, stage 1 of 3 (1 %): 1 device, 1 init\n");
    expect((await rollout("--id", "1", "--act", "pause", "--no-follow")).stdout).toBe(
      "rollout 1 of 0.3.0\npaused, stage 1 of 3 (1 %): 1 device, 1 init\n",
    );
    // Nothing but an operator goes on with it: there is nothing to follow, and it is not done.
    expect(await rollout("--id", "1")).toMatchObject({
      code: 1,
      stdout: expect.stringContaining("paused, "),
    });
    expect((await rollout("--id", "1", "--act", "abort", "--no-follow")).stdout).toContain(
      "aborted, stage 1",
    );
  });

  it("is followed to its end, and fails where it was stopped", async () => {
    const follows = rollout("0.3.0", "--stages", "50,100", "--wait", "0");
    await expect
      .poll(async () => (await rig.call("GET", `/api/v1/products/${pk}/rollouts/1`)).status)
      .toBe(200);
    device.points("2", { temperature: 21 });
    device.say("3", "ota/device/progress", { step: "42" });
    setTimeout(() => device.say("4", "ota/device/progress", { step: "-3", desc: "digest\u001b[2J" }), 1_500);
    const { code, stdout } = await follows;
    expect(code).toBe(1);
    expect(stdout).toMatch(/running, stage 1 of 2 \(50 %\): 1 device, 1 upgrading at 42 %\n/);
    expect(stdout).toMatch(/stopped: 1 of 1 devices of stage 1 failed: 100 %, above 5 %, stage 1 of 2/);
    expect(stdout).toContain(`\n  1 failed, step -3: digest`);
    expect(stdout).toContain(`: ${dk}\n`);
    expect(stdout).not.toContain("\u001b");
  });

  it.each([
    [[], "name the version that devices are to get, or with --id a rollout that is under way"],
    [
      ["0.3.0", "--id", "1"],
      "name the version that devices are to get, or with --id a rollout that is under way",
    ],
    [["new"], '<version>: expected three numbers such as 0.3.0, got "new"'],
    [["0.3.0", "--act", "pause"], "--act is for a rollout that is under way: name it with --id"],
    [["--id", "1", "--wait", "5"], "--wait is for a new rollout: leave it or --id out"],
    [
      ["0.3.0", "--stages", "10,5"],
      '--stages takes per cent such as 1,10,100, got "10,5": expected shares above 0, each larger than the one before, the last at most 1',
    ],
    [["--id", "x"], '--id takes digits, as rollout prints them, got "x"'],
  ])("%j is refused before anybody is asked", async (words, line) => {
    expect(await rollout(...words)).toEqual({ code: 2, stdout: "", stderr: `${line}\n` });
  });

  it("says what the server says, and when there is none", async () => {
    expect(await rollout("--id", "77")).toEqual({
      code: 1,
      stdout: "",
      stderr: `SERVER: no rollout 77 of product ${pk}\n`,
    });
    rig.app.server.closeAllConnections();
    await rig.app.close();
    // The first try may still find the connection from before, and see it end.
    expect((await rollout("--id", "1")).stderr).toMatch(/^SERVER: no answer: /);
    expect((await rollout("--id", "1")).stderr).toBe(
      "SERVER: no answer: ECONNREFUSED, is npm run cloud under way there?\n",
    );
  });
});
