/** Every state of the console that is looked at: how to open it, and what to do until it shows. */
import { manualProduct, manualReport } from "../../script/manual-product";
import { dk, pk } from "../../api/device";
import { forgive, overlook, pass, settled } from "../browser-rig";
import { RolledOut, rolledOut } from "../rolled-out";
import { datagram, events, product, reports } from "./device-life";
import type { Command } from "../../../../../host-sim/cloud/cloud";
import type { BrowserRig, OpenOptions } from "../browser-rig";

/** One state of one place. */
export interface State {
  /** `PLACE-STATE`, also the name of its pictures. */
  readonly name: string;
  readonly open: OpenOptions;
  /** Leads there; done once it shows. */
  readonly make: (opened: BrowserRig) => Promise<unknown>;
}

const here = `/devices/${pk}/${dk}`;
const cloud = { products: [product] };
const token = "operator-0123456789";
const readToken = "reader-0123456789abc";
const minute = 60_000;

const text = (shown: string | RegExp) => (opened: BrowserRig) =>
  opened.page.getByText(shown).first().waitFor();

/** Comes to the same page again, which reads all anew. */
const again = async ({ page }: BrowserRig): Promise<void> => {
  await page.reload();
  await page.getByRole("status").filter({ hasText: "● live" }).waitFor();
};

/** Devices of all states, with names, batteries and alarms. */
async function livelyFleet(opened: BrowserRig): Promise<void> {
  const { rig, device, page } = opened;
  const change = (i: number, name: string): unknown =>
    rig.cloud.devices.change(pk, `node-0000${i}`, { name }, rig.time.now);
  change(0, "Hall north, ground floor, beside the stair well and the lift");
  change(1, "Attic");
  change(3, "Boiler room");
  rig.cloud.devices.disable(pk, "node-00002", rig.time.now);
  await reports(opened);
  await events(opened);
  device.say("v", "ota/device/inform", { version: "1.4.2" });
  await page.locator("tr[data-id] .alarm").first().waitFor();
}

const fleet: State[] = [
  { name: "fleet-empty", open: { cloud: { devices: [] } }, make: text("No device is registered") },
  { name: "fleet-few", open: { cloud, devices: 8 }, make: livelyFleet },
  { name: "fleet-5000", open: { cloud, devices: 4_998 }, make: livelyFleet },
  {
    name: "fleet-filtered-to-none",
    open: { cloud, devices: 8, at: "/fleet?q=nothing+like+it&state=online" },
    make: text(/No device|None|nothing like it/),
  },
  {
    name: "fleet-marked",
    open: { cloud, devices: 8 },
    make: async ({ page }) => {
      await page.getByLabel(`Mark ${dk}`).check();
      await page.getByLabel("Mark other").check();
      await page.getByText("2 marked").waitFor();
    },
  },
  {
    name: "fleet-marked-disable-asks",
    open: { cloud, devices: 8 },
    make: async ({ page }) => {
      await page.getByLabel(`Mark ${dk}`).check();
      await page.getByLabel("Mark other").check();
      await page.getByRole("button", { name: "Disable", exact: true }).click();
      await page.getByRole("dialog").waitFor();
    },
  },
  {
    name: "fleet-register",
    open: { cloud, devices: 3 },
    make: async (opened) => {
      const { page } = opened;
      await page.getByRole("button", { name: "Register a device" }).click();
      await page.getByLabel(/^Device key/).fill("no key");
      await page.getByRole("button", { name: "Register", exact: true }).click();
      await page.getByRole("alert").filter({ hasText: "Device key: expected" }).waitFor();
      forgive(opened, /400/);
    },
  },
  {
    name: "fleet-secret",
    open: { cloud, devices: 3 },
    make: async ({ page }) => {
      await page.getByRole("button", { name: "Register a device" }).click();
      await page.getByLabel(/^Device key/).fill("861234567890999");
      await page.getByRole("button", { name: "Register", exact: true }).click();
      await page
        .getByRole("dialog")
        .getByText(/secret/i)
        .first()
        .waitFor();
      await page.getByLabel(/^Device key/).waitFor({ state: "detached" });
    },
  },
];

const live: State[] = [
  { name: "live-nothing-yet", open: { cloud, at: `${here}/live` }, make: text("has not reported yet") },
  {
    name: "live-data",
    open: { cloud, at: `${here}/live` },
    make: async (opened) => {
      await reports(opened);
      await events(opened);
      await again(opened);
      await opened.page.locator('.card.point[data-point="temperature"] canvas').waitFor();
    },
  },
  {
    name: "live-first-minutes",
    open: { cloud, at: `${here}/live` },
    make: async (opened) => {
      await reports(opened, 3);
      await again(opened);
      await opened.page.locator('.card.point[data-point="temperature"] canvas').waitFor();
    },
  },
  {
    name: "live-overdue",
    open: { cloud, at: `${here}/live` },
    make: async (opened) => {
      await reports(opened);
      await again(opened);
      await pass(opened, 3 * 60 * minute);
      await opened.page.getByText("overdue").first().waitFor();
    },
  },
  {
    name: "live-one-point",
    open: { cloud, at: `${here}/live?point=temperature` },
    make: async (opened) => {
      await reports(opened);
      await again(opened);
      await opened.page.locator(".point-view canvas").waitFor();
    },
  },
  {
    name: "device-gone",
    open: { cloud, at: `/devices/${pk}/nobody/live` },
    make: async (opened) => {
      await text("This device is not registered")(opened);
      forgive(opened, /404/);
    },
  },
  {
    name: "device-rename",
    open: { cloud, at: `${here}/live` },
    make: async ({ page }) => {
      await page.getByRole("button", { name: "Rename" }).click();
      await page.keyboard.type("Hall north, ground floor");
    },
  },
  {
    name: "device-disabled",
    open: { cloud, at: `${here}/live` },
    make: async (opened) => {
      await reports(opened);
      opened.rig.cloud.devices.disable(pk, dk, opened.rig.time.now);
      await again(opened);
    },
  },
  {
    name: "device-forget-asks",
    open: { cloud, at: `${here}/live` },
    make: async ({ page }) => {
      await page.getByRole("button", { name: "Forget" }).click();
      await page.getByRole("dialog").waitFor();
    },
  },
];

/** Exchanges of all kinds: stored, refused, sent again, without an answer. */
async function manyMessages(opened: BrowserRig): Promise<void> {
  const { device, rig } = opened;
  await reports(opened);
  await pass(opened, 30_000);
  rig.exchange(datagram(501, { temperature: 21 }));
  await pass(opened, 2_000);
  rig.exchange(datagram(501, { temperature: 21 }));
  await pass(opened, 20_000);
  device.points("bad", { temperature: "hot" }, rig.time.now);
  device.post("thing/nothing", "{}");
  await events(opened);
  await pass(opened, 20_000);
  rig.cloud.down = true;
  rig.exchange(datagram(502, { temperature: 22 }));
  await pass(opened, 100_000);
  rig.cloud.down = false;
  await opened.page.getByRole("treeitem").filter({ hasText: "no answer" }).first().waitFor();
}

const messages: State[] = [
  { name: "messages-none", open: { cloud, at: `${here}/messages` }, make: text("No message yet") },
  { name: "messages-many", open: { cloud, at: `${here}/messages` }, make: manyMessages },
  {
    name: "messages-one-open",
    open: { cloud, at: `${here}/messages` },
    make: async (opened) => {
      await reports(opened, 4);
      const row = opened.page.getByRole("treeitem").filter({ hasText: "thing/measurepoint/post" }).first();
      await row.locator(".sequence-head").click();
      await row.locator(".hex-digits").first().waitFor();
    },
  },
  {
    name: "messages-paused",
    open: { cloud, at: `${here}/messages` },
    make: async (opened) => {
      await reports(opened, 6);
      await opened.page.getByRole("treeitem").first().waitFor();
      await opened.page.getByRole("button", { name: "Pause" }).click();
      opened.device.points("late", { temperature: 5 }, opened.rig.time.now);
      await opened.page.getByRole("button", { name: /Go on|Continue|Resume/ }).waitFor();
    },
  },
  {
    name: "messages-filtered-to-none",
    open: { cloud, at: `${here}/messages` },
    make: async (opened) => {
      await reports(opened, 3);
      await opened.page.getByRole("treeitem").first().waitFor();
      await opened.page.getByRole("searchbox").first().fill("nothing like it");
      await opened.page.getByText("No exchange fits the filter").first().waitFor();
    },
  },
];

const relay: Command = { kind: "set", points: { relay: 1 } };
const times = { pendingTtl: 3_600_000 };

const commands: State[] = [
  { name: "commands-none", open: { cloud, at: `${here}/commands` }, make: text(/No command/) },
  {
    name: "commands-running",
    open: { cloud, at: `${here}/commands` },
    make: async (opened) => {
      const { page, device } = opened;
      device.authenticate();
      await page.getByLabel("Command", { exact: true }).selectOption("set:relay");
      await page.getByLabel("Relay", { exact: true }).selectOption("1");
      await page.getByRole("button", { name: "Send", exact: true }).click();
      await page.locator("[data-command]").waitFor();
      await pass(opened, 12_000);
    },
  },
  {
    name: "commands-answered-late-refused",
    open: { cloud, at: `${here}/commands` },
    make: async (opened) => {
      const { rig, device, page } = opened;
      const reply = "thing/service/measurepoint/set_reply";
      device.authenticate();
      for (const [code, wait] of [
        [200, 800],
        [1400, 1_200],
        [200, 90_000],
      ] as const) {
        rig.cloud.commands.send(pk, dk, relay, rig.time.now, { ...times, timeout: 60_000 } as never);
        await pass(opened, 2_000);
        const { command } = device.points(`c${code}${wait}`, { temperature: 20 }, rig.time.now);
        const { id } = command!.json as { id: string };
        await pass(opened, wait);
        device.post(
          reply,
          JSON.stringify({ id, code, data: code === 200 ? { relay: 1 } : "the relay is stuck" }),
        );
      }
      rig.cloud.commands.send(
        pk,
        dk,
        { kind: "get", points: ["temperature", "humidity"] },
        rig.time.now,
        times,
      );
      await pass(opened, 5_000);
      await page.locator("[data-command]").nth(3).waitFor();
      await page.locator("[data-command]").last().locator("button, summary, a").first().click();
    },
  },
  {
    name: "commands-form-fault",
    open: { cloud, at: `${here}/commands` },
    make: async ({ page, device }) => {
      device.authenticate();
      await page.getByLabel("Command", { exact: true }).selectOption("service:reboot");
      await page.getByLabel("delay", { exact: true }).fill("4000");
      await page.getByRole("button", { name: "Send", exact: true }).click();
      await page.locator(".field-fault").first().waitFor();
    },
  },
  {
    name: "commands-form-struct",
    open: { cloud, at: `${here}/commands` },
    make: async ({ page, device }) => {
      device.authenticate();
      await page.getByLabel("Command", { exact: true }).selectOption("service:calibrate");
      await page.getByLabel("temperature", { exact: true }).waitFor();
    },
  },
];

const others: State[] = [
  { name: "events-none", open: { cloud, at: `${here}/events` }, make: text("No event yet") },
  {
    name: "events-some",
    open: { cloud, at: `${here}/events` },
    make: async (opened) => {
      await reports(opened, 4);
      await events(opened);
      await opened.page.locator(".events tbody tr").nth(3).waitFor();
    },
  },
  {
    name: "events-filtered-to-none",
    open: { cloud, at: `${here}/events?level=error` },
    make: async (opened) => {
      await reports(opened, 4);
      await events(opened);
      await again(opened);
      await text(/No event of this kind/)(opened);
    },
  },
  { name: "attributes-none", open: { cloud, at: `${here}/attributes` }, make: text("0 of 8 attributes set") },
  {
    name: "attributes-some",
    open: { cloud, at: `${here}/attributes` },
    make: async ({ page, device, rig }) => {
      device.authenticate();
      const label = "Stair well, house 3, cabinet with the grey door";
      device.say("1", "thing/attribute/update", {
        attributes: { floor: 4, mounting: 1, altitude: 34.5, label },
      });
      await rig.call("PATCH", `/api/v1${here}/tags`, { site: "north", owner: "facilities" });
      await page.locator('[data-tag="site"]').waitFor();
    },
  },
  {
    name: "attributes-edit",
    open: { cloud, at: `${here}/attributes` },
    make: async (opened) => {
      const { page } = opened;
      await page.getByRole("button", { name: "Set Floor" }).click();
      await page.getByRole("dialog").getByLabel("Floor").fill("999");
      await page.getByRole("dialog").getByRole("button", { name: "Save" }).click();
      await page.getByRole("alert").waitFor();
    },
  },
  { name: "update-none", open: { cloud, at: `${here}/update` }, make: text("No firmware file yet") },
];

/** A device of 1.2.0, with a file of 1.3.0 and an order to upgrade. */
async function upgrading(opened: BrowserRig, ...steps: string[]): Promise<void> {
  const { rig, device } = opened;
  device.authenticate();
  device.say("1", "ota/device/inform", { version: "1.2.0" });
  const file = { productKey: pk, version: "1.3.0", signMethod: "sha256" } as const;
  rig.cloud.ota.putFirmware(file, Buffer.alloc(48_123, 7), rig.time.now);
  rig.cloud.ota.order({ productKey: pk, version: "1.3.0", deviceKeys: [dk] }, rig.time.now);
  await pass(opened, 20_000);
  device.points("2", { temperature: 20 });
  for (const step of steps) {
    await pass(opened, 20_000);
    device.say(`s${step}`, "ota/device/progress", {
      step,
      desc: Number(step) < 0 ? "no route to host" : "fetching",
    });
  }
  await opened.page.locator('[data-task="1"]').waitFor();
}

const update: State[] = [
  {
    name: "update-running",
    open: { cloud, at: `${here}/update` },
    make: (opened) => upgrading(opened, "42"),
  },
  {
    name: "update-failed",
    open: { cloud, at: `${here}/update` },
    make: (opened) => upgrading(opened, "42", "-2"),
  },
  {
    name: "update-upgrade-asks",
    open: { cloud, at: `${here}/update` },
    make: async (opened) => {
      await upgrading(opened, "42", "-2");
      await opened.page.getByRole("button", { name: "Upgrade to this" }).click();
      await opened.page.getByRole("dialog").waitFor();
    },
  },
];

const productUpdate = { cloud, devices: rolledOut, at: `/products/${pk}/update` };

const rollouts: State[] = [
  { name: "rollout-none", open: { cloud, at: productUpdate.at }, make: text("No rollout yet") },
  {
    name: "rollout-waiting",
    open: productUpdate,
    make: async (opened) => {
      const fleet = new RolledOut(opened);
      fleet.begin();
      fleet.succeed(...fleet.who("init"));
      await opened.page.locator('[data-rollout][data-state="waiting"]').waitFor();
    },
  },
  {
    name: "rollout-running",
    open: productUpdate,
    make: async (opened) => {
      await new RolledOut(opened).inSecondStage(0);
      await opened.page.locator('[data-rollout][data-state="running"]').waitFor();
    },
  },
  {
    name: "rollout-stopped",
    open: productUpdate,
    make: async (opened) => {
      await new RolledOut(opened).inSecondStage(3);
      await opened.page.locator('[data-rollout][data-state="stopped"]').waitFor();
    },
  },
  {
    name: "rollout-aborted-and-done",
    open: productUpdate,
    make: async (opened) => {
      const fleet = new RolledOut(opened);
      fleet.begin();
      opened.rig.cloud.ota.abortRollout(pk, "1", opened.rig.time.now);
      fleet.begin([1]);
      fleet.succeed(...fleet.who("init"));
      await opened.page.locator('[data-rollout="2"][data-state="done"]').waitFor();
    },
  },
  {
    name: "rollout-asks",
    open: productUpdate,
    make: async (opened) => {
      const fleet = new RolledOut(opened);
      fleet.begin();
      opened.rig.cloud.ota.abortRollout(pk, "1", opened.rig.time.now);
      await opened.page.getByRole("button", { name: "Roll out" }).first().click();
      await opened.page.getByRole("dialog").waitFor();
    },
  },
];

/** The product in the way of EnOS's manual, of which there are a good report and two bad ones. */
async function manual(opened: BrowserRig): Promise<void> {
  opened.device.authenticate();
  for (const bytes of [Uint8Array.of(1, 0), Uint8Array.of(1, 0), manualReport(20)]) {
    await pass(opened, 1_000);
    opened.device.post("thing/model/up_raw", bytes);
  }
  await again(opened);
  await opened.page.getByRole("textbox", { name: "Parsing script" }).waitFor();
}

const raw = { cloud: { products: [manualProduct(pk)] }, at: `/products/${pk}/script` };

const products: State[] = [
  {
    name: "products-none",
    open: { cloud: { products: [], devices: [] }, at: "/products" },
    make: text(/No product/),
  },
  {
    name: "products-list",
    open: { cloud: { products: [product, manualProduct("Tank7Qx2")] }, at: "/products" },
    make: ({ page }) => page.locator(`[data-product="${pk}"]`).waitFor(),
  },
  {
    name: "product-tables",
    open: { cloud, at: `/products/${pk}/model` },
    make: ({ page }) => page.locator('[data-point="temperature"]').waitFor(),
  },
  {
    name: "product-json",
    open: { cloud, at: `/products/${pk}/model?view=json` },
    make: ({ page }) => page.locator(".cm-line").first().waitFor(),
  },
  {
    name: "product-json-fault",
    open: { cloud, at: `/products/${pk}/model?view=json` },
    make: async ({ page }) => {
      const field = page.getByRole("textbox", { name: "Thing model" });
      await field.press("Control+Home");
      await field.pressSequentially("{ ]");
      await page.locator("#model-result").filter({ hasText: "not JSON" }).waitFor();
    },
  },
  { name: "script-faults", open: raw, make: manual },
  {
    name: "script-try",
    open: raw,
    make: async (opened) => {
      await manual(opened);
      await opened.page.getByLabel("Bytes of a device").fill(manualReport(20).toString("hex"));
      await opened.page.locator("#script-result", { hasText: "the thing model takes it" }).waitFor();
    },
  },
  {
    name: "script-compare",
    open: raw,
    make: async (opened) => {
      const { page } = opened;
      await manual(opened);
      const field = page.getByRole("textbox", { name: "Parsing script" });
      await field.press("Control+Home");
      await field.pressSequentially("// mine\n");
      await page.getByRole("button", { name: "Apply the script" }).click();
      await page.getByRole("dialog").waitFor();
    },
  },
  {
    name: "script-applied",
    open: raw,
    make: async (opened) => {
      const { page } = opened;
      await manual(opened);
      const field = page.getByRole("textbox", { name: "Parsing script" });
      await field.press("Control+Home");
      await field.pressSequentially("// mine\n");
      await page.getByRole("button", { name: "Apply the script" }).click();
      await page.getByRole("dialog").getByRole("button", { name: "Apply" }).click();
      await page.getByText(/^Applied/).waitFor();
    },
  },
  {
    name: "script-none",
    open: { cloud, at: `/products/${pk}/script` },
    make: text(/script/),
  },
  {
    name: "product-unknown",
    open: { cloud, at: "/products/none/model" },
    make: async (opened) => {
      await text("There is no product none")(opened);
      forgive(opened, /404/);
    },
  },
];

const cloudPlaces: State[] = (["faults", "network", "data", "settings"] as const).map((tab) => ({
  name: `cloud-${tab}-faults-on`,
  open: { cloud, devices: 4, at: `/cloud/${tab}` },
  make: async (opened) => {
    await reports(opened, 4);
    await opened.rig.call("PUT", "/api/v1/faults", { dropUp: 0.25, serverError: 0.1 });
    await opened.page.locator(".chip.faults").waitFor();
    await opened.page.getByRole("heading", { level: 2 }).first().waitFor();
    // Webhooks, which this stand-in has none of.
    overlook(opened, /404/);
  },
}));

const frame: State[] = [
  {
    name: "cloud-faults-off",
    open: { cloud, at: "/cloud/faults" },
    make: text("Network and server"),
  },
  {
    name: "token-asked",
    open: { cloud, api: { token } },
    make: text("This console needs a token"),
  },
  {
    name: "token-wrong",
    open: { cloud, api: { token } },
    make: async ({ page }) => {
      await page.getByLabel("Token").fill("operator-0123456780");
      await page.getByRole("button", { name: "Connect" }).click();
      await page.getByRole("alert").filter({ hasText: "refused this token" }).waitFor();
    },
  },
  ...["/fleet", `${here}/commands`, "/cloud/faults", `/products/${pk}/script`, productUpdate.at].map(
    (at) => ({
      name: `reader${at.replace(`${here}/`, "-").replace(`/${pk}`, "").replaceAll("/", "-")}`,
      open: { cloud, devices: 3, at, api: { token, readToken } },
      make: async ({ page }: BrowserRig) => {
        await page.getByLabel("Token").fill(readToken);
        await page.getByRole("button", { name: "Connect" }).click();
        await page.getByText("look only").waitFor();
      },
    }),
  ),
  ...["/fleet", `${here}/live`, "/cloud/data"].map((at) => ({
    name: `no-connection${at.replace(`${here}/`, "-").replaceAll("/", "-")}`,
    open: { cloud, devices: 3, at },
    make: async (opened: BrowserRig) => {
      const { page, rig } = opened;
      await reports(opened, 4);
      await again(opened);
      await settled(page);
      overlook(opened, /ERR_|Failed to load/);
      await page.route("**/api/**", (route) => route.abort());
      rig.app.server.closeAllConnections();
      await page.getByRole("alert").filter({ hasText: "No connection" }).waitFor();
    },
  })),
  {
    name: "address-unknown",
    open: { cloud, at: "/devices/a/b/c/d" },
    make: async (opened) => {
      await text("There is nothing at this address")(opened);
      forgive(opened, /404/);
    },
  },
];

export const consoleStates: readonly State[] = [
  ...fleet,
  ...live,
  ...messages,
  ...commands,
  ...others,
  ...update,
  ...rollouts,
  ...products,
  ...cloudPlaces,
  ...frame,
];
